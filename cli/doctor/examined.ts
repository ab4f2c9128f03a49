import { randomUUID } from 'node:crypto';
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { EC2Client } from '@aws-sdk/client-ec2';
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

/** A deployment, with the clients to inspect it. */
export interface Examined {
  readonly config: Config;
  /** The session name, by which CloudTrail shows this doctor run. */
  readonly session: string;
  /** Whether the checks of Main run as the API role; else they run as the caller. */
  readonly asApiRole: boolean;
  /** Clients for Main: as the API role, or as the caller if that role cannot be assumed. */
  readonly main: ReturnType<typeof clientsOfMain>;
  readonly table: Table;
  /** The roles that the API role can assume. @throws the error of assuming the API role */
  api(): Access;
  /** Clients for the management account, in the region of Organizations. @throws Unseen if it cannot be entered */
  management(): Promise<ReturnType<typeof clientsOfManagement>>;
}

/** Assumes the API role. Never throws: a check reports if it cannot be assumed. */
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
    if ('error' in assumed) throw new Unseen('This check needs the API role, see `api-role`.');
    // The check `inspecting-role` says why.
    const inside = await assumed.access.organization(session).catch(() => {
      throw new Unseen('This check needs the inspecting role, see `inspecting-role`.');
    });
    return clientsOfManagement(config, inside ?? assumed.credentials);
  };
  return {
    config,
    session,
    asApiRole: credentials !== undefined,
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
    ec2: new EC2Client(common),
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
    /** A trail is queried in its home region. */
    cloudTrail: (region: string) => new CloudTrailClient({ ...common, region }),
    events: new EventBridgeClient(common),
    iam: new IAMClient(common),
    organizations: new OrganizationsClient(common),
    sqs: new SQSClient({ ...common, useQueueUrlAsEndpoint: false }),
  };
}

/** A check cannot run because something that it needs is missing; another check reports that. */
export class Unseen extends Error {
  override readonly name = 'Unseen';
}
