import { GetCommand, PutCommand, QueryCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { AccountRecord } from '../account.ts';
import type { Address } from '../address-pool.ts';
import type { Control } from '../control.ts';
import type { AccountStatus } from '../status.ts';
import { addressKey, readAddress } from './addresses.ts';
import { CONTROL_KEY, controlOf } from './controls.ts';
import { type Item, type Page, readPage } from './item.ts';
import { readRecord } from './record-item.ts';
import { readStatus } from './status-item.ts';
import { COLLECTION_INDEX, itemsOf, type Table, unlessChanged } from './table.ts';

/** Desired state and status of one account, read together. */
export interface AccountItems {
  readonly record?: AccountRecord;
  /** Absent until a pass has saved one. */
  readonly status?: AccountStatus;
  /** The block of addresses that it holds of some pool. */
  readonly address?: Address;
  readonly control: Control;
}

/** Where the record of an account stands. */
export const accountKey = (accountId: string) => ({ pk: `account#${accountId}`, sk: 'desired' });
/** The account whose items have this partition key. */
export const accountOf = (pk: string) => pk.slice('account#'.length);
/** Where its status stands, in the same partition. */
export const statusKey = (accountId: string) => ({ pk: `account#${accountId}`, sk: 'status' });

/**
 * Everything a pass must know, in one consistent BatchGetItem.
 * @throws UnreadableItem for what is the account's own; what is paused counts as paused where that cannot be read
 */
export async function loadAccount(table: Table, accountId: string): Promise<AccountItems> {
  const keys = [accountKey(accountId), statusKey(accountId), addressKey(accountId), CONTROL_KEY];
  const items = await itemsOf(table, keys);
  const find = (key: { pk: string; sk: string }) =>
    items.find(({ pk, sk }) => pk === key.pk && sk === key.sk);
  const record = readRecord(find(accountKey(accountId)));
  const status = readStatus(find(statusKey(accountId)));
  const address = readAddress(find(addressKey(accountId)));
  return {
    ...(record && { record }),
    ...(address && { address }),
    ...(status && { status }),
    control: controlOf(find(CONTROL_KEY)),
  };
}

/** The record of one account as it is now, or undefined. @throws UnreadableItem */
export async function getRecord(table: Table, accountId: string): Promise<AccountRecord | undefined> {
  const { Item } = await table.documents.send(
    new GetCommand({ TableName: table.name, Key: accountKey(accountId), ConsistentRead: true }),
  );
  return readRecord(Item);
}

/** The status of one account as it is now, or undefined until a pass has saved one. @throws UnreadableItem */
export async function getStatus(table: Table, accountId: string): Promise<AccountStatus | undefined> {
  const { Item } = await table.documents.send(
    new GetCommand({ TableName: table.name, Key: statusKey(accountId), ConsistentRead: true }),
  );
  return readStatus(Item);
}

/** The records of many accounts, by id; those that are not there are not in the answer. @throws UnreadableItem */
export async function getRecords(
  table: Table,
  accountIds: readonly string[],
): Promise<Map<string, AccountRecord>> {
  const items = await itemsOf(table, [...new Set(accountIds)].map(accountKey));
  return new Map(items.map((item) => [accountOf(String(item.pk)), readRecord(item)]));
}

/**
 * Saves a record when it is still as `read` (undefined: not there); false when somebody else saved first. Records
 * are compared by generation and by the event that changed them last.
 */
export async function saveRecord(
  table: Table,
  record: AccountRecord,
  read: AccountRecord | undefined,
): Promise<boolean> {
  const condition = read ? unchangedSince(read) : { ConditionExpression: 'attribute_not_exists(pk)' };
  const item = recordItem(record);
  return unlessChanged(() =>
    table.documents.send(new PutCommand({ TableName: table.name, Item: item, ...condition })),
  );
}

/**
 * Forgets an account: its status goes, and its record or all but what is to be left of it, both or neither. Its history
 * stays until it expires, and so does the block of addresses that it may hold. False when somebody else changed the
 * record since it was read.
 */
export async function forgetAccount(
  table: Table,
  read: AccountRecord,
  left: AccountRecord | undefined,
): Promise<boolean> {
  const TableName = table.name;
  const { accountId } = read;
  const condition = unchangedSince(read);
  const record = left
    ? { Put: { TableName, Item: recordItem(left), ...condition } }
    : { Delete: { TableName, Key: accountKey(accountId), ...condition } };
  const status = { Delete: { TableName, Key: statusKey(accountId) } };
  return unlessChanged(() =>
    table.documents.send(new TransactWriteCommand({ TransactItems: [record, status] })),
  );
}

function unchangedSince(read: AccountRecord) {
  return {
    ConditionExpression: 'generation = :generation AND changedBy = :changedBy',
    ExpressionAttributeValues: { ':generation': read.generation, ':changedBy': read.changedBy },
  };
}

function recordItem(record: AccountRecord): Record<string, unknown> {
  const { accountId } = record;
  return { ...record, ...accountKey(accountId), collection: 'account', collectionKey: accountId };
}

/** All records by account id, a page at a time (one Query each), from behind `after`; thousands are no matter. */
export async function* recordPages(table: Table, after?: string): AsyncGenerator<Page<AccountRecord>> {
  for await (const page of collectionPages(table, 'account', after)) yield readPage(readRecord, page);
}

/** All statuses by account id, a page at a time. */
export async function* statusPages(table: Table): AsyncGenerator<Page<AccountStatus>> {
  for await (const page of collectionPages(table, 'status')) yield readPage(readStatus, page);
}

/** Every item of a collection in key order, a Query at a time. */
export async function* collectionPages(
  table: Table,
  collection: string,
  after?: string,
): AsyncGenerator<Item[]> {
  let start: Record<string, unknown> | undefined;
  do {
    const page = await table.documents.send(
      new QueryCommand({
        TableName: table.name,
        IndexName: COLLECTION_INDEX,
        KeyConditionExpression: after ? '#c = :c AND collectionKey > :after' : '#c = :c',
        ExpressionAttributeNames: { '#c': 'collection' },
        ExpressionAttributeValues: { ':c': collection, ...(after && { ':after': after }) },
        ...(start && { ExclusiveStartKey: start }),
      }),
    );
    yield page.Items ?? [];
    start = page.LastEvaluatedKey;
  } while (start);
}
