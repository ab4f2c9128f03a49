import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { ForeignResource, InvalidDesiredState } from '../../shared/domain/errors.ts';
import { withoutTimes } from '../../shared/domain/made-at.ts';
import type { Difference, Leftover } from '../../shared/domain/status.ts';
import type { Unit } from '../../shared/domain/unit.ts';
import { unitsNeeded } from '../kinds/graph.ts';
import { type AnyKind, type KindAccount, resourcesOf } from '../kinds/kind.ts';
import { kindAccount } from '../kinds/kind-account.ts';
import { holdsBlock, releaseAddresses, releaseBlocks } from './addresses.ts';
import { suspendedBy, type WritePermission, writePermission } from './gate.ts';
import { leftoversOf, notInBaseline } from './leftovers.ts';
import type {
  Findings,
  ManagedKind,
  ObservedUnit,
  Run,
  RunDeps,
  Suspension,
  UnitOutcome,
  Workplace,
} from './model.ts';
import { inRegion, kindsIn, regionSaid, runIn } from './places.ts';
import { openUnitGate, REGION_POLICIES, regionFailure, WRITING_MS } from './region-down.ts';
import { inRemovalOrder, placeOf } from './removal-order.ts';
import { contextFor, renderUnit } from './run-unit.ts';
import { clientsFor, writingPolicy } from './session.ts';

/** What is in the way is somebody's to move: it is looked at again so often without being asked. */
const AGAIN_SECONDS = 15 * 60;

/**
 * Takes away what Orgkeeper made in an account that is retiring. Safe to repeat after a crash at any call. The role by which
 * its owner lets us in stays: it is the owner's.
 */
export async function removeEverything(
  run: Run,
  deps: RunDeps,
  managed: readonly ManagedKind[],
): Promise<Findings> {
  const hold = suspendedBy(run);
  const none = { findings: [], failures: [] };
  const [home] = run.regions;
  const inRegions = run.regions.flatMap((region) => {
    const at = runIn(run, region);
    // What was made under a name that Main may not assume is taken away like any other.
    const { executionRolePattern: _, ...account } = kindAccount(at.record, deps.config, managed);
    return kindsIn(region, managed, home).map((one) => ({
      ...{ ...one, account, run: at },
      ...said(one.kind, region, run),
    }));
  });
  if (hold) return { outcomes: inRegions.map(held), hold, ...none };
  const left = await leftoversOf(run, deps);
  const dropped = left.filter(({ kind }) => managed.every((one) => one.kind !== kind));
  const giving = [
    ...managed,
    ...dropped.flatMap(({ kind, section }) => (section === undefined ? [] : { kind, section })),
  ];
  const units = [
    ...inRegions.map((unit) => ({ ...unit, needs: unitsNeeded(placeOf(unit), giving, home) })),
    ...left,
  ];
  const { outcomes, hold: since } = await removeUnits(units, {
    run,
    deps,
    permission: writePermission(run, deps),
  });
  const retired = outcomes.every(({ state }) => state.is === 'removed') && run.stands.leftovers.length === 0;
  if (retired && addressIsFree(units, run)) await releaseAddresses(run, deps);
  return { outcomes, retired, ...(since && { hold: since }), ...none };
}

/** What became of the regions of an account that a person asked to have cleared. */
interface Cleared {
  /** The units that the run has tried to remove. */
  readonly units: readonly Unit[];
  readonly outcomes: readonly UnitOutcome[];
  /** Why nothing more was removed. */
  readonly hold?: Suspension;
}

/**
 * Takes away what desired state no longer has in the regions in which a person asked for that, and gives their blocks of addresses
 * back. What stands in a region of the account is never among it. Safe to repeat after a crash at any call.
 * @throws Conflict when another run holds the lease
 */
export async function clearRegions(run: Run, deps: RunDeps, permission: WritePermission): Promise<Cleared> {
  const regions = (run.record.clearing ?? []).filter((region) => !run.regions.includes(region));
  const isAsked = ({ region }: Leftover) => regions.includes(region);
  if (!run.stands.leftovers.some(isAsked) && !holdsBlock(run, regions)) return { units: [], outcomes: [] };
  const units = (await leftoversOf(run, deps)).filter(({ leftover }) => isAsked(leftover));
  const { outcomes, hold } = await removeUnits(units, { run, deps, permission });
  const isPooled = ({ kind }: Leftover) => deps.kinds.find(({ name }) => name === kind)?.pool !== undefined;
  const free = regions.filter(
    (region) => !run.stands.leftovers.some((one) => one.region === region && isPooled(one)),
  );
  if (!hold) await releaseBlocks(run, free, deps);
  return { units: units.map(({ leftover }) => leftover), outcomes, ...(hold && { hold }) };
}

/** With what units are removed. */
interface Removal {
  readonly run: Run;
  readonly deps: RunDeps;
  readonly permission: WritePermission;
}

