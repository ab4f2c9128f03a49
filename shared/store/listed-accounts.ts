import type { Table } from '../aws/main-clients.ts';
import type { AccountRecord } from '../domain/account.ts';
import { type AccountView, accountView, unreadableView } from '../domain/account-view.ts';
import type { Control } from '../domain/control.ts';
import { accountOf, getReadableRecords, getStatuses, recordPages } from './accounts.ts';
import { getControl } from './controls.ts';
import type { Page } from './item.ts';
import { differingAccounts } from './statuses.ts';

/** Accounts on a page: the most statuses that one call returns. */
const PAGE = 100;

/** An account as users see it, and its record; the record is absent if it cannot be read. */
export interface ListedAccount {
  readonly view: AccountView;
  readonly record?: AccountRecord;
  /** When the account was first ready; absent until then. */
  readonly readySince?: string;
}

/** Every account, sorted by account id, one page at a time: a Query and a BatchGetItem for each hundred. */
export async function* accountPages(table: Table): AsyncGenerator<ListedAccount[]> {
  const control = await getControl(table);
  const now = new Date();
  for await (const records of recordPages(table, undefined, PAGE)) yield listed(table, records, control, now);
}

/**
 * The accounts whose last run found differences, as `accountPages` lists them, without reading the others: one whose last run was by a
 * version from before 0.1.0 is missing until its next run.
 */
export async function* differingAccountPages(table: Table): AsyncGenerator<ListedAccount[]> {
  const control = await getControl(table);
  const now = new Date();
  for await (const ids of differingAccounts(table, PAGE))
    yield listed(table, await getReadableRecords(table, ids), control, now);
}

/** The accounts of these records, with their statuses. */
async function listed(
  table: Table,
  records: Page<AccountRecord>,
  control: Control,
  now: Date,
): Promise<ListedAccount[]> {
  const statuses = await getStatuses(
    table,
    records.items.map(({ accountId }) => accountId),
  );
  const status = new Map(statuses.items.map((one) => [one.accountId, one]));
  const unread = new Map(statuses.unreadable.map((item) => [accountOf(item.pk), item]));
  const known = records.items.map((record): ListedAccount => {
    const item = unread.get(record.accountId);
    const view = item
      ? unreadableView(item, { accountId: record.accountId, record, now })
      : accountView({ record, status: status.get(record.accountId), control, now });
    const { readySince } = status.get(record.accountId) ?? {};
    return { view, record, ...(readySince !== undefined && { readySince }) };
  });
  const unknown = records.unreadable.map(
    (item): ListedAccount => ({ view: unreadableView(item, { accountId: accountOf(item.pk), now }) }),
  );
  return [...known, ...unknown].toSorted((a, b) => (a.view.accountId < b.view.accountId ? -1 : 1));
}
