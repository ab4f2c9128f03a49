import { AccountNotReady, type ControllerError } from '../../shared/errors.ts';
import type { AccountStatus } from '../../shared/status.ts';

type Waiting = NonNullable<AccountStatus['waiting']>;

const MINUTE = 60;
/** A fresh account is looked at after a minute, doubling to 15, for a day; then it counts as failed. */
const READY_WITHIN_SECONDS = 24 * 3600;

/** When to look again, and since when it has been waiting. `gaveUp`: what was waited for did not come. */
export interface Due {
  readonly dueAt?: string;
  readonly waiting?: Waiting;
  readonly gaveUp: boolean;
}

/**
 * When a pass that could not finish should be followed by another without being asked: the soonest of what its
 * failures and settlings want. Pure.
 * @param wants seconds until another look, or the error that stands in the way
 */
export function nextLook(
  wants: readonly (number | ControllerError)[],
  before: Waiting | undefined,
  now: Date,
): Due {
  if (wants.length === 0) return { gaveUp: false };
  const waiting = { since: before?.since ?? now.toISOString(), attempts: (before?.attempts ?? 0) + 1 };
  const waited = (now.getTime() - Date.parse(waiting.since)) / 1000;
  const seconds = wants.flatMap((want) => secondsUntil(want, waiting.attempts, waited) ?? []);
  const gaveUp = wants.some((want) => want instanceof AccountNotReady) && waited >= READY_WITHIN_SECONDS;
  if (seconds.length === 0 || gaveUp) return { gaveUp };
  return { dueAt: new Date(now.getTime() + Math.min(...seconds) * 1000).toISOString(), waiting, gaveUp };
}

function secondsUntil(want: number | ControllerError, attempts: number, waited: number): number | undefined {
  if (typeof want === 'number') return want;
  if (want instanceof AccountNotReady) return Math.min(MINUTE * 2 ** (attempts - 1), 15 * MINUTE);
  switch (want.retry) {
    case 'when-changed':
      return undefined;
    case 'again':
      return MINUTE;
    case 'when-due':
      return waited < 2 * MINUTE
        ? Math.min(30, want.retryAfterSeconds ?? 30)
        : (want.retryAfterSeconds ?? 15 * MINUTE);
  }
}

/** Seconds until a message whose pass failed for a passing reason is seen again: doubling, with jitter. */
export function backoffSeconds(receives: number, random: () => number = Math.random): number {
  const ceiling = Math.min(600, 2 * 2 ** Math.min(receives - 1, 12));
  return Math.max(1, Math.round(ceiling * (0.5 + random() / 2)));
}
