import { randomUUID } from 'node:crypto';
import type { Table } from '../shared/aws/main-clients.ts';
import { AccountId, type AccountRecord } from '../shared/domain/account.ts';
import {
  type AccountView,
  accountView,
  type Secrets,
  unreadableView,
} from '../shared/domain/account-view.ts';
import { type BaselineDocument, formatBaseline } from '../shared/domain/baseline.ts';
import { UnreadableItem } from '../shared/domain/errors.ts';
import { OUR_SOURCE } from '../shared/domain/event-sources.ts';
import { laterOf } from '../shared/domain/order.ts';
import type { AccountStatus } from '../shared/domain/status.ts';
import {
  accountKey,
  accountOf,
  getRecord,
  getStatuses,
  loadAccount,
  recordPages,
  saveRecord,
  statusPages,
} from '../shared/store/accounts.ts';
import { currentBaseline, getBaseline } from '../shared/store/baselines.ts';
import { getControl } from '../shared/store/controls.ts';
import type { Page } from '../shared/store/item.ts';
import { Failure } from './failure.ts';

/** Every record that can be read, by account id. */
export async function allRecords(table: Table): Promise<readonly AccountRecord[]> {
  return (await flatten(recordPages(table))).items;
}

/** Accounts on a page: as many statuses as one call gives. */
const PAGE = 100;

/** Every account as users see it, by account id, a page at a time: the first without waiting for the others. */
export async function* viewPages(table: Table): AsyncGenerator<AccountView[]> {
  const control = await getControl(table);
  const now = new Date();
  for await (const records of recordPages(table, undefined, PAGE)) {
    const statuses = await getStatuses(
      table,
      records.items.map(({ accountId }) => accountId),
    );
    const status = byAccount(statuses.items);
    const unread = new Map(statuses.unreadable.map((item) => [accountOf(item.pk), item]));
    const views = records.items.map((record) => {
      const item = unread.get(record.accountId);
      return item
        ? unreadableView(item, { accountId: record.accountId, record, now })
        : accountView({ record, status: status.get(record.accountId), control });
    });
    const unknown = records.unreadable.map((item) =>
      unreadableView(item, { accountId: accountOf(item.pk), now }),
    );
    yield [...views, ...unknown].toSorted((a, b) => (a.accountId < b.accountId ? -1 : 1));
  }
}

/** One account as users see it. @throws Failure, as above */
export async function oneView(
  table: Table,
  accountId: string,
  secrets: Secrets = 'masked',
): Promise<AccountView> {
  try {
    return accountView(await findAccount(table, accountId), secrets);
  } catch (error) {
    if (!(error instanceof UnreadableItem)) throw error;
    const isRecord = error.sk === accountKey(accountId).sk;
    const record = isRecord ? undefined : await getRecord(table, accountId);
    return unreadableView(error, { accountId, record, now: new Date() });
  }
}

/** Every status that can be read, under its account id. */
export async function allStatuses(table: Table): Promise<Map<string, AccountStatus>> {
  return byAccount((await flatten(statusPages(table))).items);
}

function byAccount(statuses: readonly AccountStatus[]): Map<string, AccountStatus> {
  return new Map(statuses.map((status) => [status.accountId, status]));
}

/**
 * One account's items.
 * @throws Failure when it is no account id, or Orgkeeper does not know it; UnreadableItem
 */
export async function findAccount(table: Table, id: string) {
  const accountId = readAccountId(id);
  const { record, ...rest } = await loadAccount(table, accountId);
  if (!record) {
    throw new Failure(
      `Orgkeeper does not know account ${accountId}: \`orgkeeper accounts\` lists those it knows.`,
    );
  }
  return { record, ...rest };
}

/** @throws Failure when the text is no account id */
export function readAccountId(text: string): string {
  if (AccountId.safeParse(text).success) return text;
  throw new Failure(`'${text}' is no account id: it has exactly 12 digits.`);
}

async function flatten<T>(pages: AsyncGenerator<Page<T>>): Promise<Page<T>> {
  const items: T[] = [];
  const unreadable: UnreadableItem[] = [];
  for await (const page of pages) {
    items.push(...page.items);
    unreadable.push(...page.unreadable);
  }
  return { items, unreadable };
}

/** A baseline as it was published; its newest version where none is named. @throws Failure when there is none */
export async function publishedBaseline(
  table: Table,
  { name, version }: { readonly name: string; readonly version?: number },
): Promise<BaselineDocument> {
  const newest = await currentBaseline(table, name);
  if (!newest)
    throw new Failure(`There is no baseline ${name}: \`orgkeeper baseline list\` shows those there are.`);
  if (!version || version === newest.version) return newest;
  const found = await getBaseline(table, name, version);
  if (found) return found;
  throw new Failure(
    `There is no ${formatBaseline({ name, version })}: ${formatBaseline(newest)} is the newest.`,
  );
}

const ATTEMPTS = 10;
/** A pass that whoever edits asks for has seen the record by then; the minute's tick sends one where none has. */
const PASS_SECONDS = 600;

/**
 * Changes an account's record as it is now, and signs it; somebody else's change at the same time is kept, by reading
 * and editing again. `edit` returns undefined when there is nothing to change; then nothing is saved, and false
 * returned. What is desired otherwise owes a pass, and is not undone by what was asked for before.
 * @param sweepId the sweep whose circuit breaker that pass obeys
 */
export async function editRecord(
  table: Table,
  accountId: string,
  edit: (record: AccountRecord) => AccountRecord | undefined,
  now = new Date(),
  sweepId?: string,
): Promise<boolean> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { record } = await findAccount(table, accountId);
    const edited = edit(record);
    if (!edited) return false;
    const changedBy = `cli:${randomUUID()}`;
    if (edited.generation === record.generation) {
      if (await saveRecord(table, { ...edited, changedBy }, record)) return true;
      continue;
    }
    const requestedAt = now.toISOString();
    const changedAt = laterOf(requestedAt, record.changedAt);
    const cause = { source: OUR_SOURCE, detailType: 'CommandLine', id: changedBy };
    const work = { accountId, cause, requestedAt, ...(sweepId !== undefined && { sweepId }) };
    const owes = { announce: [], work: [work], seconds: PASS_SECONDS };
    if (await saveRecord(table, { ...edited, changedBy, changedAt }, record, owes)) return true;
  }
  throw new Failure(`Account ${accountId} is being changed by others all the time: try again.`);
}
