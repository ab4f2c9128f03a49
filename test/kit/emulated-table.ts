import { join } from 'node:path';
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { startEmulator } from '../../local/emulator.ts';
import type { Table } from '../../shared/aws/main-clients.ts';

/** A table in an emulator of the test's own, with the keys and indexes of the main stack's. */
export interface TestTable {
  readonly table: Table;
  /** Deletes all items. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export async function startTable(): Promise<TestTable> {
  const directory = join(import.meta.dirname, '..', '..', '.orgkeeper');
  const emulator = await startEmulator({ directory, say: (line) => console.log(line) });
  const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing' };
  const dynamo = new DynamoDBClient({ endpoint: emulator.endpoint, region: 'eu-west-1', credentials });
  await createTable(dynamo);
  return {
    table: {
      documents: DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } }),
      name: NAME,
    },
    reset: async () => {
      await dynamo.send(new DeleteTableCommand({ TableName: NAME }));
      await createTable(dynamo);
    },
    stop: () => emulator.stop(),
  };
}

const NAME = 'orgkeeper';

/** Makes the table with the keys and indexes of the main stack's template. */
export async function createTable(dynamo: DynamoDBClient): Promise<void> {
  const key = (AttributeName: string, KeyType: 'HASH' | 'RANGE') => ({ AttributeName, KeyType });
  await dynamo.send(
    new CreateTableCommand({
      TableName: NAME,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk', 'collection', 'collectionKey', 'due', 'dueAt', 'differing'].map(
        (AttributeName) => ({
          AttributeName,
          AttributeType: 'S' as const,
        }),
      ),
      KeySchema: [key('pk', 'HASH'), key('sk', 'RANGE')],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'collection',
          KeySchema: [key('collection', 'HASH'), key('collectionKey', 'RANGE')],
          Projection: { ProjectionType: 'ALL' },
        },
        {
          IndexName: 'due',
          KeySchema: [key('due', 'HASH'), key('dueAt', 'RANGE')],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
        {
          IndexName: 'differing',
          KeySchema: [key('differing', 'HASH'), key('collectionKey', 'RANGE')],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    }),
  );
}
