import { OrganizationsClient } from '@aws-sdk/client-organizations';
import { SQSClient } from '@aws-sdk/client-sqs';
import { eventBridgeService } from './bus.ts';
import type { ClientSettings, Service } from './service.ts';
import { dynamodb } from './table-client.ts';

/** Every service that Orgkeeper calls in Main and, of the organization, in the management account. */
export const mainServices = {
  dynamodb,
  events: eventBridgeService,
  organizations: {
    client: (s: ClientSettings) => new OrganizationsClient(s),
    signingName: 'organizations',
    protocol: 'json',
    endpoint: 'global',
  },
  sqs: {
    client: (s: ClientSettings) => new SQSClient({ ...s, useQueueUrlAsEndpoint: false }),
    signingName: 'sqs',
    protocol: 'json',
    endpoint: 'regional',
  },
} as const satisfies Readonly<Record<string, Service<unknown>>>;
