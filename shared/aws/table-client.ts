import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { AwsCredentialIdentity } from '@smithy/types';
import type { Config } from '../deployment/config.ts';
import { requestHandler } from './connections.ts';
import { patience } from './patience.ts';
import type { ClientSettings, Service } from './service.ts';
import { watch } from './watch.ts';

/** DynamoDB, among the services of Main. */
export const dynamodb = {
  client: (settings: ClientSettings) => new DynamoDBClient(settings),
  signingName: 'dynamodb',
  protocol: 'json',
  endpoint: 'regional',
} as const satisfies Service<DynamoDBClient>;

/**
 * The table of the deployment, as the caller itself or with `credentials`. Loads no client but DynamoDB's. Its errors
 * are already ours wherever shared/aws/translate-error.ts knows them.
 */
export function tableClient(
  config: Pick<Config, 'region' | 'tableName'>,
  credentials?: AwsCredentialIdentity,
) {
  const client = dynamodb.client({
    region: config.region,
    requestHandler,
    retryStrategy: patience(),
    ...(credentials && { credentials }),
  });
  const documents = DynamoDBDocumentClient.from(watch(client, { name: 'dynamodb' }), {
    marshallOptions: { removeUndefinedValues: true },
  });
  return { documents, name: config.tableName };
}
