import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { OrganizationsClient } from '@aws-sdk/client-organizations';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { ClientSettings, Service } from './service.ts';

/** Every service that Orgkeeper calls in Main and, of the organization, in the management account. */
export const mainServices = {
  dynamodb: {
    client: (s: ClientSettings) => new DynamoDBClient(s),
    signingName: 'dynamodb',
    protocol: 'json',
    endpoint: 'regional',
  },
  events: {
    client: (s: ClientSettings) => new EventBridgeClient(s),
    signingName: 'events',
    protocol: 'json',
    endpoint: 'regional',
  },
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
