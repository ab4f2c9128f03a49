import type { Address } from '../../shared/domain/address-pool.ts';
import { allocate, release } from '../../shared/domain/addresses.ts';
import { ControllerError } from '../../shared/domain/errors.ts';
import { addressBook } from '../../shared/store/addresses.ts';
import type { KeptKind } from './desired.ts';
import { stopped } from './hold.ts';
import type { KindOutcome } from './kind-outcome.ts';
import type { Pass, PassDeps } from './pass-types.ts';

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
export async function giveAddress(
  pass: Pass,
  deps: PassDeps,
  kept: readonly KeptKind[],
): Promise<KindOutcome | undefined> {
  const { place, record } = pass;
  if (place.outputs[OUTPUT] || record.network || stopped(pass)) return undefined;
  for (const { kind, section } of kept) {
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
export async function giveAddressBack(pass: Pass, deps: PassDeps): Promise<void> {
  if (!pass.place.outputs[OUTPUT]) return;
  await release(addressBook(deps.main.table), pass.record.accountId);
  delete pass.place.outputs[OUTPUT];
}
