import type { Address } from '../../shared/domain/address-pool.ts';
import { allocate, release } from '../../shared/domain/addresses.ts';
import { ControllerError } from '../../shared/domain/errors.ts';
import { addressBook } from '../../shared/store/addresses.ts';
import { suspendedBy } from './gate.ts';
import type { ManagedKind, Run, RunDeps, UnitOutcome } from './model.ts';

const OUTPUT = 'address.cidr';

/** Outputs as they were recorded, with the block that the account holds now, and no other. Pure. */
export function withAddress(
  outputs: Readonly<Record<string, string>> | undefined,
  address: Address | undefined,
): Record<string, string> {
  const { [OUTPUT]: _, ...others } = outputs ?? {};
  return { ...others, ...(address && { [OUTPUT]: address.cidr }) };
}

/**
 * Sees to it that an account whose baseline names a pool has a block of it. One that has a block keeps it, whatever
 * pool its baseline names by now; one that is not written into, or that brings its own network, gets none.
 * @returns the outcome of the kind that wants the block, when there is none to be had
 */
export async function claimAddress(
  run: Run,
  deps: RunDeps,
  managed: readonly ManagedKind[],
): Promise<UnitOutcome | undefined> {
  const { place, record } = run;
  if (place.outputs[OUTPUT] || record.network || suspendedBy(run)) return undefined;
  for (const { kind, section } of managed) {
    const pool = kind.pool?.of(section);
    if (!pool) continue;
    try {
      const holder = { accountId: record.accountId, now: new Date() };
      const { cidr } = await allocate(addressBook(deps.main.table), pool, holder);
      place.outputs[OUTPUT] = cidr;
      return undefined;
    } catch (error) {
      if (!(error instanceof ControllerError)) throw error;
      return { kind, differences: [], unowned: [], state: { is: 'failed', error } };
    }
  }
  return undefined;
}

/** Gives the account's block back to its pool. Safe to repeat; only once nothing in the account uses it any more. */
export async function releaseAddress(run: Run, deps: RunDeps): Promise<void> {
  if (!run.place.outputs[OUTPUT]) return;
  await release(addressBook(deps.main.table), run.record.accountId);
  delete run.place.outputs[OUTPUT];
}
