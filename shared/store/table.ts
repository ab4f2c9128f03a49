import { isDeepStrictEqual } from 'node:util';
import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type { Table } from '../aws/main-clients.ts';
import { pagesOf } from '../aws/pages.ts';
import { pause } from '../aws/patience.ts';
import { INDEXES } from '../deployment/names.ts';
import { ServiceFault } from '../domain/errors.ts';
import type { Item } from './item.ts';

/** The primary key of an item. */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** What must hold of the stored item for a write to be done. */
export interface WriteCondition {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeValues?: Item;
}

/** The item does not exist. */
export const IF_ABSENT: WriteCondition = { ConditionExpression: 'attribute_not_exists(pk)' };

/** The item has the version that was read; 0: it did not exist. */
export function ifVersion(read: number): WriteCondition {
  if (read === 0) return IF_ABSENT;
  return { ConditionExpression: 'version = :read', ExpressionAttributeValues: { ':read': read } };
}

/** When an item written now is deleted by DynamoDB (`expiresAt`), which may take days longer: seconds since 1970. */
export function expiresIn(seconds: number, now: Date): number {
  return Math.floor(now.getTime() / 1000) + seconds;
}

/** The number of seconds in a day, for `expiresIn`. */
export const DAY_SECONDS = 86_400;

/** One item, read consistently; undefined if it does not exist. */
export async function getItem(table: Table, key: Key): Promise<Item | undefined> {
  const { Item } = await table.documents.send(
    new GetCommand({ TableName: table.name, Key: key, ConsistentRead: true }),
  );
  return Item;
}

const KEYS_PER_CALL = 100;
const TRIES = 8;

/** `eventual`: the last second may be missing, for half the price. */
export type Consistency = 'strong' | 'eventual';

/**
 * Many items in no order; missing ones are left out. Keys that DynamoDB did not process are requested again.
 * @throws ServiceFault if some keys are still unprocessed after eight tries
 */
export async function getItems(
  table: Table,
  keys: readonly Key[],
  consistency: Consistency = 'strong',
): Promise<Item[]> {
  const ConsistentRead = consistency === 'strong';
  const items: Item[] = [];
  for (let start = 0; start < keys.length; start += KEYS_PER_CALL) {
    let left: Item[] = keys.slice(start, start + KEYS_PER_CALL).map((key) => ({ ...key }));
    for (let tried = 1; left.length > 0; tried++) {
      const answer = await table.documents.send(
        new BatchGetCommand({ RequestItems: { [table.name]: { Keys: left, ConsistentRead } } }),
      );
      items.push(...(answer.Responses?.[table.name] ?? []));
      left = answer.UnprocessedKeys?.[table.name]?.Keys ?? [];
      if (left.length === 0) break;
      if (tried === TRIES) throw new ServiceFault('DynamoDB left keys of a batch unprocessed eight times.');
      await pause(tried);
    }
  }
  return items;
}

/**
 * Puts an item. Returns false, and writes nothing, if the condition does not hold. If the SDK repeated the call, the condition may
 * have failed on our own write, whose answer was lost: then the item is stored as it was put, and this returns true.
 */
export async function putItem<I extends Key>(
  table: Table,
  item: I,
  condition?: WriteCondition,
): Promise<boolean> {
  const put = new PutCommand({ TableName: table.name, Item: { ...item }, ...condition });
  let repeated = false;
  const isPut = await unlessChanged(async () => {
    try {
      await table.documents.send(put);
    } catch (error) {
      const { $metadata } = error as { $metadata?: { attempts?: number } };
      repeated = ($metadata?.attempts ?? 1) > 1;
      throw error;
    }
  });
  if (isPut || !repeated) return isPut;
  const stored = await getItem(table, { pk: item.pk, sk: item.sk });
  return isDeepStrictEqual(stored, JSON.parse(JSON.stringify(item)));
}

/** Updates an item and returns it as it is then; undefined, and nothing is written, if the condition does not hold. */
export async function updateItem(
  table: Table,
  key: Key,
  update: Pick<
    UpdateCommandInput,
    'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
  >,
): Promise<Item | undefined> {
  const command = new UpdateCommand({
    TableName: table.name,
    Key: { ...key },
    ...update,
    ReturnValues: 'ALL_NEW',
  });
  let updated: Item | undefined;
  await unlessChanged(async () => {
    updated = (await table.documents.send(command)).Attributes ?? {};
  });
  return updated;
}

