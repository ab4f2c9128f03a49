// What `orgkeeper accounts` cannot do without: the clients that it needs, and its three calls by them.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';

await new SSMClient({}).send(new GetParameterCommand({ Name: '/orgkeeper/config' }));
const table = DynamoDBDocumentClient.from(new DynamoDBClient({}));
await table.send(new GetCommand({ TableName: 'orgkeeper', Key: { pk: 'CONTROL', sk: 'CONTROL' } }));
const query = { KeyConditionExpression: 'a = :a', ExpressionAttributeValues: { ':a': 'ACCOUNT' } };
await table.send(new QueryCommand({ TableName: 'orgkeeper', IndexName: 'accounts', ...query }));
