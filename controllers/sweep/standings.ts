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
import { accountOf, recordPages, statusPages } from '../../shared/store/accounts.ts';
import { getControl } from '../../shared/store/controls.ts';

/** Counts the fleet: reads two collections of the index, a Query for each megabyte, and keeps nothing of an item but what is counted. */
export async function countAccounts(table: Table, now: Date): Promise<FleetCounts> {
  const control = await getControl(table);
  const statuses = new Map<string, AccountStatus | UnreadableItem>();
  for await (const { items, unreadable } of statusPages(table)) {
    for (const status of items) statuses.set(status.accountId, withoutDetails(status));
    for (const item of unreadable) statuses.set(accountOf(item.pk), item);
  }
  const standings: Standing[] = [];
  for await (const { items, unreadable } of recordPages(table)) {
    for (const record of items)
      standings.push(standingOf(record, statuses.get(record.accountId), { control, now }));
    for (const item of unreadable) standings.push(unreadableStanding(accountOf(item.pk), item, now));
  }
  return countFleet(standings, now);
}

function withoutDetails(status: AccountStatus): AccountStatus {
  const { outputs: _, lastPass, ...rest } = status;
  return { ...rest, outputs: {}, ...(lastPass && { lastPass: { ...lastPass, differences: [] } }) };
}
