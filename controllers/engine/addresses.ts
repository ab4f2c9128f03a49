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
 * The address blocks that the account holds, each with its region. A block recorded without a region belongs to the home region of
 * the last saved run. If the home region has changed since, that region is recorded first, because it would be lost otherwise.
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

/** Adds the blocks that the account holds to the outputs of their regions, and removes all others from the outputs. */
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
 * Allocates a block to an account whose baseline names a pool. An account with a block keeps it, whatever pool its baseline names
 * now. An account that is observed only or paused, or that has a network of its owner, gets no block.
 * @returns the outcome of the kind that needs the block, if none could be allocated
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

/** Returns all blocks of the account to their pools. Safe to repeat. The caller knows that nothing uses them any more. */
export async function releaseAddresses(run: Run, deps: RunDeps): Promise<void> {
  const places = [run.place.outputs, ...run.elsewhere.values()];
  const holds =
    (run.stands.holdings?.blocks.length ?? 0) > 0 || places.some((outputs) => ADDRESS_OUTPUT in outputs);
  if (!holds) return;
  await releaseAll(addressBook(deps.main.table), run.record.accountId);
  for (const outputs of places) delete outputs[ADDRESS_OUTPUT];
}

/** True if the account held an address block in one of the regions when the run began. Pure. */
export function holdsBlock({ stands, regions: [home] }: Run, regions: readonly string[]): boolean {
  return regions.some((region) => blockIn(stands.holdings ?? { blocks: [] }, { region, home }) !== undefined);
}

/** Returns the blocks of these regions to their pools. Safe to repeat. The caller knows that nothing uses them any more. */
export async function releaseBlocks(run: Run, regions: readonly string[], { main }: RunDeps): Promise<void> {
  const { record } = run;
  const [home] = run.regions;
  for (const region of regions) {
    const holder = { accountId: record.accountId, region, home };
    if (holdsBlock(run, [region])) await release(addressBook(main.table), holder);
  }
}
