import { AccountClient } from '@aws-sdk/client-account';
import { EC2Client } from '@aws-sdk/client-ec2';
import { EMRClient } from '@aws-sdk/client-emr';
import { IAMClient } from '@aws-sdk/client-iam';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { S3ControlClient } from '@aws-sdk/client-s3-control';
import { SSMClient } from '@aws-sdk/client-ssm';
import { s3Client } from './s3-client.ts';
import type { ClientSettings, Service } from './service.ts';

/**
 * Every service that kinds call in a member account, by the name that its commands begin with (`ec2:DescribeVpcs`).
 * The clients of a kind, the errors of their calls, the IAM actions of its commands, and the local gateway come from here.
 */
export const memberServices = {
  account: {
    client: (s: ClientSettings) => new AccountClient(s),
    signingName: 'account',
    protocol: 'json',
    endpoint: 'global',
  },
  ec2: {
    client: (s: ClientSettings) => new EC2Client(s),
    signingName: 'ec2',
    protocol: 'ec2',
    endpoint: 'regional',
  },
  elasticmapreduce: {
    client: (s: ClientSettings) => new EMRClient(s),
    signingName: 'elasticmapreduce',
    protocol: 'json',
    endpoint: 'regional',
  },
  iam: {
    client: (s: ClientSettings) => new IAMClient(s),
    signingName: 'iam',
    protocol: 'query',
    endpoint: 'global',
  },
  s3control: {
    client: s3Control,
    signingName: 's3',
    protocol: 'rest-xml',
    endpoint: 'regional',
    path: '/v20180820/',
  },
  /** After s3control, whose requests are told from these by their path. */
  s3: {
    client: s3Client,
    signingName: 's3',
    protocol: 's3',
    endpoint: 'regional',
  },
  ssm: {
    client: (s: ClientSettings) => new SSMClient(s),
    signingName: 'ssm',
    protocol: 'json',
    endpoint: 'regional',
  },
  tag: {
    client: (s: ClientSettings) => new ResourceGroupsTaggingAPIClient(s),
    signingName: 'tagging',
    protocol: 'json',
    endpoint: 'regional',
  },
} as const satisfies Readonly<Record<string, Service<unknown>>>;

/** Name of a service that kinds call in a member account. */
export type MemberService = keyof typeof memberServices;

/**
 * S3 Control puts the account's id in front of the endpoint's host name. An endpoint that somebody names, such as that of
 * the local runtime, is an address to which nothing can be added: it is taken as it is, and the id is in a header anyway.
 */
function s3Control(settings: ClientSettings): S3ControlClient {
  const client = new S3ControlClient(settings);
  const byRules = client.config.endpointProvider;
  client.config.endpointProvider = (parameters, context) =>
    parameters.Endpoint ? { url: new URL(parameters.Endpoint) } : byRules(parameters, context);
  return client;
}
