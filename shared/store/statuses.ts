import {
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Table } from '../aws/main-clients.ts';
import { INDEXES } from '../deployment/names.ts';
import type { AccountRecord } from '../domain/account.ts';
import { Conflict } from '../domain/errors.ts';
import type { AccountStatus, Home, PassRecord } from '../domain/status.ts';
import { accountKey, accountOf, getStatus, statusKey } from './accounts.ts';
import { readPass } from './status-item.ts';
import { collectionPages, queryPages, unlessChanged } from './table.ts';

const HISTORY_DAYS = 400;

/**
 * Takes the right to write into an account for one pass. It ends with the save of the status, or at `until`. Two
 * passes never hold it together: the condition is checked by DynamoDB.
 * @throws Conflict when another pass holds it, has saved since `readVersion` was read, or the account is retired or forgotten
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
    /** Where the pass writes: kept with the first lease of an account, lest a pass that never saves leaves things unknown. */
    home?: Home | undefined;
  },
): Promise<void> {
  const isFirst = lease.readVersion === 0 && lease.home !== undefined;
  const update = {
    TableName: table.name,
    Key: statusKey(lease.accountId),
    UpdateExpression:
      'SET lease = :lease, version = if_not_exists(version, :zero), #collection = :status, collectionKey = :account' +
      (isFirst ? ', home = if_not_exists(home, :home)' : ''),
    ConditionExpression: asRead(lease.readVersion),
    ExpressionAttributeNames: { '#collection': 'collection' },
    ExpressionAttributeValues: {
      ':lease': { passId: lease.passId, expiresAt: lease.until.toISOString() },
      ':status': 'status',
      ':account': lease.accountId,
      ':zero': 0,
      ...(isFirst && { ':home': lease.home }),
      ':read': lease.readVersion,
      ':pass': lease.passId,
      ':now': lease.now.toISOString(),
    },
  };
  const taken = await unlessChanged(() =>
    table.documents.send(
      new TransactWriteCommand({ TransactItems: [{ Update: update }, stillRegistered(table, lease.record)] }),
    ),
  );
  if (!taken) throw new Conflict(`Another pass is writing into account ${lease.accountId}.`);
}

/** Accounts into which a pass may be writing now: it has the lease, and may have crashed with it. */
export async function accountsUnderLease(table: Table, now: Date): Promise<string[]> {
  const accountIds: string[] = [];
  for await (const page of collectionPages(table, 'status')) {
    for (const { pk, lease } of page) {
      const { expiresAt = '' } = (lease ?? {}) as { expiresAt?: unknown };
      if (String(expiresAt) > now.toISOString()) accountIds.push(accountOf(String(pk)));
    }
  }
  return accountIds;
}

/** Renews the right to write into an account; false where the pass has it no longer. */
export async function renewLease(
  table: Table,
  lease: { accountId: string; passId: string; until: Date },
): Promise<boolean> {
  return unlessChanged(() =>
    table.documents.send(
      new UpdateCommand({
        TableName: table.name,
        Key: statusKey(lease.accountId),
        UpdateExpression: 'SET lease = :lease',
        ConditionExpression: 'lease.passId = :pass',
        ExpressionAttributeValues: {
          ':lease': { passId: lease.passId, expiresAt: lease.until.toISOString() },
          ':pass': lease.passId,
        },
      }),
    ),
  );
}

/**
 * Saves the status of a pass once, and with it a line of history when there is one, in one transaction. Conditional
 * on the version that was read, on no other pass holding the lease, and, for the first status of an account, on the
 * registration that the pass read: an account that is forgotten since gets no status of before. Gives the lease back.
 * @throws Conflict when somebody else saved first
 */
export async function saveStatus(
  table: Table,
  status: AccountStatus,
  options: { passId: string; now: Date; record: ReadRecord; history?: PassRecord },
): Promise<void> {
  const put = {
    TableName: table.name,
    Item: {
      ...status,
      ...statusKey(status.accountId),
      collection: 'status',
      collectionKey: status.accountId,
      ...(status.dueAt && { due: 'due' }),
    },
    ConditionExpression: asRead(status.version - 1),
    ExpressionAttributeValues: {
      ':read': status.version - 1,
      ':pass': options.passId,
      ':now': options.now.toISOString(),
    },
  };
  const { history } = options;
  const line = history && {
    Put: { TableName: table.name, Item: historyItem(status.accountId, history) },
  };
  const items = [{ Put: put }, stillRegistered(table, options.record), ...(line ? [line] : [])];
  // A status that was read is gone with its registration, which the version tells: a transaction costs twice as much.
  const isPlain = !line && status.version > 1;
  const saved = await unlessChanged(() =>
    isPlain
      ? table.documents.send(new PutCommand(put))
      : table.documents.send(new TransactWriteCommand({ TransactItems: items })),
  );
  if (!saved && !(await isSavedBy(table, options.passId, status)))
    throw new Conflict(
      `Another pass has saved the status of account ${status.accountId}, or it is registered no longer.`,
    );
}

