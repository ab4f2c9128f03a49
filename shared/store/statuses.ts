import type { Table } from '../aws/main-clients.ts';
import { INDEXES } from '../deployment/names.ts';
import type { AccountRecord } from '../domain/account.ts';
import { Conflict } from '../domain/errors.ts';
import { type AccountStatus, foundDifferences, type Home, type PassRecord } from '../domain/status.ts';
import { accountKey, accountOf, getStatus, statusKey } from './accounts.ts';
import { type Item, type Page, readPage } from './item.ts';
import { packed } from './item-size.ts';
import { markerItem, markerKey } from './leases.ts';
import { readPass } from './status-item.ts';
import { withRoom } from './status-room.ts';
import {
  DAY_SECONDS,
  duePages,
  EARLIEST,
  expiresIn,
  getItem,
  ifVersion,
  LATEST,
  latestPages,
  putItem,
  queryPages,
  type Span,
  type TransactWrites,
  updateItem,
  type WriteCondition,
  writeTogether,
} from './table.ts';

const HISTORY_SECONDS = 400 * DAY_SECONDS;

/**
 * Takes the lease of an account for one run: the right to write into it, until the status is saved, or until `until`. Two runs
 * never have it at the same time, since DynamoDB checks the condition.
 * @throws Conflict if another run has it or has saved since `readVersion` was read, or the account is retired or forgotten
 */
export async function takeLease(
  table: Table,
  lease: {
    accountId: string;
    passId: string;
    until: Date;
    now: Date;
    readVersion: number;
    record: ReadRecord;
    /** Where the run writes; saved with the first lease, so that it is known even if no run ever saves a status. */
    home?: Home | undefined;
    /** Where the run may make what no run has recorded: known from then on, even if the run never saves. */
    making?: readonly Home[];
  },
): Promise<void> {
  const isFirst = lease.readVersion === 0 && lease.home !== undefined;
  const { making = [] } = lease;
  const update = {
    TableName: table.name,
    Key: statusKey(lease.accountId),
    UpdateExpression:
      'SET lease = :lease, version = if_not_exists(version, :zero)' +
      (isFirst ? ', home = if_not_exists(home, :home)' : '') +
      (making.length > 0 ? ', making = :making' : ''),
    ConditionExpression: asRead(lease.readVersion),
    ExpressionAttributeValues: {
      ':lease': { passId: lease.passId, expiresAt: lease.until.toISOString() },
      ':zero': 0,
      ...(isFirst && { ':home': lease.home }),
      ...(making.length > 0 && { ':making': making }),
      ':read': lease.readVersion,
      ':pass': lease.passId,
      ':now': lease.now.toISOString(),
    },
  };
  const marker = { TableName: table.name, Item: markerItem(lease.record, lease.passId, lease.now) };
  const taken = await writeTogether(table, [
    { Update: update },
    { Put: marker },
    stillRegistered(table, lease.record),
  ]);
  if (!taken) throw new Conflict(`Another run is writing into account ${lease.accountId}.`);
}

/**
 * Extends the lease of a run; returns false if the run no longer has it. A lease that has ended is not extended, even if no other run
 * has taken it: a pause may have counted on its end.
 */
export async function renewLease(
  table: Table,
  lease: { accountId: string; passId: string; until: Date; now: Date },
): Promise<boolean> {
  const renewed = await updateItem(table, statusKey(lease.accountId), {
    UpdateExpression: 'SET lease = :lease',
    ConditionExpression: 'lease.passId = :pass AND lease.expiresAt > :now',
    ExpressionAttributeValues: {
      ':lease': { passId: lease.passId, expiresAt: lease.until.toISOString() },
      ':pass': lease.passId,
      ':now': lease.now.toISOString(),
    },
  });
  return renewed !== undefined;
}

/**
 * Saves the status of a run, with a line of history, if any, in one transaction, and ends the lease (`isLeased`: the run has one). The save is conditional on the
 * version that was read, on no other run having the lease, and, for the first status of an account, on the registration that
 * the run read, so that an account that was forgotten since gets no status. Differences for which there is no room are counted only.
 * @throws Conflict if somebody else saved first
 * @throws InvalidDesiredState if the status is too large for an item
 */
