import type { Table } from '../../shared/aws/main-clients.ts';
import type { UnreadableItem } from '../../shared/domain/errors.ts';
import {
  countFleet,
  type FleetCounts,
  type Standing,
  standingOf,
  unreadableStanding,
} from '../../shared/domain/fleet-summary.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import { accountOf, getStatuses, recordPages } from '../../shared/store/accounts.ts';
import { getControl } from '../../shared/store/controls.ts';

/** Counts the fleet, a page of records and their statuses at a time, and keeps nothing of an item but what is counted. */
export async function countAccounts(table: Table, now: Date): Promise<FleetCounts> {
  const control = await getControl(table);
  const standings: Standing[] = [];
  for await (const { items, unreadable } of recordPages(table)) {
    const ids = items.map(({ accountId }) => accountId);
    const read = await getStatuses(table, ids, 'eventual');
    const statuses = new Map<string, AccountStatus | UnreadableItem>([
      ...read.items.map((status) => [status.accountId, status] as const),
      ...read.unreadable.map((item) => [accountOf(item.pk), item] as const),
    ]);
    for (const record of items)
      standings.push(standingOf(record, statuses.get(record.accountId), { control, now }));
    for (const item of unreadable) standings.push(unreadableStanding(accountOf(item.pk), item, now));
  }
  return countFleet(standings, now);
}
