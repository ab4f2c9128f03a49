import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { ForeignResource, InvalidDesiredState } from '../../shared/domain/errors.ts';
import { withoutTimes } from '../../shared/domain/made-at.ts';
import type { Difference, Leftover } from '../../shared/domain/status.ts';
import type { Unit } from '../../shared/domain/unit.ts';
import { unitsNeeded } from '../kinds/graph.ts';
import { type AnyKind, type KindAccount, resourcesOf } from '../kinds/kind.ts';
import { kindAccount } from '../kinds/kind-account.ts';
import { holdsBlock, releaseAddresses, releaseBlocks } from './addresses.ts';
import { enteringAs, entersByRole } from './enters-by.ts';
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
import { inRegion, kindsIn, regionSaid, runIn, unitIn } from './places.ts';
import { openUnitGate, REGION_POLICIES, regionFailure, WRITING_MS } from './region-down.ts';
import { inRemovalOrder, placeOf } from './removal-order.ts';
import { contextFor, renderUnit } from './run-unit.ts';
import { clientsFor, writingPolicy } from './session.ts';
import { isEntryRole } from './unrecorded.ts';

/** A person must remove what blocks a removal: the removal is tried again at this interval without a request. */
const AGAIN_SECONDS = 15 * 60;

/**
 * Removes what Orgkeeper made in an account that is retiring. Safe to repeat after a crash at any call. A role that the owner made for
 * Orgkeeper stays.
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
    // Without the pattern, a role with a name that Main may not assume is removed like any other.
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
  const entry = deps.kinds.filter(({ entryRole }) => entryRole).map((kind) => unitIn(kind, home));
  const units = [
    ...inRegions.map((unit) => ({
      ...unit,
      needs: [
        ...unitsNeeded(placeOf(unit), giving, home),
        ...(entersByRole(unit.kind, unit.run) ? entry : []),
      ],
    })),
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

/** The outcome for the regions of an account whose clearing a person requested. */
interface Cleared {
  /** The units that the run has tried to remove. */
  readonly units: readonly Unit[];
  readonly outcomes: readonly UnitOutcome[];
  /** Why the run stopped removing; absent if it did not. */
  readonly hold?: Suspension;
}

/**
 * Removes the leftovers in the regions whose clearing a person requested, and returns their address blocks to the pools. Removes nothing
 * in a region in which the account is managed. Safe to repeat after a crash at any call.
 * @throws Conflict if another run holds the lease
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

/** The run that removes units, and its permission to. */
interface Removal {
  readonly run: Run;
  readonly deps: RunDeps;
  readonly permission: WritePermission;
}

/**
 * Removes units, if the run may. If the baseline that made one of them is not available any more, nothing is removed: only that
 * baseline says which other units this one needs.
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
 * Removes units in parallel, in all regions: each after the units whose sections name its outputs, and global units after regional
 * ones. A unit that cannot be removed, or a region that does not answer, stops only the removal of what that unit may still use.
 * Removed leftovers are forgotten.
 * @returns the outcomes in the order of the kinds, and why the others were left, if the account was paused meanwhile
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

/** The fields of a unit that its outcome names. */
type Named = Pick<Removable, 'kind' | 'leftover' | 'region'>;

/** True if everything that an address block was allocated for is known not to exist any more. */
function addressIsFree(units: readonly Removable[], { before, record }: Run): boolean {
  const users = units.filter(({ kind }) => kind.pool);
  if (users.some(({ kind, run }) => Object.keys(kind.made(run.place.outputs)).length > 0)) return false;
  // A status from before leftovers were recorded does not name a network that was made before the account was registered with its owner's.
  const knowsLeftovers = before?.home !== undefined && !before.home.inferred;
  return (
    knowsLeftovers ||
    users.some(({ kind, leftover }) => leftover || !kind.broughtAlong?.supersedes({}, record))
  );
}

/** A unit to remove: managed until now, or a leftover of an earlier desired state. */
interface Removable {
  readonly kind: AnyKind;
  /** Absent if it is a leftover whose baseline is not available any more. */
  readonly section?: unknown;
  /** The units whose outputs its section names. */
  readonly needs: readonly Unit[];
  readonly account: KindAccount;
  readonly run: Run;
  /** Set if the account has several regions. */
  readonly region?: string;
  readonly leftover?: Leftover;
}

function said(kind: AnyKind, region: string, run: Run): Pick<Removable, 'region'> {
  const one = regionSaid(kind, region, run);
  return one ? { region: one } : {};
}

/** The fields that every outcome of a unit has: its kind, and its region if that must be named. */
function of({ kind, leftover, region: own }: Named) {
  const region = kind.scope === 'regional' ? (leftover?.region ?? own) : undefined;
  return { kind, ...(region && { region }), differences: [], unowned: [] };
}

/** Removes what was made of a kind, also under earlier names; but not the role by which the account is entered. */
async function takeAway(unit: Removable, deps: RunDeps): Promise<UnitOutcome> {
  const { kind, account, run, section } = unit;
  const one = { kind, section, account };
  const former = formerRoles(one, run);
  const stays = isEntryRole(kind, account);
  if (stays && former.length === 0) return leftToOwner(of(unit), account);
  const limit = { region: account.region, milliseconds: WRITING_MS };
  const { gate, within } = openUnitGate(run.gate, limit, deps.now);
  // If the role is not verified (any more), the access role removes what was made through it.
  const entering = enteringAs(kind, run, deps);
  const clients = (wanted: unknown) =>
    clientsFor({ ...('state' in entering ? run : entering), gate }, deps, {
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

/** ARNs of roles that were made under other names before; none if the baseline is not valid. */
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
  const message = `${entry?.roleArn} stays: its owner made it for Orgkeeper, and removes it.`;
  return { ...outcome, state: { is: 'removed', reason: 'Left', message } };
}

/** A leftover whose baseline is not available: only that baseline says how to remove the leftover. */
type Unknown = Removable & { readonly leftover: Leftover };

function isUnknown(unit: Removable): unit is Unknown {
  return unit.leftover !== undefined && unit.section === undefined;
}

function unknown(unit: Unknown): UnitOutcome {
  const { reason, message } = notInBaseline(unit, unit.run.regions);
  return { ...of(unit), state: { is: 'blocked', reason, message } };
}

function waitsForOthers(unit: Named): UnitOutcome {
  const message = 'Stays until everything that may use it is removed.';
  return { ...of(unit), state: { is: 'blocked', reason: 'WaitingForRemoval', message } };
}

function held(unit: Named): UnitOutcome {
  return { ...of(unit), state: { is: 'held' } };
}

/** Replaces a failure in a region that is not enabled in the account by one that says so. */
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
 * Removes what Orgkeeper made of one kind, with clients that may write. Each recorded resource that was removed is a difference of the
 * outcome. Never throws: a failure is the outcome.
 */
export async function removeUnit(
  one: Pick<ObservedUnit, 'kind' | 'section' | 'account'>,
  place: Workplace,
  clients: (wanted: unknown) => Promise<MemberClients>,
): Promise<UnitOutcome> {
  const { kind, account } = one;
  const recorded = { ...place.outputs };
  // Other units remove their outputs of this place at the same time.
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
    state = { is: 'removed', reason: 'Removed', message: 'What Orgkeeper made is removed.' };
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
