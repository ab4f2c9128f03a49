import { DynamoDBClient, GetResourcePolicyCommand } from '@aws-sdk/client-dynamodb';
import { DescribeEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetPolicyCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { NamedPolicy } from '../iam.ts';
import { remembered } from '../iam.ts';
import type { Upstream } from '../upstream.ts';
import { type Call, isRead } from '../wire.ts';

/** The policies of the emulator's resources. Cached until a call may have changed them. */
export interface ResourcePolicies {
  /** The policy of the resource with this ARN, in this account; undefined where it has none or is none. */
  of(arn: string, account: string): Promise<NamedPolicy | undefined>;
  /** Must be called after every call, to drop cached policies that the call may have changed. */
  after(call: Call): void;
}

/** How the policy of a service's resources is read, and which calls may change one. */
interface Service {
  /** What of an ARN names the resource that has a policy; undefined for others. */
  readonly owner: (arn: string) => string | undefined;
  readonly read: (
    arn: string,
    at: { readonly upstream: Upstream; readonly account: string; readonly region: string },
  ) => Promise<string | undefined>;
  readonly changes: RegExp;
}

const SERVICES: Readonly<Record<string, Service>> = {
  sqs: {
    owner: (arn) => arn,
    async read(arn, { upstream, account, region }) {
      const QueueUrl = `${upstream.endpoint()}/${account}/${lastOf(arn)}`;
      const get = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy'] });
      return (await upstream.client(SQSClient, { account, region }).send(get)).Attributes?.Policy;
    },
    changes: /^((Create|Delete)Queue|SetQueueAttributes|(Add|Remove)Permission)$/,
  },
  events: {
    owner: (arn) => (/:event-bus\//.test(arn) ? arn : undefined),
    async read(arn, { upstream, account, region }) {
      const get = new DescribeEventBusCommand({ Name: arn.split('event-bus/')[1] });
      return (await upstream.client(EventBridgeClient, { account, region }).send(get)).Policy;
    },
    changes: /(EventBus|Permission)$/,
  },
  s3: {
    owner: (arn) => arn.split('/')[0],
    async read(arn, { upstream, account }) {
      const get = new GetBucketPolicyCommand({ Bucket: lastOf(arn) });
      return (await upstream.client(S3Client, { account, region: 'us-east-1' }).send(get)).Policy;
    },
    changes: /^(PUT|DELETE|POST) \/[^/]*\/?$/,
  },
  dynamodb: {
    owner: (arn) => /^.*:table\/[^/]+/.exec(arn)?.[0],
    async read(arn, { upstream, account, region }) {
      const get = new GetResourcePolicyCommand({ ResourceArn: arn });
      return (await upstream.client(DynamoDBClient, { account, region }).send(get)).Policy;
    },
    changes: /(Table|ResourcePolicy)$/,
  },
  lambda: {
    owner: (arn) => /^.*:function:[^:]+/.exec(arn)?.[0],
    async read(arn, { upstream, account, region }) {
      const get = new GetPolicyCommand({ FunctionName: arn });
      return (await upstream.client(LambdaClient, { account, region }).send(get)).Policy;
    },
    changes: /^(PUT|POST|DELETE) /,
  },
};

/** What a service answers where there is no policy, or no such resource. */
const NONE =
  /^(NoSuchBucket(Policy)?|NonExistentQueue|QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue|ResourceNotFoundException|PolicyNotFoundException)$/;

/** Reads on demand. The trust policy of a role is the role's, as IAM shows it. */
export function createResourcePolicies(upstream: Upstream): ResourcePolicies {
  const known = new Map<string, Promise<{ readonly found: NamedPolicy | undefined }>>();

  async function read(arn: string, service: Service, account: string): Promise<NamedPolicy | undefined> {
    const region = arn.split(':')[3] || 'us-east-1';
    try {
      const document = await service.read(arn, { upstream, account, region });
      return document ? { name: arn, document } : undefined;
    } catch (error) {
      if (error instanceof Error && NONE.test(error.name)) return undefined;
      throw error;
    }
  }

  return {
    async of(arn, account) {
      const service = SERVICES[arn.split(':')[2] ?? ''];
      const owner = service?.owner(arn);
      if (!service || !owner || /[*?]/.test(owner)) return undefined;
      const reading = async () => ({ found: await read(owner, service, account) });
      return (await remembered(known, owner, reading)).found;
    },
    after(call) {
      if (isRead(call)) return;
      for (const arn of known.keys()) {
        const service = arn.split(':')[2] ?? '';
        const changed = call.service === service && SERVICES[service]?.changes.test(call.action);
        if (changed || call.service === 'cloudformation') known.delete(arn);
      }
    },
  };
}

function lastOf(arn: string): string {
  return arn.split(':').at(-1) ?? '';
}
