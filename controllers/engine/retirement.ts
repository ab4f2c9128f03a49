import { ForeignResource, InvalidDesiredState } from '../../shared/domain/errors.ts';
import type { Leftover } from '../../shared/domain/status.ts';
import type { AnyKind, KindAccount } from '../kinds/kind.ts';
import type { Hold } from './conditions.ts';
import { type KeptKind, kindAccount } from './desired.ts';
import { clientsFor } from './enter.ts';
import type { Findings } from './findings.ts';
import { lease, stopped, stoppedSince } from './hold.ts';
import type { KindOutcome } from './kind-outcome.ts';
import { leftoversOf, notInBaseline } from './leftovers.ts';
import { render, type Seen } from './observe-kinds.ts';
import { giveAddressBack } from './own-addresses.ts';
import type { Pass, PassDeps } from './pass-types.ts';
import { removeKind } from './remove-kind.ts';
import { writingPolicy } from './session-policy.ts';

/** What is in the way is somebody's to move: it is looked at again so often without being asked. */
const AGAIN_SECONDS = 15 * 60;

/**
 * Takes away what Orgkeeper made in an account that is retiring: one kind after the other, in reverse order, since
 * later ones use what earlier ones made. It stops at a kind that something else still depends on. Safe to repeat after
 * a crash at any call. The role by which its owner lets us in stays: it is the owner's.
 */
export async function removeAll(pass: Pass, deps: PassDeps, kept: readonly KeptKind[]): Promise<Findings> {
  const hold = stopped(pass);
  const none = { findings: [], failures: [] };
  if (hold) return { outcomes: kept.map(held), hold, ...none };
  // What was made under a name that Main may not assume is taken away like any other.
  const { executionRolePattern: _, ...account } = kindAccount(pass.record, deps.config, kept);
  const units = [...kept.map((one): Unit => ({ ...one, account, pass })), ...(await leftoversOf(pass, deps))];
  // Whether something uses what would go first, only a baseline that has all of it could say.
  if (units.some(isUnknown)) {
    return { outcomes: units.map((unit) => (isUnknown(unit) ? unknown(unit) : waits(unit))), ...none };
  }
  await lease(pass, deps);
  const outcomes: KindOutcome[] = [];
  const gone: Leftover[] = [];
  let since: Hold | undefined;
  for (const unit of inOrder(units, deps).toReversed()) {
    const halted = outcomes.some(({ state }) => state.is === 'failed');
    if (!halted) since ??= await stoppedSince(pass, deps);
    const outcome = since ? held(unit) : halted ? waits(unit) : await takeAway(unit, deps);
    outcomes.unshift(outcome);
    if (unit.leftover && outcome.state.is === 'removed') gone.push(unit.leftover);
  }
  pass.stands.leftovers = pass.stands.leftovers.filter((leftover) => !gone.includes(leftover));
  const retired = outcomes.every(({ state }) => state.is === 'removed') && pass.stands.leftovers.length === 0;
  if (retired && addressIsFree(units, pass)) await giveAddressBack(pass, deps);
  return { outcomes, retired, ...(since && { hold: since }), ...none };
}

/** Whether all that a block was given for is seen to be gone. */
function addressIsFree(units: readonly Unit[], { before, record }: Pass): boolean {
  const users = units.filter(({ kind }) => kind.pool);
  if (users.some(({ kind, pass }) => Object.keys(kind.made(pass.place.outputs)).length > 0)) return false;
  // What no longer is desired was not kept track of always: a network may be there of which nobody knows.
  return before?.home !== undefined || users.some(({ leftover }) => leftover || !record.network);
}

/** What was made of a kind in a place: kept until now, or left there by an earlier desired state. */
interface Unit {
  readonly kind: AnyKind;
  /** Absent of a leftover whose baseline cannot be had any more. */
  readonly section?: unknown;
  readonly account: KindAccount;
  readonly pass: Pass;
  readonly leftover?: Leftover;
}

/** In the order of the kinds: what was made later uses what was made earlier. */
function inOrder(units: readonly Unit[], { kinds }: PassDeps): Unit[] {
  return kinds.flatMap((kind) => units.filter((unit) => unit.kind === kind));
}

/** What every outcome of a unit says: whose it is, and where where that is not the account's own region. */
function of({ kind, leftover }: Pick<Unit, 'kind' | 'leftover'>) {
  const region = kind.scope === 'regional' ? leftover?.region : undefined;
  return { kind, ...(region && { region }), differences: [], unowned: [] };
}

/** Takes away what was made of a kind, under earlier names too; but not the role by which the account is entered. */
async function takeAway(unit: Unit, deps: PassDeps): Promise<KindOutcome> {
  const { kind, account, pass, section } = unit;
  const one = { kind, section, account };
  const behind = leftBehind(one, pass);
  const stays = isEntry(kind, account);
  if (stays && behind.length === 0) return left(of(unit), account);
  const clients = (wanted: unknown) =>
    clientsFor(pass, deps, {
      policy: writingPolicy(kind, [...kind.resources(wanted, account, pass.place.outputs), ...behind]),
      writes: true,
    });
  const outcome = { ...of(unit), ...lookedAtAgain(await removeKind(one, pass.place, clients)) };
  return stays && outcome.state.is === 'removed' ? left(outcome, account) : outcome;
}

/** The role by which the account is entered. */
function isEntry(kind: AnyKind, { entry }: KindAccount): boolean {
  return entry !== undefined && kind.entryRole !== undefined;
}

/** What was made of a kind before the baseline named it otherwise; none where the baseline makes no sense. */
function leftBehind(one: Pick<Seen, 'kind' | 'section' | 'account'>, { place }: Pass): readonly string[] {
  try {
    return one.kind.leftBehind?.(render(one, place, place.outputs), place.outputs) ?? [];
  } catch (error) {
    if (error instanceof InvalidDesiredState) return [];
    throw error;
  }
}

function left(outcome: Omit<KindOutcome, 'state'>, { entry }: KindAccount): KindOutcome {
  const message = `${entry?.roleArn} stays: its owner made it to let Orgkeeper in, and removes it.`;
  return { ...outcome, state: { is: 'removed', reason: 'Left', message } };
}

/** A leftover whose baseline is not to be had: only that says how to take it away. */
type Unknown = Unit & { readonly leftover: Leftover };

function isUnknown(unit: Unit): unit is Unknown {
  return unit.leftover !== undefined && unit.section === undefined;
}

function unknown(unit: Unknown): KindOutcome {
  const { reason, message } = notInBaseline(unit);
  return { ...of(unit), state: { is: 'blocked', reason, message } };
}

function waits(unit: Unit): KindOutcome {
  const message = 'Stays until what was made after it is gone.';
  return { ...of(unit), state: { is: 'blocked', reason: 'WaitingForRemoval', message } };
}

function held(unit: Pick<Unit, 'kind' | 'leftover'>): KindOutcome {
  return { ...of(unit), state: { is: 'held' } };
}

function lookedAtAgain(outcome: KindOutcome): KindOutcome {
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
