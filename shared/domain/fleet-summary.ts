import type { AccountRecord, BaselineReference } from './account.ts';
import {
  type AccountState,
  type AccountView,
  accountView,
  isManaged,
  unreadableView,
} from './account-view.ts';
import type { Control, Sweep } from './control.ts';
import type { UnreadableItem } from './errors.ts';
import { notReadySince } from './readiness.ts';
import { isOpen, type Rollout } from './rollout.ts';
import { type AccountStatus, obstacles } from './status.ts';
import type { SweepResult } from './sweep-result.ts';

/** How one account stands: what a count of the fleet needs of it. */
export interface Standing {
  readonly accountId: string;
  readonly name: string;
  readonly state: AccountState;
  /** Absent for an account that is not managed. */
  readonly ready?: boolean;
  /** Why it is not ready: `Network InUse`, a message, and since when, as far as an item that can be read says. */
  readonly reason?: string;
  readonly message?: string;
  readonly since?: string;
}

/** How an account stands by its items. Pure. */
export function standingOf(
  record: AccountRecord,
  status: AccountStatus | UnreadableItem | undefined,
  { control, now }: { readonly control: Control; readonly now: Date },
): Standing {
  const { accountId } = record;
  if (status && 'problems' in status) return ofView(unreadableView(status, { accountId, record, now }));
  return ofView(accountView({ record, status, control, now }), notReadySince(record, status));
}

/** How an account stands whose record cannot be read. Pure. */
export function unreadableStanding(accountId: string, item: UnreadableItem, now: Date): Standing {
  return ofView(unreadableView(item, { accountId, now }));
}

function ofView(view: AccountView, since?: string): Standing {
  const { accountId, name, state, ready, conditions } = view;
  const standing = { accountId, name, state };
  if (!isManaged(view)) return standing;
  if (ready) return { ...standing, ready };
  const { type, reason, message } = obstacles(conditions)[0] ?? {
    type: 'State',
    reason: state,
    message: 'No run has reached what is desired of it.',
  };
  return { ...standing, ready, reason: `${type} ${reason}`, message, ...(since !== undefined && { since }) };
}

/** An account that is not ready. Public. */
interface Unready extends Pick<Standing, 'accountId' | 'name' | 'state'> {
  readonly reason: string;
  readonly message: string;
  readonly since: string;
}

/** The fleet in numbers. Public: part of `FleetSummary`. */
export interface FleetCounts {
  /** Managed accounts. */
  readonly accounts: number;
  readonly ready: number;
  readonly notReady: number;
  readonly notReadyForADay: number;
  /** All accounts by state, those that are not managed included; every state. */
  readonly states: Readonly<Record<AccountState, number>>;
  /** Why accounts are not ready, the most frequent first. */
  readonly reasons: readonly { readonly reason: string; readonly accounts: number }[];
  /** Those that have not been ready for the longest time. */
  readonly worst: readonly Unready[];
}

const DAY_MS = 86_400_000;
const MOST_REASONS = 20;
const MOST_WORST = 10;
const MESSAGE_CHARACTERS = 300;
const NONE: Readonly<Record<AccountState, number>> = {
  ...{ unmanaged: 0, pending: 0, active: 0, paused: 0, failed: 0, retired: 0, departed: 0 },
};

/** Counts the fleet. Pure. */
export function countFleet(standings: readonly Standing[], now: Date): FleetCounts {
  const states: Record<AccountState, number> = { ...NONE };
  for (const { state } of standings) states[state] += 1;
  const managed = standings.filter(({ ready }) => ready !== undefined);
  const missing = managed.filter(({ ready }) => !ready);
  const reasons = new Map<string, number>();
  for (const { reason = '' } of missing) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const late = missing
    .flatMap(({ accountId, name, state, reason = '', message = '', since }): Unready[] =>
      since !== undefined && now.getTime() - Date.parse(since) > DAY_MS
        ? [{ accountId, name, state, reason, message: message.slice(0, MESSAGE_CHARACTERS), since }]
        : [],
    )
    .toSorted((a, b) => Date.parse(a.since) - Date.parse(b.since));
  return {
    accounts: managed.length,
    ready: managed.length - missing.length,
    notReady: missing.length,
    notReadyForADay: late.length,
    states,
    reasons: [...reasons]
      .map(([reason, accounts]) => ({ reason, accounts }))
      .toSorted((a, b) => b.accounts - a.accounts || (a.reason < b.reason ? -1 : 1))
      .slice(0, MOST_REASONS),
    worst: late.slice(0, MOST_WORST),
  };
}

/** A roll-out that has halted. Public. */
interface HaltedRollout {
  readonly rolloutId: string;
  readonly from: BaselineReference;
  readonly to: BaselineReference;
  readonly wave: number;
  readonly reason: string;
  readonly since: string;
}

/** The roll-outs that wait for a person, since they have halted. Pure. */
export function haltedRollouts(rollouts: readonly Rollout[]): HaltedRollout[] {
  return rollouts.filter(isOpen).flatMap(({ id, from, to, stage, changedAt }) => {
    if (stage.is !== 'halted') return [];
    const { wave, reason } = stage;
    return [{ rolloutId: id, from, to, wave: wave + 1, reason, since: changedAt }];
  });
}

/** A sweep of the whole fleet whose runs have ended. */
export type FinishedSweep = Sweep & { readonly finished: SweepResult };

/** The detail of `FleetSummary`. Pure. */
export function fleetSummary(
  night: string,
  counts: FleetCounts,
  sweep: FinishedSweep | undefined,
  rollouts: readonly HaltedRollout[],
) {
  return {
    night,
    ...counts,
    ...(sweep && { sweep: sweepOf(sweep) }),
    haltedRollouts: rollouts,
    message: inWords(counts, sweep, rollouts),
  };
}

function sweepOf({ sweepId, startedAt, stopped, finished }: FinishedSweep) {
  const { lastAt: _, worst: __, unreadable = 0, ...counts } = finished;
  return { sweepId, startedAt, stopped, ...counts, unreadable };
}

/** The summary for a person, in ids, numbers and words: whatever is told may write it into JSON as it is. */
function inWords(
  { accounts, ready, notReadyForADay, worst }: FleetCounts,
  sweep: FinishedSweep | undefined,
  rollouts: readonly HaltedRollout[],
): string {
  const [longest] = worst;
  const late = longest
    ? `; not ready for more than a day: ${notReadyForADay}, for the longest time account ${longest.accountId} (${longest.reason})`
    : '';
  const halted = rollouts.map(({ rolloutId, wave }) => `${rolloutId} in wave ${wave}`).join(', ');
  return [
    `${ready} of ${accounts} managed accounts are ready${late}.`,
    sweep ? sweepInWords(sweep) : 'No sweep of all accounts has ended since the schedule began it.',
    ...(halted === '' ? [] : [`Roll-outs that have halted: ${halted}.`]),
  ]
    .join(' ')
    .replace(/["\\\p{C}]/gu, ' ');
}

function sweepInWords({ stopped, finished }: FinishedSweep): string {
  const { accounts, corrected, drifted, waiting, failed, unreadable = 0 } = finished;
  const brake = stopped ? ', and its brake stopped it' : '';
  const lost = unreadable > 0 ? `, and ${unreadable} of its parts cannot be read` : '';
  return `The sweep of the night ran ${accounts} accounts: corrected ${corrected}, drifted ${drifted}, waiting ${waiting}, failed ${failed}${brake}${lost}.`;
}