/** Writes of one transaction: at most 100. */
export type TransactWrites = NonNullable<TransactWriteCommandInput['TransactItems']>;

/** Writes all of these or none. Returns false, and writes nothing, if one of the conditions does not hold. */
export function writeTogether(table: Table, items: TransactWrites): Promise<boolean> {
  return unlessChanged(() => table.documents.send(new TransactWriteCommand({ TransactItems: items })));
}

/** Runs a conditional write: true if it was done, false if its condition did not hold. */
async function unlessChanged(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (conditionFailed(error)) return false;
    throw error;
  }
}

function conditionFailed(error: unknown): boolean {
  if (error instanceof ConditionalCheckFailedException || error instanceof TransactionConflictException)
    return true;
  return (
    error instanceof TransactionCanceledException &&
    (error.CancellationReasons ?? []).some(
      ({ Code }) => Code === 'ConditionalCheckFailed' || Code === 'TransactionConflict',
    )
  );
}

/**
 * The items that a query finds, page by page, in the order of the index.
 * @throws ServiceFault if DynamoDB returns the same LastEvaluatedKey twice
 */
export async function* queryPages(
  table: Table,
  query: Omit<QueryCommandInput, 'TableName' | 'ExclusiveStartKey'>,
): AsyncGenerator<Item[]> {
  const call = (token: string | undefined) => {
    const start = token && { ExclusiveStartKey: JSON.parse(token) as Item };
    return table.documents.send(new QueryCommand({ ...query, TableName: table.name, ...start }));
  };
  const tokenOf = ({ LastEvaluatedKey: last }: QueryCommandOutput) => last && JSON.stringify(last);
  for await (const { Items = [] } of pagesOf(call, tokenOf)) yield Items;
}

/**
 * All items of a collection by `collectionKey`, one Query a page.
 * @param after only those with a greater key
 * @param most items on a page; as many as DynamoDB returns if absent
 */
export async function* collectionPages(
  table: Table,
  collection: string,
  after?: string,
  most?: number,
): AsyncGenerator<Item[]> {
  yield* queryPages(table, {
    IndexName: INDEXES.collection,
    KeyConditionExpression: after ? '#c = :c AND collectionKey > :after' : '#c = :c',
    ExpressionAttributeNames: { '#c': 'collection' },
    ExpressionAttributeValues: { ':c': collection, ...(after && { ':after': after }) },
    ...(most && { Limit: most }),
  });
}

/** What is due of one kind by `until`, soonest first, one Query a page. */
export async function* duePages(table: Table, due: string, until: Date): AsyncGenerator<Item[]> {
  yield* queryPages(table, {
    IndexName: INDEXES.due,
    KeyConditionExpression: 'due = :due AND dueAt <= :until',
    ExpressionAttributeValues: { ':due': due, ':until': until.toISOString() },
  });
}

/** A part of a collection whose keys begin with a time. */
export interface Span {
  /** ISO time: nothing earlier. */
  readonly since?: string;
  /** ISO time, or a whole key: only what has a smaller one. */
  readonly before?: string;
}

/** Smaller and greater than every key that begins with a time. */
export const EARLIEST = '0';
export const LATEST = '~';

/**
 * The items of a collection whose keys begin with a time, newest first, one Query a page.
 * @param most items on a page
 */
export async function* latestPages(
  table: Table,
  collection: string,
  { since = EARLIEST, before = LATEST }: Span,
  most: number,
): AsyncGenerator<Item[]> {
  if (since >= before) return;
  const pages = queryPages(table, {
    IndexName: INDEXES.collection,
    KeyConditionExpression: '#c = :c AND collectionKey BETWEEN :since AND :before',
    ExpressionAttributeNames: { '#c': 'collection' },
    ExpressionAttributeValues: { ':c': collection, ':since': since, ':before': before },
    ScanIndexForward: false,
    Limit: most,
  });
  for await (const page of pages) yield page.filter(({ collectionKey }) => collectionKey !== before);
}

/** The item with the greatest sort key of a partition, read consistently; undefined if the partition is empty. */
export async function lastItem(table: Table, pk: string): Promise<Item | undefined> {
  const { Items } = await table.documents.send(
    new QueryCommand({
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
      ScanIndexForward: false,
      Limit: 1,
      ConsistentRead: true,
    }),
  );
  return Items?.[0];
}
