import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { Agent } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type AttributeValue,
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type Emulator, startEmulator } from '../../local/emulator.ts';

const node = createRequire(import.meta.url).resolve('node/bin/node');
const project = fileURLToPath(new URL('../..', import.meta.url));

/** A checkout where no moto was ever installed, on a machine with a shell, this Node, and no Python. */
function withoutPython() {
  const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-checkout-'));
  for (const name of [
    'cli',
    'controllers',
    'infra',
    'local',
    'node_modules',
    'package.json',
    'shared',
    'test',
  ]) {
    symlinkSync(join(project, name), join(folder, name));
  }
  const PATH = join(folder, 'bin');
  mkdirSync(PATH);
  for (const command of ['sh', 'sed']) {
    const found = spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).stdout.trim();
    symlinkSync(found, join(PATH, command));
  }
  // What is imported by a link counts as being there: so it looks for its state in this folder.
  const links = ['--preserve-symlinks', '--preserve-symlinks-main'];
  return (...args: string[]) =>
    spawnSync(node, [...links, ...args], { cwd: folder, encoding: 'utf8', env: { PATH } });
}

/** A value of each type that DynamoDB has. */
const EVERY_TYPE: AttributeValue = {
  M: {
    text: { S: 'text' },
    number: { N: '1.5' },
    binary: { B: new Uint8Array([0, 255]) },
    texts: { SS: ['a', 'b'] },
    numbers: { NS: ['1', '2'] },
    nothing: { NULL: true },
    no: { BOOL: false },
    list: { L: [{ S: '' }, { M: { deep: { L: [] } } }] },
    empty: { M: {} },
  },
};

/** Fails a transaction of a put, an update and deletes by its last condition, compares the table before and after, and queries it. */
async function expectRollback({ endpoint }: Emulator, httpAgent: Agent): Promise<void> {
  const dynamodb = new DynamoDBClient({
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler: new NodeHttpHandler({ httpAgent }),
  });
  const TableName = 'items';
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [
        { AttributeName: 'account', AttributeType: 'S' },
        { AttributeName: 'part', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'account', KeyType: 'HASH' },
        { AttributeName: 'part', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by-part',
          KeySchema: [
            { AttributeName: 'part', KeyType: 'HASH' },
            { AttributeName: 'account', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  const key = (part: string, account = 'a') => ({ account: { S: account }, part: { S: part } });
  for (const part of ['put', 'updated', 'deleted', 'other']) {
    await dynamodb.send(
      new PutItemCommand({
        TableName,
        Item: { ...key(part), value: part === 'other' ? EVERY_TYPE : { L: [{ S: 'old' }] } },
      }),
    );
  }
  const items = async () => {
    const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName }));
    return Items.sort((one, other) => (one.part?.S ?? '').localeCompare(other.part?.S ?? ''));
  };
  const before = await items();
  const transaction = (condition: string) =>
    dynamodb.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          { Put: { TableName, Item: { ...key('put'), value: { S: 'new' } } } },
          { Put: { TableName, Item: key('made', 'b') } },
          {
            Update: {
              TableName,
              Key: key('updated'),
              UpdateExpression: 'SET #value[0] = :new',
              ExpressionAttributeNames: { '#value': 'value' },
              ExpressionAttributeValues: { ':new': { S: 'new' } },
            },
          },
          { Delete: { TableName, Key: key('deleted') } },
          { ConditionCheck: { TableName, Key: key('other'), ConditionExpression: condition } },
        ],
      }),
    );
  await expect(transaction('attribute_not_exists(part)')).rejects.toThrow(TransactionCanceledException);
  expect(await items()).toEqual(before);
  await transaction('attribute_exists(part)');
  expect((await items()).map(({ part, value }) => [part?.S, value])).toEqual([
    ['made', undefined],
    ['other', EVERY_TYPE],
    ['put', { S: 'new' }],
    ['updated', { L: [{ S: 'new' }] }],
  ]);

  const found = async (query: Omit<QueryCommandInput, 'TableName'>) =>
    (await dynamodb.send(new QueryCommand({ TableName, ...query }))).Items?.map(
      ({ account, part }) => `${account?.S} ${part?.S}`,
    );
  const ofAccount = (account: string) => ({
    KeyConditionExpression: 'account = :account',
    ExpressionAttributeValues: { ':account': { S: account } },
  });
  expect(await found({ ...ofAccount('a'), ScanIndexForward: false })).toEqual([
    'a updated',
    'a put',
    'a other',
  ]);
  expect(await found(ofAccount('none'))).toEqual([]);
  const putPart = {
    KeyConditionExpression: 'part = :part',
    ExpressionAttributeValues: { ':part': { S: 'put' } },
  };
  await dynamodb.send(new PutItemCommand({ TableName, Item: key('put', 'b') }));
  expect(await found({ IndexName: 'by-part', ...putPart })).toEqual(['a put', 'b put']);

  const UpdateExpression = 'SET made = :now';
  const ExpressionAttributeValues = { ':now': { S: 'now' } };
  await dynamodb.send(
    new UpdateItemCommand({
      TableName,
      Key: key('by update', 'c'),
      UpdateExpression,
      ExpressionAttributeValues,
    }),
  );
  expect(await items()).toContainEqual({ ...key('by update', 'c'), made: { S: 'now' } });
  const inMap = { M: { text: { S: 'x'.repeat(410_000) } } };
  for (const Item of [
    { ...key('large'), inMap, last: { S: '' } },
    { ...key('large'), first: { S: '' }, inMap },
  ]) {
    await expect(dynamodb.send(new PutItemCommand({ TableName, Item }))).rejects.toThrow('Item size');
  }
  expect((await items()).map(({ part }) => part?.S)).not.toContain('large');
}

