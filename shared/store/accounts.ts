import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import type { AccountRecord, Owed } from '../domain/account.ts';
import type { Holdings } from '../domain/addresses.ts';
import type { Control } from '../domain/control.ts';
import { followedBy, laterOf, type Trace } from '../domain/order.ts';
import type { AccountStatus, Home } from '../domain/status.ts';
import { addressKey, readHoldings } from './addresses.ts';
import { CONTROL_KEY, controlOf } from './controls.ts';
import { type Page, reader, readPage } from './item.ts';
import { readRecord } from './record-item.ts';
import { readBegun, readStatus } from './status-item.ts';
import {
  type Consistency,
  collectionPages,
  DAY_SECONDS,
  expiresIn,
  getItem,
  getItems,
  IF_ABSENT,
  type Key,
  putItem,
  type TransactWrites,
  updateItem,
  type WriteCondition,
  writeTogether,
} from './table.ts';

/** Desired state and status of one account, read together. */
export interface AccountItems {
  readonly record?: AccountRecord;
  /** Absent until a run has saved one. */
  readonly status?: AccountStatus;
  /** Where the first run began to write, if no run has saved a status yet. */
  readonly begun?: Home;
  /** Where runs may have made things, if no run has saved a status yet. */
  readonly making?: readonly Home[];
  /** The blocks of addresses that it holds of pools. */
  readonly holdings: Holdings;
  readonly control: Control;
}

/** The key of an account's record. */
export const accountKey = (accountId: string) => ({ pk: `account#${accountId}`, sk: 'desired' });
/** The account whose items have this partition key. */
export const accountOf = (pk: string) => pk.slice('account#'.length);
/** The key of an account's status, in the same partition. */
export const statusKey = (accountId: string) => ({ pk: `account#${accountId}`, sk: 'status' });

/**
 * Everything that a run needs to know of an account, in one consistent BatchGetItem.
 * @throws UnreadableItem for an item of the account; if `control` cannot be read, the fleet counts as paused
 */
export async function loadAccount(table: Table, accountId: string): Promise<AccountItems> {
  const keys = [accountKey(accountId), statusKey(accountId), addressKey(accountId), CONTROL_KEY];
  const items = await getItems(table, keys);
  const find = (key: Key) => items.find(({ pk, sk }) => pk === key.pk && sk === key.sk);
  const record = readRecord(find(accountKey(accountId)));
  const status = readStatus(find(statusKey(accountId)));
  return {
    ...(record && { record }),
    ...(status && { status }),
    ...readBegun(find(statusKey(accountId))),
    holdings: readHoldings(accountId, find(addressKey(accountId))),
    control: controlOf(find(CONTROL_KEY)),
  };
}

/** The record of one account, read consistently; undefined if there is none. @throws UnreadableItem */
export async function getRecord(table: Table, accountId: string): Promise<AccountRecord | undefined> {
  return readRecord(await getItem(table, accountKey(accountId)));
}

/** The status of one account, read consistently; undefined until a run has saved one. @throws UnreadableItem */
export async function getStatus(table: Table, accountId: string): Promise<AccountStatus | undefined> {
  return readStatus(await getItem(table, statusKey(accountId)));
}

/** The records of many accounts by id; missing ones are left out. @throws UnreadableItem */
export async function getRecords(
  table: Table,
  accountIds: readonly string[],
): Promise<Map<string, AccountRecord>> {
  const items = await getItems(table, [...new Set(accountIds)].map(accountKey));
  return new Map(items.map((item) => [accountOf(String(item.pk)), readRecord(item)]));
}

/** The readable records of many accounts, in no order; missing ones are left out. */
export async function getReadableRecords(
  table: Table,
  accountIds: readonly string[],
): Promise<Page<AccountRecord>> {
  return readPage(readRecord, await getItems(table, [...new Set(accountIds)].map(accountKey)));
}

/** What is stored of one of many accounts. */
interface StoredAccount {
  readonly record?: AccountRecord;
  readonly status?: AccountStatus;
  /** The record or the status cannot be read. */
  readonly unreadable?: true;
}

