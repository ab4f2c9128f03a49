import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { AwsCredentialIdentity } from '@smithy/types';
import { patience, requestHandler } from './patience.ts';
import { type Around, type ObservedCall, watch } from './watch.ts';

/** Clients for one member account in one region, made when first used, credentials bound. */
export interface MemberClients {
  readonly iam: IAMClient;
  readonly ec2: EC2Client;
  /** For creates without a client token: sent again only where AWS refused to look at them. */
  readonly ec2Once: EC2Client;
  readonly ssm: SSMClient;
  readonly tagging: ResourceGroupsTaggingAPIClient;
}

/** Which account and region the clients are for, and who is told of their calls. */
export interface MemberClientsOptions {
  readonly credentials: AwsCredentialIdentity;
  readonly region: string;
  /** No call is tried again after that. */
  readonly until?: Date;
  /** Told of each call before it is sent. */
  readonly onCall?: (call: ObservedCall) => void;
  /** Runs each call, and may repeat it. */
  readonly around?: Around;
}

/** Clients whose errors are already ours (ControllerError) wherever shared/aws/translate-error.ts knows them. */
export function memberClients(options: MemberClientsOptions): MemberClients {
  const made = new Map<string, unknown>();
  const once = <T extends Parameters<typeof watch>[0]>(key: string, make: () => T): T => {
    if (!made.has(key)) made.set(key, watch(make(), key.split(' ')[0] ?? key, options));
    return made.get(key) as T;
  };
  const { credentials, region, until } = options;
  const own = { credentials, region, requestHandler };
  const common = { ...own, retryStrategy: patience({ until }) };
  return {
    get iam() {
      return once('iam', () => new IAMClient(common));
    },
    get ec2() {
      return once('ec2', () => new EC2Client(common));
    },
    get ec2Once() {
      return once(
        'ec2 once',
        () => new EC2Client({ ...own, retryStrategy: patience({ until, once: true }) }),
      );
    },
    get ssm() {
      return once('ssm', () => new SSMClient(common));
    },
    get tagging() {
      return once('tag', () => new ResourceGroupsTaggingAPIClient(common));
    },
  };
}
