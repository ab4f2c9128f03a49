import { AccountNotReady, ControllerError, NotYetConsistent } from '../../shared/domain/errors.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import type { Clock } from './model.ts';

type Waiting = NonNullable<AccountStatus['waiting']>;

const MINUTE = 60;
/**
 * A fresh account is looked at after a minute, doubling to 15, for a day; then it counts as failed, also when it is
 * looked at because somebody asks.
 */
const READY_WITHIN_SECONDS = 24 * 3600;
/** IAM shows a change everywhere within two minutes; what it does not show by then counts as real. */
const CONSISTENT_WITHIN_SECONDS = 2 * MINUTE;

/** When to look again, and since when it has been waiting. `gaveUp`: what was waited for did not come in time. */
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
  const what = waitsFor(wants);
  const same = before && (before.for ?? what) === what;
  const { since, attempts } = same ? before : { since: now.toISOString(), attempts: 0 };
  const waiting: Waiting = { since, attempts: attempts + 1, for: what };
  const waited = (now.getTime() - Date.parse(since)) / 1000;
  const seconds = wants.flatMap((want) => secondsUntil(want, waiting.attempts, waited) ?? []);
  const neverReady = what === 'account' && waited >= READY_WITHIN_SECONDS;
  if (neverReady) return { waiting, gaveUp: true };
  if (seconds.length === 0) return { gaveUp: false };
  const dueAt = new Date(now.getTime() + Math.min(...seconds) * 1000).toISOString();
  return { dueAt, waiting, gaveUp: what === 'consistency' && waited >= CONSISTENT_WITHIN_SECONDS };
}

/** What is waited for: each has its own time, which starts anew when it becomes another. */
function waitsFor(wants: readonly (number | ControllerError)[]): NonNullable<Waiting['for']> {
  if (wants.some((want) => want instanceof AccountNotReady)) return 'account';
  if (wants.some((want) => want instanceof NotYetConsistent)) return 'consistency';
  return wants.every((want) => typeof want === 'number') ? 'making' : 'remedy';
}

function secondsUntil(want: number | ControllerError, attempts: number, waited: number): number | undefined {
  if (typeof want === 'number') return want;
  if (want instanceof AccountNotReady) return Math.min(MINUTE * 2 ** (attempts - 1), 15 * MINUTE);
  switch (want.retry) {
    case 'when-changed':
      return want.retryAfterSeconds;
    case 'again':
      return MINUTE;
    case 'when-due':
      if (waited < CONSISTENT_WITHIN_SECONDS) return Math.min(30, want.retryAfterSeconds ?? 30);
      return want instanceof NotYetConsistent ? 15 * MINUTE : (want.retryAfterSeconds ?? 15 * MINUTE);
  }
}

const LIMIT_MS = 10_000;

const realTime: Clock = {
  now: () => Date.now(),
  pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/**
 * Repeats a call that fails because AWS has not seen a change everywhere yet: with NotYetConsistent, or with an
 * error whose AWS name is in `alsoWhen`. Pauses grow from 0.25 s; after 10 s it throws NotYetConsistent, and the
 * account is looked at again when due.
 */
export async function eventually<T>(
  call: () => Promise<T>,
  alsoWhen: readonly string[] = [],
  clock: Clock = realTime,
): Promise<T> {
  const started = clock.now();
  for (let pause = 250; ; pause *= 2) {
    try {
      return await call();
    } catch (error) {
      if (!passes(error, alsoWhen)) throw error;
      const left = started + LIMIT_MS - clock.now();
      if (left <= 0) {
        throw error instanceof NotYetConsistent ? error : stillAnswers(error);
      }
      await clock.pause(Math.min(pause, left));
    }
  }
}

function stillAnswers(error: unknown): NotYetConsistent {
  const { reason, remedy } = error instanceof ControllerError ? error : {};
  return new NotYetConsistent(`AWS still answers: ${error instanceof Error ? error.message : error}`, {
    cause: error,
    ...(reason && { reason }),
    ...(remedy && { remedy }),
  });
}

function passes(error: unknown, alsoWhen: readonly string[]): boolean {
  return error instanceof NotYetConsistent || (error instanceof Error && alsoWhen.includes(error.name));
}
