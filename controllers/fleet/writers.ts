import type { Table } from '../../shared/aws/main-clients.ts';
import { UnreadableItem } from '../../shared/domain/errors.ts';
import { getRecord } from '../../shared/store/accounts.ts';
import { allLeases, LEASE_SECONDS, type Lease, leasesOf } from '../../shared/store/leases.ts';

/** What is paused or resumed: the fleet, the accounts of a baseline, or some accounts. */
export type Scope =
  | { readonly fleet: true }
  | { readonly baseline: string }
  | { readonly accountIds: readonly string[] };

/** Clocks of this machine and of a run may differ by so much. */
const SKEW_SECONDS = 60;

/**
 * The runs that may write into what was paused just now. A run takes its lease before it looks at what is paused, and looks
 * before each unit: a run without a lease in this list writes nothing until `resume`.
 */
export async function writersIn(table: Table, scope: Scope, now: Date): Promise<Lease[]> {
  const leases = 'accountIds' in scope ? await leasesOf(table, scope.accountIds) : await allLeases(table);
  // A lease that ended so long ago is of a run that was killed.
  const held = leases.filter(({ until }) => Date.parse(until) + SKEW_SECONDS * 1000 > now.getTime());
  if (!('baseline' in scope)) return held;
  const ofBaseline = await Promise.all(held.map((lease) => isOf(table, lease, scope.baseline)));
  return held.filter((_, index) => ofBaseline[index]);
}

/** True if the run writes by the baseline, or the account has that baseline by now. */
async function isOf(table: Table, lease: Lease, name: string): Promise<boolean> {
  if (lease.baseline === name) return true;
  try {
    return (await getRecord(table, lease.accountId))?.baseline?.name === name;
  } catch (error) {
    if (error instanceof UnreadableItem) return true;
    throw error;
  }
}

/**
 * Tells, each time that it is called, which of these runs may still write. A run is over when its lease is gone or another run's,
 * or when it has not extended its lease for as long as a lease holds: so the clock of this machine decides nothing.
 */
export function watchWriters(
  table: Table,
  writers: readonly Lease[],
): (now: Date) => Promise<readonly Lease[]> {
  const seen = new Map(
    writers.map((lease) => [lease.passId, { lease, since: undefined as Date | undefined }]),
  );
  return async (now) => {
    const current = await leasesOf(
      table,
      [...seen.values()].map(({ lease }) => lease.accountId),
    );
    for (const [passId, { lease, since = now }] of seen) {
      const next = current.find((one) => one.passId === passId);
      const isExtended = next !== undefined && next.until !== lease.until;
      const isSilent = now.getTime() - since.getTime() >= LEASE_SECONDS * 1000;
      if (!next || (!isExtended && isSilent)) seen.delete(passId);
      else seen.set(passId, { lease: next, since: isExtended ? now : since });
    }
    return [...seen.values()].map(({ lease }) => lease);
  };
}
