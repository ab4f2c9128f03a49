import type { RetryErrorInfo, RetryStrategyV2, RetryToken } from '@smithy/types';

/** Attempts of one call: if a third of all attempts fails, one call in 6,500 still fails. */
const TRIES = 8;
/** Fewer attempts if the endpoint cannot be reached at all. */
const TRIES_UNHEARD = 3;
const UNHEARD = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH']);
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** Limits of the retries. */
export interface Patience {
  /** No attempt begins after this time. */
  readonly until?: Date | undefined;
  /** For calls that are not idempotent: retried only after throttling, never after a missing answer. */
  readonly once?: boolean;
}

/**
 * The retry strategy of a client: retries throttled and transient failures with exponential backoff and full jitter, so
 * that a minute with many failures does not end a run. Create one for each client.
 */
export function patience(
  { until, once }: Patience = {},
  random: () => number = Math.random,
): RetryStrategyV2 {
  const token = (count: number, delay: number): RetryToken => ({
    getRetryCount: () => count,
    getRetryDelay: () => delay,
  });
  return {
    acquireInitialRetryToken: async () => token(0, 0),
    async refreshRetryTokenForRetry(last, info) {
      const count = last.getRetryCount() + 1;
      const pause = pauseBefore(count, info, random);
      const late = until && Date.now() + pause >= until.getTime();
      if (!isTriedAgain(info, once) || count >= triesOf(info) || late)
        throw new Error('The call is not retried.');
      return token(count, pause);
    },
    recordSuccess: () => undefined,
  };
}

/** Milliseconds before the n-th retry: exponential backoff with full jitter. */
export function pauseMs(repetition: number, random: () => number = Math.random): number {
  return random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** repetition);
}

/** Waits before the n-th retry. */
export function pause(repetition: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseMs(repetition)));
}

function isTriedAgain({ errorType }: RetryErrorInfo, once = false): boolean {
  return errorType === 'THROTTLING' || (errorType === 'TRANSIENT' && !once);
}

function triesOf({ error }: RetryErrorInfo): number {
  const { code } = (error ?? {}) as { code?: unknown };
  return UNHEARD.has(String(code)) ? TRIES_UNHEARD : TRIES;
}

function pauseBefore(count: number, { retryAfterHint }: RetryErrorInfo, random: () => number): number {
  const pause = pauseMs(count, random);
  const hint = retryAfterHint ? retryAfterHint.getTime() - Date.now() : 0;
  return Math.max(pause, Math.min(hint, LONGEST_PAUSE_MS));
}
