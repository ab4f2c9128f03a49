import { DynamoDBClient, GetResourcePolicyCommand } from '@aws-sdk/client-dynamodb';
import { DescribeEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetKeyPolicyCommand, KMSClient, ListAliasesCommand } from '@aws-sdk/client-kms';
import { GetPolicyCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { GetTopicAttributesCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { NamedPolicy } from '../iam.ts';
import { remembered } from '../iam.ts';
import type { Upstream } from '../upstream.ts';
import { type Call, isRead } from '../wire.ts';
import { published } from '../withheld-policy.ts';
import { UnknownAuthorization } from './unknown.ts';

/** The policies of the emulator's resources, and the keys that encrypt them. Cached until a call may have changed them. */
export interface ResourcePolicies {
  /**
   * The policy of the resource with this ARN, in this account; undefined where it has none or is none.
   * @throws UnknownAuthorization for a service whose resources may have policies that cannot be read here
   */
  of(arn: string, account: string): Promise<NamedPolicy | undefined>;
  /** The ARN of the key that encrypts the messages of a queue or topic; undefined where none of KMS does. */
  keyOf(arn: string, account: string): Promise<string | undefined>;
  /** Must be called after every call, to drop cached policies that the call may have changed. */
  after(call: Call): void;
}

/** How the policy of a service's resources is read, and which calls may change one. */
interface Service {
  /** What of an ARN names the resource that has a policy; undefined for others. */
  readonly owner: (arn: string) => string | undefined;
  readonly read: (arn: string, at: Place) => Promise<Held>;
  readonly changes: RegExp;
}

interface Place {
  readonly upstream: Upstream;
  readonly account: string;
  readonly region: string;
}

/** What the emulator holds of a resource. */
interface Held {
  /** JSON text. */
  readonly policy?: string | undefined;
  /** Id, ARN or alias of a key. */
  readonly keyId?: string | undefined;
}

const SERVICES: Readonly<Record<string, Service>> = {
  sqs: {
    owner: (arn) => arn,
    async read(arn, { upstream, account, region }) {
      const QueueUrl = `${upstream.endpoint()}/${account}/${lastOf(arn)}`;
      const get = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy', 'KmsMasterKeyId'] });
      const { Attributes } = await upstream.client(SQSClient, { account, region }).send(get);
      return { policy: Attributes?.Policy, keyId: Attributes?.KmsMasterKeyId };
    },
    changes: /^((Create|Delete)Queue|SetQueueAttributes|(Add|Remove)Permission)$/,
  },
  sns: {
    owner: (arn) => /^arn:[^:]+:sns:[^:]+:\d+:[^:]+/.exec(arn)?.[0],
    async read(TopicArn, { upstream, account, region }) {
      const get = new GetTopicAttributesCommand({ TopicArn });
      const { Attributes } = await upstream.client(SNSClient, { account, region }).send(get);
      return { policy: Attributes?.Policy, keyId: Attributes?.KmsMasterKeyId };
    },
    changes: /^((Create|Delete)Topic|SetTopicAttributes|(Add|Remove)Permission)$/,
  },
  kms: {
    owner: (arn) => (/:key\//.test(arn) ? arn : undefined),
    async read(KeyId, { upstream, account, region }) {
      const get = new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' });
      const { Policy } = await upstream.client(KMSClient, { account, region }).send(get);
      // Of a key that CloudFormation made, the emulator answers the policy itself instead of its text.
      return { policy: typeof Policy === 'string' ? Policy : JSON.stringify(Policy) };
    },
    changes: /^(CreateKey|PutKeyPolicy)$/,
  },
  events: {
    owner: (arn) => (/:event-bus\//.test(arn) ? arn : undefined),
    async read(arn, { upstream, account, region }) {
      const get = new DescribeEventBusCommand({ Name: arn.split('event-bus/')[1] });
      const { Policy: policy } = await upstream.client(EventBridgeClient, { account, region }).send(get);
      return { policy };
    },
    changes: /(EventBus|Permission)$/,
  },
  s3: {
    owner: (arn) => arn.split('/')[0],
    async read(arn, { upstream, account }) {
      const get = new GetBucketPolicyCommand({ Bucket: lastOf(arn) });
      const { Policy = '' } = await upstream.client(S3Client, { account, region: 'us-east-1' }).send(get);
      return { policy: published(Policy) };
    },
    changes: /^(PUT|DELETE|POST) \/[^/]*\/?$/,
  },
  dynamodb: {
    owner: (arn) => /^.*:table\/[^/]+/.exec(arn)?.[0],
    async read(arn, { upstream, account, region }) {
      const get = new GetResourcePolicyCommand({ ResourceArn: arn });
      const { Policy: policy } = await upstream.client(DynamoDBClient, { account, region }).send(get);
      return { policy };
    },
    changes: /(Table|ResourcePolicy)$/,
  },
  lambda: {
    owner: (arn) => /^.*:function:[^:]+/.exec(arn)?.[0],
    async read(arn, { upstream, account, region }) {
      const get = new GetPolicyCommand({ FunctionName: arn });
      const { Policy: policy } = await upstream.client(LambdaClient, { account, region }).send(get);
      return { policy };
    },
    changes: /^(PUT|POST|DELETE) /,
  },
};

/** Services whose resources have no policies of their own, or none that the emulator could hold. */
const WITHOUT = new Set([
  'account',
  'cloudformation',
  'cloudtrail',
  'cloudwatch',
  'ec2',
  'elasticmapreduce',
  // The trust policy of a role is the role's, as IAM shows it.
  'iam',
  'logs',
  'organizations',
  'scheduler',
  'ssm',
  'sts',
]);

/** What a service answers where there is no policy, or no such resource. */
const NONE =
  /^(NoSuchBucket(Policy)?|NonExistentQueue|QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue|(Resource|Policy)?NotFound(Exception)?)$/;

/** Reads on demand. */
export function createResourcePolicies(upstream: Upstream): ResourcePolicies {
  const known = new Map<string, Promise<Found>>();

  async function read(arn: string, service: Service, account: string): Promise<Found> {
    const region = arn.split(':')[3] || 'us-east-1';
    try {
      const { policy, keyId } = await service.read(arn, { upstream, account, region });
      return {
        ...(policy && { policy: { name: arn, document: policy } }),
        ...(keyId && { keyArn: await keyArnOf(keyId, { upstream, account, region }) }),
      };
    } catch (error) {
      if (error instanceof Error && NONE.test(error.name)) return {};
      throw error;
    }
  }

  async function found(arn: string, account: string): Promise<Found> {
    const [, , name = ''] = arn.split(':');
    const service = SERVICES[name];
    if (!service && name !== '' && !WITHOUT.has(name)) {
      throw new UnknownAuthorization(`The gateway cannot read policies of resources of ${name}: ${arn}.`);
    }
    const owner = service?.owner(arn);
    if (!service || !owner || /[*?]/.test(owner)) return {};
    return remembered(known, owner, () => read(owner, service, account));
  }

  return {
    of: async (arn, account) => (await found(arn, account)).policy,
    keyOf: async (arn, account) => (await found(arn, account)).keyArn,
    after(call) {
      if (isRead(call)) return;
      for (const arn of known.keys()) {
        const service = arn.split(':')[2] ?? '';
        const changed = call.service === service && SERVICES[service]?.changes.test(call.action);
        // A key may be named by an alias.
        if (changed || call.service === 'cloudformation' || call.service === 'kms') known.delete(arn);
      }
    },
  };
}

/** What is known of a resource. */
interface Found {
  readonly policy?: NamedPolicy;
  readonly keyArn?: string;
}

/** The ARN of a key, by its id, ARN or alias. The key need not exist: nobody is allowed to use one that does not. */
async function keyArnOf(key: string, { upstream, account, region }: Place): Promise<string> {
  if (/(^|:)alias\/aws\//.test(key)) {
    throw new UnknownAuthorization(`The gateway does not know the policies of keys of AWS such as ${key}.`);
  }
  const arn = key.startsWith('arn:')
    ? key
    : `arn:aws:kms:${region}:${account}:${key.includes('/') ? '' : 'key/'}${key}`;
  if (!arn.includes(':alias/')) return arn;
  const [, , , ofRegion = '', ofAccount = '', name = ''] = arn.split(':');
  const kms = upstream.client(KMSClient, { account: ofAccount, region: ofRegion });
  const { Aliases = [] } = await kms.send(new ListAliasesCommand({}));
  const id = Aliases.find(({ AliasName }) => AliasName === name)?.TargetKeyId;
  if (id === undefined) throw new UnknownAuthorization(`There is no key ${key}.`);
  return `arn:aws:kms:${ofRegion}:${ofAccount}:key/${id}`;
}

function lastOf(arn: string): string {
  return arn.split(':').at(-1) ?? '';
}
