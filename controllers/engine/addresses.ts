import {
  allocate,
  type Holdings,
  inRegions,
  releaseAll,
  settleRegion,
} from '../../shared/domain/addresses.ts';
import { ControllerError } from '../../shared/domain/errors.ts';
import { outputKey, splitOutputKey } from '../../shared/domain/unit.ts';
import { addressBook } from '../../shared/store/addresses.ts';
import { regionOf } from './desired-state.ts';
import { suspendedBy } from './gate.ts';
import type { ManagedKind, Run, RunDeps, UnitOutcome } from './model.ts';

const OUTPUT = 'address.cidr';

/**
 * What the account holds, with the region of each block. One that was recorded without is of the region that was home when the
 * account was last saved; where another one is home now, that is written down first, or nobody would know it any more.
 */
export async function holdingsOf(
  holdings: Holdings,
  { was, home }: { readonly was: string | undefined; readonly home: string },
  { main }: Pick<RunDeps, 'main'>,
): Promise<Holdings> {
  const region = was ?? home;
  const isUnsettled = holdings.blocks.some((block) => block.region === undefined);
  if (isUnsettled && region !== home) await settleRegion(addressBook(main.table), holdings.accountId, region);
  return inRegions(holdings, region);
}

/** Outputs as they were recorded, with the blocks that the account holds now, each of its region, and no others. Pure. */
export function withAddresses(
  outputs: Readonly<Record<string, string>> | undefined,
  { blocks }: Holdings,
  home: string,
): Record<string, string> {
  const others = Object.entries(outputs ?? {}).filter(([key]) => !isAddress(key));
  const held = blocks.map(({ region = home, cidr }) => [outputKey(OUTPUT, region, home), cidr] as const);
  return Object.fromEntries([...others, ...held]);
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
      const home = regionOf(record, deps.config);
      const holder = { accountId: record.accountId, region: home, home, now: new Date() };
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

/** Gives all blocks of the account back to their pools. Safe to repeat; only once nothing in the account uses them any more. */
export async function releaseAddresses(run: Run, deps: RunDeps): Promise<void> {
  const held = Object.keys(run.place.outputs).filter(isAddress);
  if (held.length === 0) return;
  await releaseAll(addressBook(deps.main.table), run.record.accountId);
  for (const key of held) delete run.place.outputs[key];
}

/** True for the block of a region, the home region's included. */
function isAddress(key: string): boolean {
  return (splitOutputKey(key)?.name ?? key) === OUTPUT;
}
