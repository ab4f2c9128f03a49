import type { AccountRecord } from './account.ts';
import type { Cause } from './cause.ts';
import type { UnreadableItem } from './errors.ts';

/** What people have paused; every run reads it together with the account. */
export interface Control {
  /** No account is written to. */
  readonly fleetPaused: boolean;
  /** Accounts with these baselines (by name) are not written to. */
  readonly pausedBaselines: readonly string[];
  /** The item cannot be read, so the fleet counts as paused. */
  readonly unreadable?: UnreadableItem;
}

/** Nothing is paused: the state before anybody paused anything. */
export const RUNNING: Control = { fleetPaused: false, pausedBaselines: [] };

/** Whether writes to the account are paused: for itself, its baseline, or the whole fleet. Pure. */
export function isPaused(
  { paused, baseline }: Pick<AccountRecord, 'paused' | 'baseline'>,
  { fleetPaused, pausedBaselines }: Control,
): boolean {
  return paused || fleetPaused || (baseline !== undefined && pausedBaselines.includes(baseline.name));
}

/** A sweep and its circuit breaker (the "brake" of the documentation). */
export interface Sweep {
  readonly sweepId: string;
  /** The number of accounts in the sweep. */
  readonly accounts: number;
  /** The number of accounts that were ready before and have drifted. */
  readonly drifted: number;
  readonly stopped: boolean;
  /** The account whose run stopped the sweep, until the stop is announced. */
  readonly announcer?: string;
  /** The last account that was sent work. */
  readonly cursor?: string;
  readonly startedAt: string;
  /** What requested it; absent in a sweep from before this was saved. */
  readonly cause?: Cause;
  /** The name of the baseline whose accounts are swept; absent for all, and for accounts by id. */
  readonly baseline?: string;
}

/** A sweep stops writing if more than this share of its accounts, and more than this number, have drifted. */
export const BRAKE = { share: 0.2, accounts: 10 } as const;

/** True if so many accounts have drifted that a mistake in the baseline is more likely than drift. Pure. */
export function brakeTrips(sweep: Pick<Sweep, 'accounts' | 'drifted'>): boolean {
  return sweep.drifted > BRAKE.accounts && sweep.drifted > sweep.accounts * BRAKE.share;
}
