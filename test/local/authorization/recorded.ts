import { Readable } from 'node:stream';
import { AccountClient } from '@aws-sdk/client-account';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { EMRClient } from '@aws-sdk/client-emr';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { OrganizationsClient } from '@aws-sdk/client-organizations';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Caller } from '../../../local/gateway/callers.ts';
import type { KnownCall } from '../../../local/gateway/shim.ts';
import { type Reply, readCall } from '../../../local/gateway/wire.ts';
import { memberServices } from '../../../shared/aws/member-services.ts';

/** Who makes recorded calls. */
export const ACCOUNT = '111122223333';
export const CALLER: Caller = {
  account: ACCOUNT,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/worker/a-run`,
  userId: 'AROA1:a-run',
  principalArn: `arn:aws:iam::${ACCOUNT}:role/worker`,
};

let sent: KnownCall | undefined;
let answer: Reply | undefined;

/** What a client of the SDK sends, read as the gateway reads it. */
const settings = {
  region: 'eu-west-1',
  endpoint: 'http://127.0.0.1:9',
  maxAttempts: 1,
  credentials: { accessKeyId: 'ASIAWORKER', secretAccessKey: 'secret', sessionToken: 'token' },
  requestHandler: {
    handle: async (request: Sent) => {
      const query = Object.entries(request.query).flatMap(([name, value]) =>
        [value].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one ?? '')}`),
      );
      const url = query.length > 0 ? `${request.path}?${query.join('&')}` : request.path;
      const headers = Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]);
      // A body of bytes warns when it is taken for text.
      const body = Buffer.concat([
        typeof request.body === 'string' ? Buffer.from(request.body) : (request.body ?? Buffer.alloc(0)),
      ]);
      sent = { ...readCall(request.method, url, Object.fromEntries(headers), body), caller: CALLER };
      if (!answer) throw new Error('not sent');
      const { status: statusCode, headers: answered, body: bytes } = answer;
      return { response: { statusCode, headers: answered, body: Readable.from([bytes]) } };
    },
  },
};

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string | null | (string | null)[]>;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
}

const iamSettings = { ...settings, region: 'us-east-1' };

/** A client of each service that the local runtime is called for. */
export const clients = {
  account: new AccountClient(iamSettings),
  cloudformation: new CloudFormationClient(settings),
  cloudtrail: new CloudTrailClient(settings),
  dynamodb: DynamoDBDocumentClient.from(new DynamoDBClient(settings)),
  ec2: new EC2Client(settings),
  elasticmapreduce: new EMRClient(settings),
  events: new EventBridgeClient(settings),
  iam: new IAMClient(iamSettings),
  kms: new KMSClient(settings),
  lambda: new LambdaClient(settings),
  organizations: new OrganizationsClient(iamSettings),
  s3: new S3Client({ ...settings, forcePathStyle: true }),
  s3control: memberServices.s3control.client(settings as never),
  scheduler: new SchedulerClient(settings),
  sns: new SNSClient(settings),
  sqs: new SQSClient({ ...settings, useQueueUrlAsEndpoint: false }),
  ssm: new SSMClient(settings),
  sts: new STSClient(settings),
  tag: new ResourceGroupsTaggingAPIClient(settings),
};

/** The call that this client makes of a command. @throws what the SDK makes of the answer, when one is given */
export async function recorded(
  client: { send(command: never): Promise<unknown> },
  command: object,
  reply?: Reply,
): Promise<KnownCall> {
  [sent, answer] = [undefined, reply];
  await client.send(command as never).catch((error: Error) => {
    if (error.message !== 'not sent') throw error;
  });
  if (!sent) throw new Error('nothing was sent');
  return sent;
}
