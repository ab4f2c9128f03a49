import type { AccountRecord } from './account.ts';
import type { UnreadableItem } from './errors.ts';

/** What people said about writing at all: read with every pass, in the same call. */
export interface Control {
  /** Nothing is written anywhere. */
  readonly fleetPaused: boolean;
  /** Nothing is written into accounts of these baselines, by name. */
  readonly pausedBaselines: readonly string[];
  /** What was said cannot be read, so the fleet counts as paused. */
  readonly unreadable?: UnreadableItem;
}

/** Nothing is paused: what holds until somebody says otherwise. */
export const RUNNING: Control = { fleetPaused: false, pausedBaselines: [] };

/** Whether writing into the account is stopped: for itself, its baseline, or the whole fleet. Pure. */
export function isPaused(
  { paused, baseline }: Pick<AccountRecord, 'paused' | 'baseline'>,
  { fleetPaused, pausedBaselines }: Control,
): boolean {
  return paused || fleetPaused || (baseline !== undefined && pausedBaselines.includes(baseline.name));
}

/** A sweep, as its passes see it: the brake. */
export interface Sweep {
  readonly sweepId: string;
  /** How many accounts it goes through. */
  readonly accounts: number;
  /** How many of them, ready before, differ. */
  readonly drifted: number;
  readonly stopped: boolean;
  /** The account whose pass stopped it, until the bus knows. */
  readonly announcer?: string;
  /** Last account id that was sent work; enqueueing goes on behind it. */
  readonly cursor?: string;
  readonly startedAt: string;
}

/** More than this share of a sweep's accounts, and more than this many, and it stops writing by itself. */
export const BRAKE = { share: 0.2, accounts: 10 } as const;

/** True when so many accounts differ that a mistaken baseline is likelier than drift. Pure. */
export function brakeTrips(sweep: Pick<Sweep, 'accounts' | 'drifted'>): boolean {
  return sweep.drifted > BRAKE.accounts && sweep.drifted > sweep.accounts * BRAKE.share;
}
