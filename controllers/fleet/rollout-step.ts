import type { BaselineReference } from '../../shared/domain/account.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { type Control, isPaused } from '../../shared/domain/control.ts';
import {
  type HaltReason,
  parseAmount,
  type Rollout,
  type RolloutStage,
} from '../../shared/domain/rollout.ts';
import { entered } from '../../shared/domain/rollout-changes.ts';
import {
  type Fate,
  type Progress,
  progressOf,
  type RolloutAccount,
} from '../../shared/domain/rollout-progress.ts';
import type { Announcement } from '../../shared/domain/status.ts';
import type { PlanName } from '../../shared/store/rollouts.ts';

/** What a roll-out does next. Every step may be repeated, and a crash after any of them loses nothing. */
export type Step =
  /** Send what it owes to the bus. */
  | { readonly is: 'announce'; readonly events: readonly Announcement[] }
  /** List the accounts that it moves, and save them with this stage. */
  | { readonly is: 'plan'; readonly plan: PlanName; readonly stage: RolloutStage }
  /** List the accounts that were late for the first list: they are one more wave. Without any, it is finished. */
  | { readonly is: 'planLate'; readonly wave: number }
  /** Assign the version to these accounts, as long as they have the other one. */
  | {
      readonly is: 'move';
      readonly accountIds: readonly string[];
      readonly from: BaselineReference;
      readonly to: BaselineReference;
    }
  /** Save it like this, and decide again. */
  | { readonly is: 'save'; readonly rollout: Rollout }
  /** Decide again at this time. */
  | { readonly is: 'wait'; readonly until: Date }
  /** Decide again at the next tick: people have paused all writes there, so that no run carries out a move. */
  | { readonly is: 'stand' }
  /** Nothing, until a person continues it. */
  | { readonly is: 'rest' };

/** What the decision is made of, read just before. */
export interface Sight {
  /** The waves, once they are listed; on the way back, one wave of the accounts that go back. */
  readonly waves: readonly (readonly string[])[];
  /** Records and statuses of the accounts of the waves reached. */
  readonly accounts: ReadonlyMap<string, RolloutAccount>;
  readonly control: Control;
  readonly now: Date;
}

/** While a wave bakes, its accounts are looked at in this interval. */
const BAKING_LOOK_MS = 5 * 60_000;
/** How many accounts an event names. */
const NAMED = 10;

/** The waves of which a decision needs the accounts. Pure. */
export function wavesReached({ stage }: Rollout, waves: Sight['waves']): Sight['waves'] {
  if (stage.is === 'goingBack') return waves;
  return 'wave' in stage && stage.wave !== undefined ? waves.slice(0, stage.wave + 1) : [];
}

/** What a roll-out does next, by its record, the states of its accounts, and the time. Pure. */
export function nextStep(rollout: Rollout, sight: Sight): Step {
  const { stage, owed = [] } = rollout;
  if (owed.length > 0) return { is: 'announce', events: owed };
  if ((stage.is === 'rolling' || stage.is === 'goingBack') && isHeld(rollout, sight)) return { is: 'stand' };
  switch (stage.is) {
    case 'planning':
      return { is: 'plan', plan: 'forth', stage: { is: 'rolling', wave: 0 } };
    case 'planningBack':
      return { is: 'plan', plan: 'back', stage: { is: 'goingBack' } };
    case 'rolling':
      return nextInWave(rollout, stage.wave, sight);
    case 'goingBack':
      return nextOnTheWayBack(rollout, sight);
    case 'paused':
    case 'halted':
    case 'finished':
    case 'aborted':
    case 'rolledBack':
      return { is: 'rest' };
  }
}