/**
 * Removes units, if the run may. Where a baseline that made one of them cannot be had any more, nothing is removed: only that
 * baseline could say whether something uses what would go first.
 */
async function removeUnits(
  units: readonly Removable[],
  removal: Removal,
): Promise<{ outcomes: readonly UnitOutcome[]; hold?: Suspension }> {
  if (units.some(isUnknown))
    return { outcomes: units.map((unit) => (isUnknown(unit) ? unknown(unit) : waitsForOthers(unit))) };
  const hold = await removal.permission.askToRemove();
  return hold ? { outcomes: units.map(held), hold } : removeSideBySide(units, removal);
}

/**
 * Removes units side by side, regions included: each once all those are gone whose sections name its outputs, and what has no
 * region after what has one. A unit that cannot be removed, or a region that does not answer, stops only what it may still use.
 * Leftovers that are gone are forgotten.
 * @returns the outcomes in the order of the kinds, and why the rest was left, if the run was told to stop meanwhile
 */
async function removeSideBySide(
  units: readonly Removable[],
  { run, deps, permission }: Removal,
): Promise<{ outcomes: readonly UnitOutcome[]; hold?: Suspension }> {
  let hold: Suspension | undefined;
  const remove = async (unit: Removable, before: readonly Promise<UnitOutcome>[]): Promise<UnitOutcome> => {
    const stays = (await Promise.all(before)).some(({ state }) => state.is !== 'removed');
    if (!stays && !hold) {
      try {
        const suspended = await permission.askToRemove();
        hold ??= suspended;
      } catch (error) {
        return { ...of(unit), state: { is: 'failed', error } };
      }
    }
    if (hold) return held(unit);
    return stays ? waitsForOthers(unit) : takeAway(unit, deps);
  };
  const removing = new Map<Removable, Promise<UnitOutcome>>();
  for (const { unit, after } of inRemovalOrder(units)) {
    const before = after.flatMap((one) => removing.get(one) ?? []);
    removing.set(unit, remove(unit, before));
  }
  const inKindOrder = deps.kinds.flatMap((kind) => units.filter((unit) => unit.kind === kind));
  const outcomes = await Promise.all(inKindOrder.flatMap((unit) => removing.get(unit) ?? []));
  run.stands.leftovers = run.stands.leftovers.flatMap((leftover): Leftover | [] => {
    const at = inKindOrder.findIndex((unit) => unit.leftover === leftover);
    const unit = inKindOrder[at];
    if (!unit) return leftover;
    if (outcomes[at]?.state.is === 'removed') return [];
    return { ...leftover, outputs: unit.kind.made(unit.run.place.outputs) };
  });
  return { outcomes, ...(hold && { hold }) };
}

/** A unit as far as its outcome names it. */
type Named = Pick<Removable, 'kind' | 'leftover' | 'region'>;

/** Whether all that a block was given for is seen to be gone. */
function addressIsFree(units: readonly Removable[], { before, record }: Run): boolean {
  const users = units.filter(({ kind }) => kind.pool);
  if (users.some(({ kind, run }) => Object.keys(kind.made(run.place.outputs)).length > 0)) return false;
  // A status from before leftovers were recorded does not say what an account made before it brought its own.
  const knowsLeftovers = before?.home !== undefined && !before.home.inferred;
  return (
    knowsLeftovers ||
    users.some(({ kind, leftover }) => leftover || !kind.broughtAlong?.supersedes({}, record))
  );
}

/** What was made of a kind in a place: kept until now, or left there by an earlier desired state. */
interface Removable {
  readonly kind: AnyKind;
  /** Absent of a leftover whose baseline cannot be had any more. */
  readonly section?: unknown;
  /** The units whose outputs its section names. */
  readonly needs: readonly Unit[];
  readonly account: KindAccount;
  readonly run: Run;
  /** Where the account has several regions. */
  readonly region?: string;
  readonly leftover?: Leftover;
}

function said(kind: AnyKind, region: string, run: Run): Pick<Removable, 'region'> {
  const one = regionSaid(kind, region, run);
  return one ? { region: one } : {};
}

/** What every outcome of a unit says: whose it is, and where where that is not the account's own region. */
function of({ kind, leftover, region: own }: Named) {
  const region = kind.scope === 'regional' ? (leftover?.region ?? own) : undefined;
  return { kind, ...(region && { region }), differences: [], unowned: [] };
}

