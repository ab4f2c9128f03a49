// What `orgkeeper accounts` cannot do without in a large fleet: each hundred records and their statuses, a line printed for each.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { BatchGetCommand, DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';

await new SSMClient({}).send(new GetParameterCommand({ Name: '/orgkeeper/config' }));
const table = DynamoDBDocumentClient.from(new DynamoDBClient({}));
let ExclusiveStartKey;
do {
  const query = new QueryCommand({
    TableName: 'orgkeeper',
    IndexName: 'collection',
    KeyConditionExpression: '#c = :c',
    ExpressionAttributeNames: { '#c': 'collection' },
    ExpressionAttributeValues: { ':c': 'account' },
    Limit: 100,
    ExclusiveStartKey,
  });
  const { Items = [], LastEvaluatedKey } = await table.send(query);
  const Keys = Items.map(({ pk }) => ({ pk, sk: 'status' }));
  const { Responses } = await table.send(
    new BatchGetCommand({ RequestItems: { orgkeeper: { Keys, ConsistentRead: true } } }),
  );
  const ready = new Map(Responses.orgkeeper.map((status) => [status.accountId, status.ready]));
  for (const { accountId } of Items) process.stdout.write(`${accountId} ${ready.get(accountId)}\n`);
  ExclusiveStartKey = LastEvaluatedKey;
} while (ExclusiveStartKey);
