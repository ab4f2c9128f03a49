import { ForeignResource, InvalidDesiredState } from '../../shared/errors.ts';
import type { AnyKind, KindAccount } from '../kinds/kind.ts';
import type { Hold } from './conditions.ts';
import { type KeptKind, kindAccount } from './desired.ts';
import { clientsFor } from './enter.ts';
import type { Findings } from './findings.ts';
import { lease, stopped, stoppedSince } from './hold.ts';
import type { KindOutcome } from './kind-outcome.ts';
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
  if (hold) return { outcomes: kept.map(({ kind }) => held(kind)), hold, ...none };
  // What was made under a name that Main may not assume is taken away like any other.
  const { executionRolePattern: _, ...account } = kindAccount(pass.record, deps.config, kept);
  const dropped = deps.kinds.filter(
    (kind) =>
      !kept.some((one) => one.kind === kind) && !isEntry(kind, account) && kind.leaves?.(pass.place.outputs),
  );
  if (dropped.length > 0) {
    return { outcomes: [...kept.map(({ kind }) => waits(kind)), ...dropped.map(notInBaseline)], ...none };
  }
  await lease(pass, deps);
  const outcomes: KindOutcome[] = [];
  let since: Hold | undefined;
  for (const one of kept.toReversed()) {
    const halted = outcomes.some(({ state }) => state.is === 'failed');
    if (!halted) since ??= await stoppedSince(pass, deps);
    if (since) outcomes.unshift(held(one.kind));
    else outcomes.unshift(halted ? waits(one.kind) : await takeAway({ ...one, account }, pass, deps));
  }
  const retired = outcomes.every(({ state }) => state.is === 'removed');
  // A network that the baseline no longer speaks of, or that made way for the account's own, is still there.
  const networkIsGone = kept.some(({ kind }) => kind.addressPool) && !pass.record.network;
  if (retired && networkIsGone) await giveAddressBack(pass, deps);
  return { outcomes, retired, ...(since && { hold: since }), ...none };
}

type Removable = Pick<Seen, 'kind' | 'section' | 'account'>;

/** Takes away what was made of a kind, under earlier names too; but not the role by which the account is entered. */
async function takeAway(one: Removable, pass: Pass, deps: PassDeps): Promise<KindOutcome> {
  const { kind, account } = one;
  const behind = leftBehind(one, pass);
  const stays = isEntry(kind, account);
  if (stays && behind.length === 0) return left({ kind, differences: [], foreign: [] }, account);
  const clients = (wanted: unknown) =>
    clientsFor(pass, deps, {
      policy: writingPolicy(kind, [...kind.resources(wanted, account, pass.place.outputs), ...behind]),
      writes: true,
    });
  const outcome = lookedAtAgain(await removeKind(one, pass.place, clients));
  return stays && outcome.state.is === 'removed' ? left(outcome, account) : outcome;
}

/** The role by which the account is entered. */
function isEntry(kind: AnyKind, { entry }: KindAccount): boolean {
  return entry !== undefined && kind.verifiesAccess === true;
}

/** What was made of a kind before the baseline named it otherwise; none where the baseline makes no sense. */
function leftBehind(one: Removable, { place }: Pass): readonly string[] {
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

function waits(kind: AnyKind): KindOutcome {
  const message = 'Stays until what was made after it is gone.';
  return {
    kind,
    differences: [],
    foreign: [],
    state: { is: 'blocked', reason: 'WaitingForRemoval', message },
  };
}

/** How to take it away is what a baseline says. */
function notInBaseline(kind: AnyKind): KindOutcome {
  const message =
    `What Orgkeeper made of ${kind.name} is there, and the account's baseline no longer keeps it: register the account ` +
    'with one that does, and retire it then; or retire it with its resources retained.';
  const state = { is: 'blocked', reason: 'NotInBaseline', message } as const;
  return { kind, differences: [], foreign: [], state };
}

function held(kind: AnyKind): KindOutcome {
  return { kind, differences: [], foreign: [], state: { is: 'held' } };
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