export async function saveStatus(
  table: Table,
  whole: AccountStatus,
  options: {
    passId: string;
    now: Date;
    record: ReadRecord;
    isLeased?: boolean;
    /** Its last run gets a line of history. */
    inHistory?: boolean;
    /** Written in the same transaction. */
    also?: TransactWrites;
  },
): Promise<void> {
  const status = withRoom(whole);
  const item = { ...statusItem(status), ...(status.dueAt && { due: 'due' }) };
  const condition: WriteCondition = {
    ConditionExpression: asRead(status.version - 1),
    ExpressionAttributeValues: {
      ':read': status.version - 1,
      ':pass': options.passId,
      ':now': options.now.toISOString(),
    },
  };
  const TableName = table.name;
  const { inHistory, isLeased, also = [] } = options;
  const history = inHistory && status.lastPass;
  const line = history && { Put: { TableName, Item: historyItem(status.accountId, history) } };
  // A status that was read is deleted with its registration, which the version shows: a transaction costs twice as much.
  const isPlain = !line && !isLeased && also.length === 0 && status.version > 1;
  const saved = isPlain
    ? await putItem(table, item, condition)
    : await writeTogether(table, [
        { Put: { TableName, Item: item, ...condition } },
        stillRegistered(table, options.record),
        ...(line ? [line] : []),
        ...(isLeased ? [{ Delete: { TableName, Key: markerKey(status.accountId) } }] : []),
        ...also,
      ]);
  if (!saved && !(await isSavedBy(table, options.passId, status)))
    throw new Conflict(
      `Another run has saved the status of account ${status.accountId}, or the account is no longer registered.`,
    );
}

/** The item of a status: in no index, except, after a run that found differences, in `differing`. */
function statusItem(status: AccountStatus) {
  const { accountId } = status;
  return packed({
    ...status,
    ...statusKey(accountId),
    ...(foundDifferences(status) && { differing: DIFFERING, collectionKey: accountId }),
  });
}

/** The one key of the index `differing`. */
const DIFFERING = 'account';

/** Whether this very run has saved already: a save without an answer is retried, and then conflicts with itself. */
async function isSavedBy(
  table: Table,
  passId: string,
  { accountId, version }: AccountStatus,
): Promise<boolean> {
  const saved = await getStatus(table, accountId);
  return saved?.version === version && saved.lastPass?.id === passId;
}

/** The registration that a run has read. */
type ReadRecord = Pick<AccountRecord, 'accountId' | 'registeredAt' | 'baseline'>;

/** The account still has the same registration; a change of its desired state does not matter here. */
function stillRegistered(table: Table, { accountId, registeredAt }: ReadRecord) {
  return {
    ConditionCheck: {
      TableName: table.name,
      Key: accountKey(accountId),
      ConditionExpression: 'registeredAt = :registeredAt AND (lifecycle = :managed OR lifecycle = :retiring)',
      ExpressionAttributeValues: {
        ':registeredAt': registeredAt,
        ':managed': 'managed',
        ':retiring': 'retiring',
      },
    },
  };
}

/** Deletes the status of an account without a record, unless somebody registers it or a run saves at the same time. */
export async function dropStatus(table: Table, { accountId, version }: AccountStatus): Promise<void> {
  const TableName = table.name;
  const status = {
    TableName,
    Key: statusKey(accountId),
    ConditionExpression: 'version = :version',
    ExpressionAttributeValues: { ':version': version },
  };
  const unregistered = {
    TableName,
    Key: accountKey(accountId),
    ConditionExpression: 'attribute_not_exists(pk)',
  };
  await writeTogether(table, [{ Delete: status }, { ConditionCheck: unregistered }]);
}

/** The status is as it was read (version 0: none was), and no other run has the lease. */
function asRead(version: number): string {
  const unread = version === 0 ? 'attribute_not_exists(version) OR ' : '';
  return `(${unread}version = :read) AND (attribute_not_exists(lease) OR lease.passId = :pass OR lease.expiresAt < :now)`;
}

/**
 * Saves the status of an account that runs no longer enter, in one transaction with `also`, on the condition that nobody has saved
 * it since it was read.
 * @throws Conflict if somebody has, or a run still has the lease
 */
export async function saveLeft(
  table: Table,
  status: AccountStatus,
  { now, also }: { readonly now: Date; readonly also: TransactWrites },
): Promise<void> {
  const read = status.version - 1;
  const item = statusItem(status);
  const condition = {
    ConditionExpression: 'version = :read AND (attribute_not_exists(lease) OR lease.expiresAt < :now)',
    ExpressionAttributeValues: { ':read': read, ':now': now.toISOString() },
  };
  if (await writeTogether(table, [{ Put: { TableName: table.name, Item: item, ...condition } }, ...also]))
    return;
  throw new Conflict(`Another run has saved the status of account ${status.accountId}.`);
}