/** Counts the messages of a queue while they wait, are worked on, and are deleted. */
async function expectCounts({ endpoint }: Emulator): Promise<void> {
  const sqs = new SQSClient({
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({
      QueueName: 'work.fifo',
      Attributes: { FifoQueue: 'true', ContentBasedDeduplication: 'true' },
    }),
  );
  const counts = async () => {
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    return [Attributes?.ApproximateNumberOfMessages, Attributes?.ApproximateNumberOfMessagesNotVisible];
  };
  const Entries = ['a', 'b', 'c'].map((Id) => ({ Id, MessageBody: Id, MessageGroupId: Id }));
  await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  expect(await counts()).toEqual(['3', '0']);
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 1 }));
  expect(await counts()).toEqual(['2', '1']);
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0]?.ReceiptHandle }));
  expect(await counts()).toEqual(['2', '0']);
}

const WHAT_TO_INSTALL = /^.*The emulator could not be installed \(.*: the command is missing\): install .*$/;

describe('The emulator', () => {
  it('listens on a port of its own, however many start at once', async () => {
    const where = { directory: mkdtempSync(join(tmpdir(), 'orgkeeper-state-')), say: () => undefined };
    const emulators = await Promise.all([1, 2, 3].map(() => startEmulator(where)));
    try {
      expect(new Set(emulators.map(({ endpoint }) => endpoint)).size).toBe(3);
    } finally {
      await Promise.all(emulators.map(({ stop }) => stop()));
    }
  }, 120_000);

  it('answers values of every type, takes back each write of a transaction that fails, finds what a query asks for, refuses large items, counts messages, and answers all calls on one connection', async () => {
    const emulator = await startEmulator({
      directory: mkdtempSync(join(tmpdir(), 'orgkeeper-state-')),
      say: () => undefined,
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let connections = 0;
    const connect = agent.createConnection;
    agent.createConnection = (...asked: Parameters<typeof connect>) => {
      connections += 1;
      return connect.apply(agent, asked);
    };
    try {
      await expectRollback(emulator, agent);
      expect(connections).toBe(1);
      await expectCounts(emulator);
    } finally {
      agent.destroy();
      await emulator.stop();
    }
  }, 120_000);

  it('ends the demo, if it cannot be installed, in one sentence that says what to install', () => {
    const { status, stdout, stderr } = withoutPython()('local/demo.ts');
    expect([status, stderr]).toEqual([1, '']);
    expect(stdout.trim().split('\n').at(-1)).toMatch(WHAT_TO_INSTALL);
    expect(stdout).not.toMatch(/^\s+at /m);
  }, 60_000);

  it('ends a test run, if it cannot be installed, in one sentence that says what to install', () => {
    const setup = 'import setup from "./test/kit/global-setup.ts"; await setup();';
    const { status, stderr } = withoutPython()('--input-type=module', '--eval', setup);
    expect(status).toBe(1);
    expect(stderr.trim()).toMatch(WHAT_TO_INSTALL);
  }, 60_000);
});