/** Records and statuses of many accounts by id; missing ones are left out. */
export async function getAccounts(
  table: Table,
  accountIds: readonly string[],
): Promise<Map<string, StoredAccount>> {
  const ids = [...new Set(accountIds)];
  const records = await getReadableRecords(table, ids);
  const statuses = await getStatuses(table, ids);
  const accounts = new Map<string, StoredAccount>();
  for (const record of records.items) accounts.set(record.accountId, { record });
  for (const status of statuses.items)
    accounts.set(status.accountId, { ...accounts.get(status.accountId), status });
  for (const { pk } of [...records.unreadable, ...statuses.unreadable])
    accounts.set(accountOf(pk), { unreadable: true });
  return accounts;
}

/**
 * The statuses of many accounts, in no order; missing ones are left out. Nothing lists statuses: records are listed, and their statuses
 * read, so that saving a status writes no index.
 */
export async function getStatuses(
  table: Table,
  accountIds: readonly string[],
  consistency: Consistency = 'strong',
): Promise<Page<AccountStatus>> {
  return readPage(readStatus, await getItems(table, [...new Set(accountIds)].map(statusKey), consistency));
}

/**
 * Saves a record if the stored one is still as `read` (undefined: none exists); returns false if somebody else saved
 * first. Records are compared by generation, `changedBy` and `changedAt`. The announcements and messages of `owes` are
 * saved with the record, after those that are still owed, until `clearOwed`.
 */
export async function saveRecord(
  table: Table,
  record: AccountRecord,
  read: AccountRecord | undefined,
  owes?: Owes,
): Promise<boolean> {
  return putItem(table, recordItem(record, read, owes), read ? unchangedSince(read) : IF_ABSENT);
}

/** Saves a record, as `saveRecord` does, if the `check` holds, too. */
export async function saveRecordIf(
  table: Table,
  record: AccountRecord,
  read: AccountRecord,
  owes: Owes,
  check: TransactWrites[number],
): Promise<boolean> {
  const Put = { TableName: table.name, Item: recordItem(record, read, owes), ...unchangedSince(read) };
  return writeTogether(table, [{ Put }, check]);
}

/**
 * Saves the first record of an account, as `saveRecord` does, if no request about the account was remembered since its trace
 * was read.
 */
export async function saveFirstRecord(
  table: Table,
  record: AccountRecord,
  trace: Trace | undefined,
  owes?: Owes,
): Promise<boolean> {
  const TableName = table.name;
  return writeTogether(table, [
    { Put: { TableName, Item: recordItem(record, undefined, owes), ...IF_ABSENT } },
    { ConditionCheck: { TableName, Key: traceKey(record.accountId), ...traceUnchanged(trace) } },
  ]);
}

/**
 * Remembers a request about an account that has no record, so that an older one that arrives later counts as overtaken, unless it
 * comes before a `removal` and may change what that does.
 * Returns false if the account has a record by now, or its trace has changed since it was read.
 */
export async function rememberRequest(
  table: Table,
  accountId: string,
  request: { readonly id: string; readonly time: string },
  trace: Trace | undefined,
  removal?: Trace['removal'],
): Promise<boolean> {
  const TableName = table.name;
  const changedAt = laterOf(request.time, trace?.changedAt);
  const Item = {
    ...traceKey(accountId),
    changedAt,
    followed: followedBy({ changedBy: request.id }, trace),
    ...(removal && { removal }),
    expiresAt: expiresIn(TRACE_SECONDS, new Date(request.time)),
  };
  return writeTogether(table, [
    { Put: { TableName, Item, ...traceUnchanged(trace) } },
    { ConditionCheck: { TableName, Key: accountKey(accountId), ...IF_ABSENT } },
  ]);
}

/**
 * Forgets an account: deletes its status and its record (or replaces the record by `left`) in one transaction. Its history
 * stays until it expires; a block of addresses stays allocated. Returns false if somebody else changed the record since it
 * was read.
 */
export async function forgetAccount(
  table: Table,
  read: AccountRecord,
  left: AccountRecord | undefined,
  forgottenAt: Date,
): Promise<boolean> {
  const TableName = table.name;
  const { accountId } = read;
  const condition = unchangedSince(read);
  const record = left
    ? { Put: { TableName, Item: recordItem(left, read), ...condition } }
    : { Delete: { TableName, Key: accountKey(accountId), ...condition } };
  const status = { Delete: { TableName, Key: statusKey(accountId) } };
  const trace = { Put: { TableName, Item: traceItem(read, forgottenAt) } };
  return writeTogether(table, [record, status, ...(left ? [] : [trace])]);
}