/** Removes what the outbox of a status held after it was sent. Does nothing if a later run has saved since. */
export async function clearOutbox(
  table: Table,
  status: AccountStatus,
  sent: readonly ('unannounced' | 'waking')[],
): Promise<void> {
  await updateItem(table, statusKey(status.accountId), {
    UpdateExpression: `REMOVE ${sent.join(', ')}`,
    ...ifVersion(status.version),
  });
}

/** Removes an account that is no longer managed from those that are due. */
export async function stopLooking(table: Table, status: AccountStatus): Promise<void> {
  await updateItem(table, statusKey(status.accountId), {
    UpdateExpression: 'REMOVE due, dueAt',
    ...ifVersion(status.version),
  });
}

/** The recorded reason why an item of the account cannot be read; undefined if none is recorded. */
export async function unreadableNoted(table: Table, accountId: string): Promise<string | undefined> {
  const item = await getItem(table, statusKey(accountId));
  return item?.unreadable === undefined ? undefined : String(item.unreadable);
}

/**
 * Records with the status that an item of the account cannot be read: the account is neither ready nor due. The rest of the
 * status stays as it is; the next save removes the reason.
 */
export async function noteUnreadable(table: Table, accountId: string, message: string): Promise<void> {
  await updateItem(table, statusKey(accountId), {
    UpdateExpression:
      'SET unreadable = :message, ready = :false, version = if_not_exists(version, :zero) REMOVE due',
    ExpressionAttributeValues: { ':message': message, ':false': false, ':zero': 0 },
  });
}

/**
 * Accounts that are due, soonest first, with their due times, one Query a page.
 * @param due `OWED` for those whose records owe something
 */
export async function* dueAccounts(
  table: Table,
  now: Date,
  due = 'due',
): AsyncGenerator<{ accountId: string; dueAt: string }[]> {
  for await (const page of duePages(table, due, now))
    yield page.map(({ pk, dueAt }) => ({ accountId: accountOf(String(pk)), dueAt: String(dueAt) }));
}

/**
 * The accounts whose last run found differences, by id, one Query a page. One whose last run was by a version from before 0.1.0
 * is missing until its next run.
 * @param most accounts on a page
 */
export async function* differingAccounts(table: Table, most: number): AsyncGenerator<string[]> {
  const pages = queryPages(table, {
    IndexName: INDEXES.differing,
    KeyConditionExpression: 'differing = :differing',
    ExpressionAttributeValues: { ':differing': DIFFERING },
    Limit: most,
  });
  for await (const page of pages) yield page.map(({ pk }) => accountOf(String(pk)));
}

/** A line of history, and whose it is. */
export interface FleetPass extends PassRecord {
  readonly accountId: string;
}

/**
 * The runs of all accounts that changed or found something, newest first, one Query a page. Lines from before version 0.1.0 are in
 * the history of their account only.
 * @param most lines on a page
 */
export async function* fleetHistory(table: Table, span: Span, most: number): AsyncGenerator<Page<FleetPass>> {
  for await (const page of latestPages(table, HISTORY, span, most)) yield readPage(readLine, page);
}

/**
 * The runs of one account that changed or found something, newest first, one Query a page.
 * @param most lines on a page
 */
export async function* accountHistory(
  table: Table,
  accountId: string,
  { since = EARLIEST, before = LATEST }: Span,
  most: number,
): AsyncGenerator<Page<FleetPass>> {
  if (since >= before) return;
  const pages = queryPages(table, {
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :since AND :before',
    ExpressionAttributeValues: {
      ':pk': statusKey(accountId).pk,
      ':since': `pass#${since}`,
      ':before': `pass#${before}`,
    },
    ScanIndexForward: false,
    Limit: most,
  });
  for await (const page of pages)
    yield readPage(
      readLine,
      page.filter(({ sk }) => sk !== `pass#${before}`),
    );
}

function readLine(item: Item): FleetPass {
  return { ...readPass(item), accountId: accountOf(String(item.pk)) };
}

/** The collection of all lines of history. */
const HISTORY = 'pass';

/** What comes after a line of history, going back in time: its key in the fleet's history and in that of its account. Pure. */
export function historyCursor({ startedAt, id }: Pick<PassRecord, 'startedAt' | 'id'>): string {
  return `${startedAt}#${id}`;
}

function historyItem(accountId: string, pass: PassRecord): Item {
  return packed({
    ...pass,
    pk: statusKey(accountId).pk,
    sk: `pass#${historyCursor(pass)}`,
    collection: HISTORY,
    collectionKey: historyCursor(pass),
    expiresAt: expiresIn(HISTORY_SECONDS, new Date(pass.finishedAt)),
  });
}
