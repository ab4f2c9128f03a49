import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import { accountOf, statusKey } from './accounts.ts';
import { type Item, reader } from './item.ts';
import { DAY_SECONDS, expiresIn, getItems, type Key, queryPages } from './table.ts';

/** How long a lease holds after each heartbeat of its run. */
export const LEASE_SECONDS = 30;

/** The right of one run to write into an account. It is part of the status item; the status ends it when it is saved. */
export interface Lease {
  readonly accountId: string;
  /** The run. */
  readonly passId: string;
  /** ISO time, by the clock of the run, which extends it with each heartbeat. */
  readonly until: string;
  /** Baseline by which the run writes; absent without a marker. */
  readonly baseline?: string;
}

/**
 * Each run that has a lease also has a marker in one partition, so that all of them are found by one consistent query. Where a
 * lease is and when it expires, the status item says: a marker that a killed run left behind means nothing.
 */
const MARKERS = 'writers';

/** The key of the marker of the run that writes into an account. */
export const markerKey = (accountId: string): Key => ({ pk: MARKERS, sk: accountId });

/** The marker of a run. It expires after a day, unless the run removes it. */
export function markerItem(
  {
    accountId,
    baseline,
  }: { readonly accountId: string; readonly baseline?: { readonly name: string } | undefined },
  passId: string,
  now: Date,
) {
  return {
    ...markerKey(accountId),
    passId,
    ...(baseline && { baseline: baseline.name }),
    expiresAt: expiresIn(DAY_SECONDS, now),
  };
}

const readLease = reader<Pick<Lease, 'passId' | 'until'>>({ passId: z.string(), until: z.string() });
const readMarker = reader<{ readonly passId: string; readonly baseline?: string }>({
  passId: z.string(),
  baseline: z.string().optional(),
});

/** All leases that runs have, read consistently, expired ones included. Costs one query, and a read for each lease. */
export async function allLeases(table: Table): Promise<Lease[]> {
  const baselines = new Map<string, string | undefined>();
  const query = {
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': MARKERS },
    ConsistentRead: true,
  };
  for await (const page of queryPages(table, query)) {
    for (const item of page) baselines.set(String(item.sk), readMarker(item).baseline);
  }
  const leases = await leasesOf(table, [...baselines.keys()]);
  return leases.map((lease) => {
    const baseline = baselines.get(lease.accountId);
    return { ...lease, ...(baseline !== undefined && { baseline }) };
  });
}

/** The leases on these accounts, read consistently, expired ones included. */
export async function leasesOf(table: Table, accountIds: readonly string[]): Promise<Lease[]> {
  const items = await getItems(table, accountIds.map(statusKey));
  return items.flatMap((item) => {
    if (!item.lease) return [];
    const { passId, expiresAt: until } = item.lease as Item;
    const lease = readLease({ pk: item.pk, sk: item.sk, passId, until });
    return [{ accountId: accountOf(String(item.pk)), ...lease }];
  });
}