/** How long the events about an account that was forgotten, or was never known, are remembered. */
const TRACE_SECONDS = 30 * DAY_SECONDS;
const traceKey = (accountId: string) => ({ pk: `account#${accountId}`, sk: 'forgotten' });
const readTrace = reader<Trace>({
  changedBy: z.string().optional(),
  changedAt: z.string().optional(),
  followed: z.array(z.string()).optional(),
  removal: z.looseObject({ by: z.string(), at: z.string(), since: z.string().optional() }).optional(),
});

function traceItem(read: AccountRecord, forgottenAt: Date) {
  return {
    ...traceKey(read.accountId),
    changedAt: forgottenAt.toISOString(),
    followed: followedBy({}, read),
    expiresAt: expiresIn(TRACE_SECONDS, forgottenAt),
  };
}

/** The trace is still as it was read. */
function traceUnchanged(trace: Trace | undefined): WriteCondition {
  if (trace?.changedAt === undefined) return IF_ABSENT;
  const { changedAt, removal } = trace;
  return {
    ConditionExpression: `changedAt = :traced AND ${removal ? 'removal = :removal' : 'attribute_not_exists(removal)'}`,
    ExpressionAttributeValues: { ':traced': changedAt, ...(removal && { ':removal': removal }) },
  };
}

/** The events about an account without a record that are remembered; undefined if there are none. */
export async function getTrace(table: Table, accountId: string): Promise<Trace | undefined> {
  return readTrace(await getItem(table, traceKey(accountId)));
}

/** Removes what the record owes after it was sent. Does nothing if somebody has changed the record since. */
export async function clearOwed(table: Table, record: AccountRecord): Promise<void> {
  await updateItem(table, accountKey(record.accountId), {
    UpdateExpression: 'REMOVE owed, due, dueAt',
    ...unchangedSince(record),
  });
}

function unchangedSince(read: AccountRecord): WriteCondition {
  const { generation, changedBy, changedAt, removal } = read;
  const same = (name: 'changedAt' | 'removal') =>
    read[name] === undefined ? `attribute_not_exists(${name})` : `${name} = :${name}`;
  return {
    ConditionExpression: `generation = :generation AND changedBy = :changedBy AND ${same('changedAt')} AND ${same('removal')}`,
    ExpressionAttributeValues: {
      ':generation': generation,
      ':changedBy': changedBy,
      ...(changedAt !== undefined && { ':changedAt': changedAt }),
      ...(removal !== undefined && { ':removal': removal }),
    },
  };
}

/** Whoever saves sends what is owed at once; after this time the tick of the minute does. */
const SENT_SECONDS = 60;

/** The item of a record that replaces `read`: it has followed the same events, and owes the same and more. */
function recordItem(record: AccountRecord, read: AccountRecord | undefined, owes: Owes = NOTHING) {
  const { accountId } = record;
  const { owed: _, dueAt: __, ...content } = record;
  const owed: Owed = {
    announce: [...(read?.owed?.announce ?? []), ...owes.announce],
    work: [...(read?.owed?.work ?? []), ...owes.work],
  };
  const isOwing = owed.announce.length + owed.work.length > 0;
  const { seconds = SENT_SECONDS } = owes;
  const dueAt = read?.dueAt ?? new Date(Date.now() + seconds * 1000).toISOString();
  return {
    ...content,
    followed: followedBy(record, read),
    ...(isOwing && { owed, dueAt, due: OWED }),
    ...accountKey(accountId),
    collection: 'account',
    collectionKey: accountId,
  };
}

/** What a change owes, and after how many seconds the tick of the minute sends it if nobody else has. */
export interface Owes extends Owed {
  readonly seconds?: number;
}

const NOTHING: Owed = { announce: [], work: [] };
/** The key of the `due` index under which records that owe something are found. */
export const OWED = 'owed';

/**
 * All records by account id, one Query a page.
 * @param after only accounts with a greater id
 * @param most records on a page; as many as DynamoDB returns if absent
 */
export async function* recordPages(
  table: Table,
  after?: string,
  most?: number,
): AsyncGenerator<Page<AccountRecord>> {
  for await (const page of collectionPages(table, 'account', after, most)) yield readPage(readRecord, page);
}
