import { AccountId, type AccountRecord } from '../shared/account.ts';
import { type AccountView, accountView } from '../shared/account-view.ts';
import type { AccountStatus } from '../shared/status.ts';
import { loadAccount, recordPages, statusPages } from '../shared/store/accounts.ts';
import { getControl } from '../shared/store/controls.ts';
import type { Table } from '../shared/store/table.ts';
import { Failure } from './failure.ts';

/** Every record, by account id. */
export async function allRecords(table: Table): Promise<AccountRecord[]> {
  return flatten(recordPages(table));
}

/** Every account as users see it, by account id. */
export async function allViews(table: Table): Promise<AccountView[]> {
  const [records, statuses, control] = await Promise.all([
    allRecords(table),
    allStatuses(table),
    getControl(table),
  ]);
  return records.map((record) => accountView({ record, status: statuses.get(record.accountId), control }));
}

/** Every status, under its account id. */
export async function allStatuses(table: Table): Promise<Map<string, AccountStatus>> {
  const statuses = await flatten(statusPages(table));
  return new Map(statuses.map((status) => [status.accountId, status]));
}

/** One account's items. @throws Failure when it is no account id, or Orgkeeper does not know it */
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

async function flatten<T>(pages: AsyncGenerator<T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}
