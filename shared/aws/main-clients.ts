import type { OrganizationsClient } from '@aws-sdk/client-organizations';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { AwsCredentialIdentity } from '@smithy/types';
import type { Config } from '../deployment/config.ts';
import { type Bus, busClient } from './bus.ts';
import { requestHandler } from './connections.ts';
import { mainServices } from './main-services.ts';
import { patience } from './patience.ts';
import type { Queue } from './queue.ts';
import { tableClient } from './table-client.ts';
import { watch } from './watch.ts';

/** The one table, and the client to it. Names of keys and indexes are those of the main stack's template. */
export interface Table {
  readonly documents: DynamoDBDocumentClient;
  readonly name: string;
}

/** Orgkeeper's own resources in the Main account: table, bus and queues, with their clients. */
export interface Main {
  readonly table: Table;
  readonly bus: Bus;
  readonly intake: Queue;
  readonly work: Queue;
  readonly sweep: Queue;
  readonly creation: Queue;
  readonly review: Queue;
}

/**
 * Clients for Main in the region of the deployment, with the function's own credentials or with `credentials`. Their
 * errors are translated by shared/aws/translate-error.ts. Makes no call.
 */
export function mainClients(config: Config, credentials?: AwsCredentialIdentity): Main {
  const common = {
    region: config.region,
    requestHandler,
    retryStrategy: patience(),
    ...(credentials && { credentials }),
  };
  const sqs = watch(mainServices.sqs.client(common), { name: 'sqs' });
  return {
    table: tableClient(config, credentials),
    bus: busClient(config, credentials),
    intake: { sqs, url: config.intakeQueueUrl },
    work: { sqs, url: config.workQueueUrl },
    sweep: { sqs, url: config.sweepQueueUrl },
    creation: { sqs, url: config.creationQueueUrl },
    review: { sqs, url: config.reviewQueueUrl },
  };
}

/**
 * The client for Organizations, in its region of the partition. `once`: never retries, for calls that are not idempotent.
 */
export function organizationsClient(
  config: Config,
  credentials: AwsCredentialIdentity | undefined,
  options: { once?: boolean } = {},
): OrganizationsClient {
  const client = mainServices.organizations.client({
    region: config.organizationsRegion,
    requestHandler,
    ...(options.once ? { maxAttempts: 1 } : { retryStrategy: patience() }),
    ...(credentials && { credentials }),
  });
  return watch(client, { name: 'organizations' });
}
