import type { AccountRecord } from './account.ts';
import type { Cause } from './cause.ts';
import type { UnreadableItem } from './errors.ts';
import { isOver, type Pause, pausedAgain } from './pause.ts';
import type { SweepResult } from './sweep-result.ts';

/** What people have paused; every run reads it together with the account. */
export interface Control {
  /** No account is written to. */
  readonly fleetPaused: boolean;
  /** Accounts with these baselines (by name) are not written to. */
  readonly pausedBaselines: readonly string[];
  /** Of the pauses above, as far as they are known. */
  readonly pauses?: {
    readonly fleet?: Pause;
    /** By name. */
    readonly baselines?: Readonly<Record<string, Pause>>;
  };
  /** The item cannot be read, so the fleet counts as paused. */
  readonly unreadable?: UnreadableItem;
}

/** Nothing is paused: the state before anybody paused anything. */
export const RUNNING: Control = { fleetPaused: false, pausedBaselines: [] };

/** A pause that applies to an account. Public: part of the document of `account ID --json`. */
export interface AppliedPause extends Partial<Pause> {
  readonly of: 'account' | 'baseline' | 'fleet';
}

/**
 * The pauses that apply to the account now: of itself, its baseline and the whole fleet. A pause whose time is over applies no more,
 * whatever is stored: nobody needs to end it. Pure.
 */
export function pausesOf(
  { paused, pause, baseline }: Pick<AccountRecord, 'paused' | 'pause' | 'baseline'>,
  control: Control,
  now: Date,
): AppliedPause[] {
  const ofBaseline = baseline && pausedBaselines(control, now).find(({ name }) => name === baseline.name);
  const ofFleet = fleetPause(control, now);
  return [
    ...(paused && !isOver(pause, now) ? [{ of: 'account' as const, ...pause }] : []),
    ...(ofBaseline ? [{ of: 'baseline' as const, ...ofBaseline.pause }] : []),
    ...(ofFleet ? [{ of: 'fleet' as const, ...ofFleet }] : []),
  ];
}

/** Whether writes to the account are paused now: for itself, its baseline, or the whole fleet. Pure. */
export function isPaused(
  record: Pick<AccountRecord, 'paused' | 'pause' | 'baseline'>,
  control: Control,
  now: Date,
): boolean {
  return pausesOf(record, control, now).length > 0;
}

/** The pause of the whole fleet; undefined if it is not paused now. Pure. */
export function fleetPause({ fleetPaused, pauses }: Control, now: Date): Partial<Pause> | undefined {
  return fleetPaused && !isOver(pauses?.fleet, now) ? (pauses?.fleet ?? {}) : undefined;
}

/** The baselines that are paused now. Pure. */
export function pausedBaselines(
  { pausedBaselines: names, pauses }: Control,
  now: Date,
): { readonly name: string; readonly pause: Partial<Pause> }[] {
  const all = names.map((name) => ({ name, pause: pauses?.baselines?.[name] }));
  return all.flatMap(({ name, pause }) => (isOver(pause, now) ? [] : [{ name, pause: pause ?? {} }]));
}

/** The control with the fleet paused so, or not paused. Pure. */
export function withFleetPause({ pauses, ...control }: Control, pause: Pause | undefined): Control {
  const { fleet: _, ...others } = pauses ?? {};
  const now = { ...others, ...(pause && { fleet: pausedAgain(pauses?.fleet, pause) }) };
  return { ...control, fleetPaused: pause !== undefined, pauses: now };
}

/** The control with a baseline paused so, or not paused. Pure. */
export function withBaselinePause(
  { pauses, ...control }: Control,
  name: string,
  pause: Pause | undefined,
): Control {
  const { [name]: before, ...others } = pauses?.baselines ?? {};
  const names = control.pausedBaselines.filter((other) => other !== name);
  return {
    ...control,
    pausedBaselines: pause ? [...names, name].toSorted() : names,
    pauses: { ...pauses, baselines: { ...others, ...(pause && { [name]: pausedAgain(before, pause) }) } },
  };
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
  /** How its runs ended; absent until all have. */
  readonly finished?: SweepResult;
  /** All accounts are swept, not those of a baseline or named ones. Absent in a sweep from before this was saved. */
  readonly fleet?: true;
  /** The name of the baseline whose accounts are swept; absent for all, and for accounts by id. */
  readonly baseline?: string;
}

/** A sweep stops writing if more than this share of its accounts, and more than this number, have drifted. */
export const BRAKE = { share: 0.2, accounts: 10 } as const;

/** True if so many accounts have drifted that a mistake in the baseline is more likely than drift. Pure. */
export function brakeTrips(sweep: Pick<Sweep, 'accounts' | 'drifted'>): boolean {
  return sweep.drifted > BRAKE.accounts && sweep.drifted > sweep.accounts * BRAKE.share;
}
