import type { BaselineReference } from './account.ts';
import { formatBaseline } from './baseline.ts';
import type { Claims } from './cause.ts';
import type { Announcement } from './status.ts';

/** What a roll-out is doing. `wave` counts from 0. */
export type RolloutStage =
  /** Its accounts are not listed yet. */
  | { readonly is: 'planning' }
  /** The accounts up to this wave get the new version. */
  | { readonly is: 'rolling'; readonly wave: number }
  /** A person has paused it; without a wave, before its accounts were listed. */
  | { readonly is: 'paused'; readonly wave?: number }
  /** It has stopped by itself: too many accounts failed or drifted. */
  | { readonly is: 'halted'; readonly wave: number; readonly reason: HaltReason; readonly message: string }
  /** The accounts that go back are not listed yet. */
  | { readonly is: 'planningBack' }
  /** The accounts that it moved get the old version again. */
  | { readonly is: 'goingBack' }
  | { readonly is: 'finished' }
  | { readonly is: 'aborted' }
  | { readonly is: 'rolledBack' };

/** What a person may tell a roll-out. */
export type Order = 'pause' | 'resume' | 'abort' | 'rollBack';

/** What a person has told a roll-out, who and why. Public. */
export interface GivenOrder extends Claims {
  readonly order: 'start' | Order;
  /** ISO time. */
  readonly at: string;
}

/** Why a roll-out has stopped by itself. */
export type HaltReason = 'TooManyFailures' | 'TooMuchDrift';

/** A roll-out: accounts of one version of a baseline move to another version, in waves. */
export interface Rollout {
  readonly schemaVersion: 1;
  readonly id: string;
  /** Counts the saves; each save is conditional on the one that was read. */
  readonly version: number;
  readonly from: BaselineReference;
  readonly to: BaselineReference;
  /** How many accounts have the new version after each wave, in total: `1`, `10%`. The last is `100%`. */
  readonly waves: readonly string[];
  /** How long all accounts of a wave must have been ready before the next wave begins. */
  readonly bakeMinutes: number;
  /** How many of the accounts reached may have failed or drifted: `3`, `5%`. */
  readonly failures: string;
  /** `ou` or `tag:KEY`: every unit, or every value of the tag, has its share in each wave. */
  readonly by?: string;
  readonly stage: RolloutStage;
  /** For each wave so far, when all its accounts were ready: ISO times. Later corrections count as drift. */
  readonly readyAt: readonly string[];
  readonly startedAt: string;
  /** Who started it, and the latest orders since, oldest first; absent if an older version started it and nobody has ordered anything since. */
  readonly orders?: readonly GivenOrder[];
  /** When its stage last changed. */
  readonly changedAt: string;
  /** From then on its accounts have an hour to be ready: since its stage changed, or since people's pause of all writes ended. */
  readonly patientFrom: string;
  /** When to look at it next; absent while only a person can continue it, and once it has ended. */
  readonly dueAt?: string;
  /** Outbox: saved with the stage until it is sent to the bus. */
  readonly owed?: readonly Announcement[];
}

/** A number of accounts, or a share of them. */
export type Amount = { readonly accounts: number } | { readonly percent: number };

/** Parses `3` or `10%`, at most `100%`; undefined if the text is neither. Pure. */
export function parseAmount(text: string): Amount | undefined {
  const match = /^(\d{1,6})(%?)$/.exec(text);
  if (!match?.[1]) return undefined;
  const number = Number(match[1]);
  if (!match[2]) return { accounts: number };
  return number <= 100 ? { percent: number } : undefined;
}

/** Whether the roll-out may still move accounts, now or after a person has continued it. Pure. */
export function isOpen({ stage }: Pick<Rollout, 'stage'>): boolean {
  switch (stage.is) {
    case 'planning':
    case 'rolling':
    case 'paused':
    case 'halted':
    case 'planningBack':
    case 'goingBack':
      return true;
    case 'finished':
    case 'aborted':
    case 'rolledBack':
      return false;
  }
}

/** Who made the roll-out move accounts, and why: who started it, or sent it back. Pure. */
export function moverOf({ orders = [] }: Pick<Rollout, 'orders'>): Claims {
  const { requestedBy, reason } =
    orders.findLast(({ order }) => order === 'start' || order === 'rollBack') ?? {};
  return { ...(requestedBy !== undefined && { requestedBy }), ...(reason !== undefined && { reason }) };
}

/** The version for a new account for which the rules chose `chosen`: the new one while the roll-out goes on or is paused. Pure. */
export function versionForNew(rollout: Rollout | undefined, chosen: BaselineReference): BaselineReference {
  if (!rollout || !isSame(rollout.from, chosen)) return chosen;
  const { stage } = rollout;
  // While its accounts are being listed, too: a new one would be missing in the list.
  const isUnderWay =
    stage.is === 'planning' || stage.is === 'rolling' || (stage.is === 'paused' && stage.wave !== undefined);
  return isUnderWay ? rollout.to : chosen;
}

/** Whether two references name the same version. Pure. */
export function isSame(one: BaselineReference | undefined, other: BaselineReference): boolean {
  return one !== undefined && formatBaseline(one) === formatBaseline(other);
}
