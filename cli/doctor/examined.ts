import { randomUUID } from 'node:crypto';
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { OrganizationsClient } from '@aws-sdk/client-organizations';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { AwsCredentialIdentity } from '@smithy/types';
import type { Access } from '../../shared/aws/access.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import { tableClient } from '../../shared/aws/table-client.ts';
import type { Config } from '../../shared/deployment/config.ts';
import { assumeApiRole } from '../api-role.ts';

/** A deployment, with the ways to look at it. */
export interface Examined {
  readonly config: Config;
  /** Names the sessions, so that CloudTrail shows who looked. */
  readonly session: string;
  /** Main: as the API role, or as the caller where that cannot be assumed. */
  readonly main: ReturnType<typeof clientsOfMain>;
  readonly table: Table;
  /** From the API role on. @throws what assuming it threw */
  api(): Access;
  /** The management account, where Organizations answers. @throws Unseen when there is no way in */
  management(): Promise<ReturnType<typeof clientsOfManagement>>;
}

/** Takes on the API role. Never throws: that it cannot be assumed is for a check to say. */
export async function examine(config: Config): Promise<Examined> {
  const session = `doctor-${randomUUID()}`;
  const assumed = await assumeApiRole(config, session).catch((error: unknown) => ({ error }));
  const credentials = 'credentials' in assumed ? assumed.credentials : undefined;
  const api = () => {
    if ('error' in assumed) throw assumed.error;
    return assumed.access;
  };
  let entered: Promise<ReturnType<typeof clientsOfManagement>> | undefined;
  const enter = async () => {
    if ('error' in assumed) throw new Unseen('The way there leads through the API role, see `api-role`.');
    // Why not, the check `inspecting-role` says.
    const inside = await assumed.access.organization(session).catch(() => {
      throw new Unseen('The way there leads through the inspecting role, see `inspecting-role`.');
    });
    return clientsOfManagement(config, inside ?? assumed.credentials);
  };
  return {
    config,
    session,
    main: clientsOfMain(config, credentials),
    table: tableClient(config, credentials),
    api,
    management: () => {
      entered ??= enter();
      return entered;
    },
  };
}

function clientsOfMain(config: Config, credentials: AwsCredentialIdentity | undefined) {
  const common = { region: config.region, ...(credentials && { credentials }) };
  return {
    events: new EventBridgeClient(common),
    iam: new IAMClient(common),
    lambda: new LambdaClient(common),
    scheduler: new SchedulerClient(common),
    sqs: new SQSClient({ ...common, useQueueUrlAsEndpoint: false }),
  };
}

function clientsOfManagement(config: Config, credentials: AwsCredentialIdentity) {
  const common = { region: config.organizationsRegion, credentials };
  return {
    /** A trail is asked where it was made. */
    cloudTrail: (region: string) => new CloudTrailClient({ ...common, region }),
    events: new EventBridgeClient(common),
    iam: new IAMClient(common),
    organizations: new OrganizationsClient(common),
    sqs: new SQSClient({ ...common, useQueueUrlAsEndpoint: false }),
  };
}

/** A check cannot look, since what it looks through is missing; another check says so. */
export class Unseen extends Error {
  override readonly name = 'Unseen';
}