/** Takes away what was made of a kind, under earlier names too; but not the role by which the account is entered. */
async function takeAway(unit: Removable, deps: RunDeps): Promise<UnitOutcome> {
  const { kind, account, run, section } = unit;
  const one = { kind, section, account };
  const former = formerRoles(one, run);
  const stays = isEntry(kind, account);
  if (stays && former.length === 0) return leftToOwner(of(unit), account);
  const limit = { region: account.region, milliseconds: WRITING_MS };
  const { gate, within } = openUnitGate(run.gate, limit, deps.now);
  const clients = (wanted: unknown) =>
    clientsFor({ ...run, gate }, deps, {
      policy: writingPolicy(kind, [...resourcesOf(kind, wanted, account, run.place.outputs), ...former]),
      writes: true,
    });
  const { region } = of(unit);
  const removed = await within(() => removeUnit(one, run.place, clients)).catch(
    (error: unknown): UnitOutcome => ({ ...of(unit), state: { is: 'failed', error } }),
  );
  const outcome = inRegion(lookedAtAgain(await asRegionSays(removed, unit, deps)), region);
  return stays && outcome.state.is === 'removed' ? leftToOwner(outcome, account) : outcome;
}

/** The role by which the account is entered. */
function isEntry(kind: AnyKind, { entry }: KindAccount): boolean {
  return entry !== undefined && kind.entryRole !== undefined;
}

/** ARNs of roles that were made under other names before; none where the baseline makes no sense. */
function formerRoles(
  one: Pick<ObservedUnit, 'kind' | 'section' | 'account'>,
  { place }: Run,
): readonly string[] {
  try {
    return one.kind.entryRole?.former(renderUnit(one, place, place.outputs), place.outputs) ?? [];
  } catch (error) {
    if (error instanceof InvalidDesiredState) return [];
    throw error;
  }
}

function leftToOwner(outcome: Omit<UnitOutcome, 'state'>, { entry }: KindAccount): UnitOutcome {
  const message = `${entry?.roleArn} stays: its owner made it to let Orgkeeper in, and removes it.`;
  return { ...outcome, state: { is: 'removed', reason: 'Left', message } };
}

/** A leftover whose baseline is not to be had: only that says how to take it away. */
type Unknown = Removable & { readonly leftover: Leftover };

function isUnknown(unit: Removable): unit is Unknown {
  return unit.leftover !== undefined && unit.section === undefined;
}

function unknown(unit: Unknown): UnitOutcome {
  const { reason, message } = notInBaseline(unit, unit.run.regions);
  return { ...of(unit), state: { is: 'blocked', reason, message } };
}

function waitsForOthers(unit: Named): UnitOutcome {
  const message = 'Stays until what was made after it is gone.';
  return { ...of(unit), state: { is: 'blocked', reason: 'WaitingForRemoval', message } };
}

function held(unit: Named): UnitOutcome {
  return { ...of(unit), state: { is: 'held' } };
}

/** A failure in a region that is not enabled in the account says that: what stands there is still there. */
async function asRegionSays(
  outcome: UnitOutcome,
  { account, run }: Removable,
  deps: RunDeps,
): Promise<UnitOutcome> {
  const { kind, state } = outcome;
  if (state.is !== 'failed' || kind.scope === 'global') return outcome;
  const error = await regionFailure(state.error, account.region, {
    open: () => clientsFor(run, deps, { policy: REGION_POLICIES.read }),
    mayEnable: async () => false,
  });
  return { ...outcome, state: { is: 'failed', error } };
}

function lookedAtAgain(outcome: UnitOutcome): UnitOutcome {
  const { state } = outcome;
  if (state.is !== 'failed' || !(state.error instanceof ForeignResource)) return outcome;
  const { message, reason, remedy } = state.error;
  const error = new ForeignResource(message, {
    cause: state.error,
    reason,
    ...(remedy && { remedy }),
    retryAfterSeconds: AGAIN_SECONDS,
  });
  return { ...outcome, state: { is: 'failed', error } };
}

/**
 * Takes away what Orgkeeper made of one kind, with clients that may write. What was recorded of it and is not any more
 * stands among the differences. Never throws: what went wrong is the outcome.
 */
export async function removeUnit(
  one: Pick<ObservedUnit, 'kind' | 'section' | 'account'>,
  place: Workplace,
  clients: (wanted: unknown) => Promise<MemberClients>,
): Promise<UnitOutcome> {
  const { kind, account } = one;
  const recorded = { ...place.outputs };
  // Other units take theirs out of the outputs of this place at the same time.
  const forgotten = new Set<string>();
  let state: UnitOutcome['state'];
  try {
    const wanted = renderUnit(one, place, recorded);
    const context = contextFor(account, place, await clients(wanted), recorded);
    await kind.remove(wanted, {
      ...context,
      record(outputs) {
        for (const [name, value] of Object.entries(outputs)) if (value === undefined) forgotten.add(name);
        context.record(outputs);
      },
    });
    state = { is: 'removed', reason: 'Removed', message: 'What Orgkeeper made is gone.' };
  } catch (error) {
    state = { is: 'failed', error };
  }
  const gone = Object.entries(withoutTimes(recorded)).filter(
    ([output]) => forgotten.has(output) && place.outputs[output] === undefined,
  );
  const differences = gone.map(
    ([resource, actual]): Difference => ({ kind: kind.name, resource, path: '', actual, action: 'removed' }),
  );
  return { kind, differences, unowned: [], state };
}
