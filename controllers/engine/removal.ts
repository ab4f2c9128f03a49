import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { ForeignResource, InvalidDesiredState } from '../../shared/domain/errors.ts';
import { withoutTimes } from '../../shared/domain/made-at.ts';
import type { Difference, Leftover } from '../../shared/domain/status.ts';
import { type AnyKind, type KindAccount, resourcesOf } from '../kinds/kind.ts';
import { kindAccount } from '../kinds/kind-account.ts';
import { releaseAddresses } from './addresses.ts';
import { acquireLease, openUnitGate, suspendedBy, suspendedSince, WRITING_MS } from './gate.ts';
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
import { contextFor, render } from './run-unit.ts';
import { clientsFor, writingPolicy } from './session.ts';

/** What is in the way is somebody's to move: it is looked at again so often without being asked. */
const AGAIN_SECONDS = 15 * 60;

/**
 * Takes away what Orgkeeper made in an account that is retiring: one kind after the other, in reverse order, since
 * later ones use what earlier ones made. It stops at a kind that something else still depends on. Safe to repeat after
 * a crash at any call. The role by which its owner lets us in stays: it is the owner's.
 */
export async function removeEverything(
  run: Run,
  deps: RunDeps,
  managed: readonly ManagedKind[],
): Promise<Findings> {
  const hold = suspendedBy(run);
  const none = { findings: [], failures: [] };
  const inRegions = run.regions.flatMap((region) => {
    const at = runIn(run, region);
    // What was made under a name that Main may not assume is taken away like any other.
    const { executionRolePattern: _, ...account } = kindAccount(at.record, deps.config, managed);
    return kindsIn(region, managed, run.regions[0]).map(
      (one): Unit => ({ ...one, account, run: at, ...said(one.kind, region, run) }),
    );
  });
  if (hold) return { outcomes: inRegions.map(held), hold, ...none };
  const units = [...inRegions, ...(await leftoversOf(run, deps))];
  // Whether something uses what would go first, only a baseline that has all of it could say.
  if (units.some(isUnknown)) {
    return {
      outcomes: units.map((unit) => (isUnknown(unit) ? unknown(unit) : waitsForOthers(unit))),
      ...none,
    };
  }
  await acquireLease(run, deps);
  const outcomes: UnitOutcome[] = [];
  const gone: Leftover[] = [];
  let since: Suspension | undefined;
  for (const unit of inOrder(units, deps).toReversed()) {
    const halted = outcomes.some((one) => one.state.is === 'failed' && isAfter(one, unit));
    if (!halted) since ??= await suspendedSince(run, deps);
    const outcome = since ? held(unit) : halted ? waitsForOthers(unit) : await takeAway(unit, deps);
    outcomes.unshift(outcome);
    if (unit.leftover && outcome.state.is === 'removed') gone.push(unit.leftover);
  }
  run.stands.leftovers = run.stands.leftovers.filter((leftover) => !gone.includes(leftover));
  const retired = outcomes.every(({ state }) => state.is === 'removed') && run.stands.leftovers.length === 0;
  if (retired && addressIsFree(units, run)) await releaseAddresses(run, deps);
  return { outcomes, retired, ...(since && { hold: since }), ...none };
}

/** Whether all that a block was given for is seen to be gone. */
function addressIsFree(units: readonly Unit[], { before, record }: Run): boolean {
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
interface Unit {
  readonly kind: AnyKind;
  /** Absent of a leftover whose baseline cannot be had any more. */
  readonly section?: unknown;
  readonly account: KindAccount;
  readonly run: Run;
  /** Where the account has several regions. */
  readonly region?: string;
  readonly leftover?: Leftover;
}

function said(kind: AnyKind, region: string, run: Run): Pick<Unit, 'region'> {
  const one = regionSaid(kind, region, run);
  return one ? { region: one } : {};
}

/** Whether what could not be removed may use this unit: another region's things use none of this one's. */
function isAfter({ kind, region }: UnitOutcome, unit: Unit): boolean {
  const isGlobal = kind.scope === 'global' || unit.kind.scope === 'global';
  return isGlobal || region === (unit.leftover?.region ?? unit.region);
}

/** In the order of the kinds: what was made later uses what was made earlier. */
function inOrder(units: readonly Unit[], { kinds }: RunDeps): Unit[] {
  return kinds.flatMap((kind) => units.filter((unit) => unit.kind === kind));
}

/** What every outcome of a unit says: whose it is, and where where that is not the account's own region. */
function of({ kind, leftover, region: own }: Pick<Unit, 'kind' | 'leftover' | 'region'>) {
  const region = kind.scope === 'regional' ? (leftover?.region ?? own) : undefined;
  return { kind, ...(region && { region }), differences: [], unowned: [] };
}

/** Takes away what was made of a kind, under earlier names too; but not the role by which the account is entered. */
async function takeAway(unit: Unit, deps: RunDeps): Promise<UnitOutcome> {
  const { kind, account, run, section } = unit;
  const one = { kind, section, account };
  const former = formerRoles(one, run);
  const stays = isEntry(kind, account);
  if (stays && former.length === 0) return leftToOwner(of(unit), account);
  const { gate, within } = openUnitGate(run.gate, { region: account.region, milliseconds: WRITING_MS });
  const clients = (wanted: unknown) =>
    clientsFor({ ...run, gate }, deps, {
      policy: writingPolicy(kind, [...resourcesOf(kind, wanted, account, run.place.outputs), ...former]),
      writes: true,
    });
  const { region } = of(unit);
  const removed = await within(() => removeUnit(one, run.place, clients)).catch(
    (error: unknown): UnitOutcome => ({ ...of(unit), state: { is: 'failed', error } }),
  );
  const outcome = inRegion(lookedAtAgain(removed), region);
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
    return one.kind.entryRole?.former(render(one, place, place.outputs), place.outputs) ?? [];
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
type Unknown = Unit & { readonly leftover: Leftover };

function isUnknown(unit: Unit): unit is Unknown {
  return unit.leftover !== undefined && unit.section === undefined;
}

function unknown(unit: Unknown): UnitOutcome {
  const { reason, message } = notInBaseline(unit);
  return { ...of(unit), state: { is: 'blocked', reason, message } };
}

function waitsForOthers(unit: Unit): UnitOutcome {
  const message = 'Stays until what was made after it is gone.';
  return { ...of(unit), state: { is: 'blocked', reason: 'WaitingForRemoval', message } };
}

function held(unit: Unit): UnitOutcome {
  return { ...of(unit), state: { is: 'held' } };
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
  let state: UnitOutcome['state'];
  try {
    const wanted = render(one, place, recorded);
    await kind.remove(wanted, contextFor(account, place, await clients(wanted), recorded));
    state = { is: 'removed', reason: 'Removed', message: 'What Orgkeeper made is gone.' };
  } catch (error) {
    state = { is: 'failed', error };
  }
  const gone = Object.entries(withoutTimes(recorded)).filter(
    ([output]) => place.outputs[output] === undefined,
  );
  const differences = gone.map(
    ([resource, actual]): Difference => ({ kind: kind.name, resource, path: '', actual, action: 'removed' }),
  );
  return { kind, differences, unowned: [], state };
}