function nextInWave(rollout: Rollout, wave: number, sight: Sight): Step {
  const { from, to, readyAt, bakeMinutes, patientFrom } = rollout;
  const { waves, accounts, now } = sight;
  if (waves.length === 0) return { is: 'save', rollout: entered(rollout, { is: 'finished' }, now) };
  const reached = wavesReached(rollout, waves).map((ids, index) =>
    progressOf(ids, accounts, { from, to, since: readyAt[index], patientFrom, now }),
  );
  const halted = tooMany(rollout, wave, reached, now);
  if (halted) return { is: 'save', rollout: halted };
  const behind = all(reached, 'behind');
  if (behind.length > 0) return { is: 'move', accountIds: behind, from, to };
  if (all(reached, 'pending').length > 0) return { is: 'wait', until: now };
  const since = readyAt[wave];
  if (since === undefined) {
    const saved = { ...rollout, version: rollout.version + 1, readyAt: [...readyAt, now.toISOString()] };
    return { is: 'save', rollout: saved };
  }
  const bakedAt = Date.parse(since) + bakeMinutes * 60_000;
  if (now.getTime() < bakedAt)
    return { is: 'wait', until: new Date(Math.min(bakedAt, now.getTime() + BAKING_LOOK_MS)) };
  if (wave + 1 >= waves.length) return { is: 'planLate', wave: wave + 1 };
  return { is: 'save', rollout: entered(rollout, { is: 'rolling', wave: wave + 1 }, now) };
}

/** Accounts that fail on the way back do not stop it: the others would stay on the new version. */
function nextOnTheWayBack(rollout: Rollout, sight: Sight): Step {
  const { waves, accounts, now } = sight;
  const way = { from: rollout.to, to: rollout.from, patientFrom: rollout.patientFrom, now };
  const back = waves.map((ids) => progressOf(ids, accounts, way));
  const behind = all(back, 'behind');
  if (behind.length > 0) return { is: 'move', accountIds: behind, from: rollout.to, to: rollout.from };
  if (all(back, 'pending').length > 0) return { is: 'wait', until: now };
  return { is: 'save', rollout: entered(rollout, { is: 'rolledBack' }, now) };
}

/** Whether people have paused all writes into its accounts: those of the fleet, or of the baseline. */
function isHeld({ from, to, stage }: Rollout, { control, now }: Sight): boolean {
  return isPaused({ paused: false, baseline: stage.is === 'goingBack' ? from : to }, control, now);
}

/** The roll-out halted, with the event that it owes; undefined while its accounts are within the tolerance. */
function tooMany(
  rollout: Rollout,
  wave: number,
  reached: readonly Progress[],
  now: Date,
): Rollout | undefined {
  const { id, from, to, failures, orders = [] } = rollout;
  const failed = all(reached, 'failed');
  const drifted = all(reached, 'drifted');
  const fates = ['behind', 'pending', 'ready', 'failed', 'drifted'] as const;
  const total = fates.flatMap((fate) => all(reached, fate)).length;
  const troubled = failed.length + drifted.length;
  if (isTolerated(failures, troubled, total)) return undefined;
  const reason: HaltReason = failed.length > 0 ? 'TooManyFailures' : 'TooMuchDrift';
  const counts = `accounts so far: ${total}; failed: ${failed.length}; drifted: ${drifted.length}; tolerated: ${failures}`;
  const message = `Wave ${wave + 1} of the roll-out to ${formatBaseline(to)} has halted (${counts}).`;
  const remedy =
    `\`orgkeeper rollout show ${id}\` names the accounts: correct the cause, run them again (\`orgkeeper sweep ID --wait\`), ` +
    `then \`orgkeeper rollout resume ${id}\`; or go back: \`orgkeeper rollout abort ${id} --roll-back\`.`;
  const detail = {
    rolloutId: id,
    from,
    to,
    wave: wave + 1,
    accounts: total,
    failed: failed.length,
    drifted: drifted.length,
    accountIds: [...failed, ...drifted].slice(0, NAMED),
    orders,
    reason,
    message,
    remedy,
  };
  const owed = [{ detailType: 'RolloutHalted', detail }];
  return entered({ ...rollout, owed }, { is: 'halted', wave, reason, message }, now);
}

function isTolerated(failures: string, troubled: number, total: number): boolean {
  const amount = parseAmount(failures) ?? { accounts: 0 };
  if ('accounts' in amount) return troubled <= amount.accounts;
  return troubled * 100 <= total * amount.percent;
}

function all(reached: readonly Progress[], fate: Fate): string[] {
  return reached.flatMap((progress) => progress[fate]);
}
