import type { Table } from '../shared/aws/main-clients.ts';
import { AccountId, type AccountRecord } from '../shared/domain/account.ts';
import {
  type AccountView,
  accountView,
  type Secrets,
  unreadableView,
} from '../shared/domain/account-view.ts';
import { UnreadableItem } from '../shared/domain/errors.ts';
import type { AccountStatus } from '../shared/domain/status.ts';
import {
  accountKey,
  accountOf,
  getRecord,
  getStatuses,
  loadAccount,
  recordPages,
  statusPages,
} from '../shared/store/accounts.ts';
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