/** Whether a pass has saved this already: a save that was not answered is sent again, and meets itself. */
async function isSavedBy(
  table: Table,
  passId: string,
  { accountId, version }: AccountStatus,
): Promise<boolean> {
  const saved = await getStatus(table, accountId);
  return saved?.version === version && saved.lastPass?.id === passId;
}

/** The registration that a pass goes by. */
type ReadRecord = Pick<AccountRecord, 'accountId' | 'registeredAt'>;

/** The account is still worked on by the same registration. That something else is desired of it is for the next pass. */
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

/** Takes away the status of an account without a record, unless somebody registers it or a pass saves meanwhile. */
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
  await unlessChanged(() =>
    table.documents.send(
      new TransactWriteCommand({ TransactItems: [{ Delete: status }, { ConditionCheck: unregistered }] }),
    ),
  );
}

/** The status is as it was read (not there, where none was), and no other pass holds the lease. */
function asRead(version: number): string {
  const unread = version === 0 ? 'attribute_not_exists(version) OR ' : '';
  return `(${unread}version = :read) AND (attribute_not_exists(lease) OR lease.passId = :pass OR lease.expiresAt < :now)`;
}

/** Notes that what a pass owed to the bus has been sent. Nothing happens when a later pass has saved since. */
export async function clearAnnouncements(table: Table, status: AccountStatus): Promise<void> {
  await unlessChanged(() =>
    table.documents.send(
      new UpdateCommand({
        TableName: table.name,
        Key: statusKey(status.accountId),
        UpdateExpression: 'REMOVE unannounced',
        ConditionExpression: 'version = :version',
        ExpressionAttributeValues: { ':version': status.version },
      }),
    ),
  );
}

/** Takes an account that is no longer kept out of those that are due. */
export async function stopLooking(table: Table, status: AccountStatus): Promise<void> {
  await unlessChanged(() =>
    table.documents.send(
      new UpdateCommand({
        TableName: table.name,
        Key: statusKey(status.accountId),
        UpdateExpression: 'REMOVE due, dueAt',
        ConditionExpression: 'version = :version',
        ExpressionAttributeValues: { ':version': status.version },
      }),
    ),
  );
}

/** What was noted last: which item of the account cannot be read, and why. */
export async function unreadableNoted(table: Table, accountId: string): Promise<string | undefined> {
  const key = { TableName: table.name, Key: statusKey(accountId), ConsistentRead: true };
  const { Item } = await table.documents.send(new GetCommand(key));
  return Item?.unreadable === undefined ? undefined : String(Item.unreadable);
}

/**
 * Notes with the status that an item of the account cannot be read: the account is ready no longer, and not due. All
 * else of the status stays as it is; the next save takes the note off.
 */
export async function noteUnreadable(table: Table, accountId: string, message: string): Promise<void> {
  await table.documents.send(
    new UpdateCommand({
      TableName: table.name,
      Key: statusKey(accountId),
      UpdateExpression:
        'SET unreadable = :message, ready = :false, version = if_not_exists(version, :zero) REMOVE due',
      ExpressionAttributeValues: { ':message': message, ':false': false, ':zero': 0 },
    }),
  );
}

/**
 * Accounts whose time to be looked at has come, soonest first, with that time; a page at a time.
 * @param due `OWED` for those whose records owe something
 */
export async function* dueAccounts(
  table: Table,
  now: Date,
  due = 'due',
): AsyncGenerator<{ accountId: string; dueAt: string }[]> {
  const pages = queryPages(table, {
    IndexName: INDEXES.due,
    KeyConditionExpression: 'due = :due AND dueAt <= :now',
    ExpressionAttributeValues: { ':due': due, ':now': now.toISOString() },
  });
  for await (const page of pages)
    yield page.map(({ pk, dueAt }) => ({ accountId: accountOf(String(pk)), dueAt: String(dueAt) }));
}

/** Passes that changed or found something, newest first. */
export async function history(table: Table, accountId: string, limit: number): Promise<PassRecord[]> {
  const { Items } = await table.documents.send(
    new QueryCommand({
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :pass)',
      ExpressionAttributeValues: { ':pk': statusKey(accountId).pk, ':pass': 'pass#' },
      ScanIndexForward: false,
      Limit: limit,
    }),
  );
  return (Items ?? []).map((item) => readPass(item));
}

function historyItem(accountId: string, pass: PassRecord): Record<string, unknown> {
  return {
    ...pass,
    pk: statusKey(accountId).pk,
    sk: `pass#${pass.startedAt}#${pass.id}`,
    expiresAt: Math.floor(Date.parse(pass.finishedAt) / 1000) + HISTORY_DAYS * 86_400,
  };
}
