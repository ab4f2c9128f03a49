import {
  ADDRESS_OUTPUT,
  addressOutputs,
  allocate,
  blockIn,
  type Holdings,
  inRegions,
  release,
  releaseAll,
  settleRegion,
} from '../../shared/domain/addresses.ts';
import { ControllerError } from '../../shared/domain/errors.ts';
import { addressBook } from '../../shared/store/addresses.ts';
import { regionOf } from '../kinds/kind-account.ts';
import { suspendedBy } from './gate.ts';
import type { ManagedKind, Run, RunDeps, UnitOutcome } from './model.ts';

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

/** Puts the blocks that the account holds now among the outputs of their regions, and takes out all others. */
export function placeAddresses({ place, elsewhere, regions, stands }: Run): void {
  const [home, ...others] = regions;
  const put = (outputs: Record<string, string>, region: string) => {
    const block = blockIn(stands.holdings ?? { blocks: [] }, { region, home });
    delete outputs[ADDRESS_OUTPUT];
    Object.assign(outputs, addressOutputs(block));
  };
  put(place.outputs, home);
  for (const region of others) {
    const outputs = elsewhere.get(region) ?? {};
    put(outputs, region);
    elsewhere.set(region, outputs);
  }
}

/**
 * Sees to it that an account whose baseline names a pool has a block of it. One that has a block keeps it, whatever
 * pool its baseline names by now; one that is not written into, or that brings its own resources, gets none.
 * @returns the outcome of the kind that wants the block, when there is none to be had
 */
export async function claimAddress(
  run: Run,
  deps: RunDeps,
  managed: readonly ManagedKind[],
): Promise<UnitOutcome | undefined> {
  const { place, record } = run;
  if (place.outputs[ADDRESS_OUTPUT] || suspendedBy(run)) return undefined;
  for (const { kind, section } of managed) {
    const pool = kind.pool?.of(section);
    if (!pool || kind.broughtAlong?.supersedes({}, record)) continue;
    try {
      const [home] = run.regions;
      const region = regionOf(record, deps.config);
      const holder = { accountId: record.accountId, region, home, now: deps.now() };
      Object.assign(
        place.outputs,
        addressOutputs(await allocate(addressBook(deps.main.table), pool, holder)),
      );
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
  const places = [run.place.outputs, ...run.elsewhere.values()];
  const holds =
    (run.stands.holdings?.blocks.length ?? 0) > 0 || places.some((outputs) => ADDRESS_OUTPUT in outputs);
  if (!holds) return;
  await releaseAll(addressBook(deps.main.table), run.record.accountId);
  for (const outputs of places) delete outputs[ADDRESS_OUTPUT];
}

/** Whether the account held a block of addresses in one of the regions when the run began. Pure. */
export function holdsBlock({ stands, regions: [home] }: Run, regions: readonly string[]): boolean {
  return regions.some((region) => blockIn(stands.holdings ?? { blocks: [] }, { region, home }) !== undefined);
}

/** Gives the blocks of these regions back to their pools. Safe to repeat; only where nothing uses them any more. */
export async function releaseBlocks(run: Run, regions: readonly string[], { main }: RunDeps): Promise<void> {
  const { record } = run;
  const [home] = run.regions;
  for (const region of regions) {
    const holder = { accountId: record.accountId, region, home };
    if (holdsBlock(run, [region])) await release(addressBook(main.table), holder);
  }
}
