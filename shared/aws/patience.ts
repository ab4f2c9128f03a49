import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { RetryErrorInfo, RetryStrategyV2, RetryToken } from '@smithy/types';

/** Tries of one call: with a third of all calls failing, one in four thousand still fails. */
const TRIES = 8;
/** Where nobody listens at all, the next tries will find nobody either. */
const TRIES_UNHEARD = 3;
const UNHEARD = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH']);
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** One connection pool for all accounts: a pass opens no new connections to an endpoint that is known. */
export const requestHandler = new NodeHttpHandler({
  connectionTimeout: 3_000,
  requestTimeout: 10_000,
  throwOnRequestTimeout: true,
  httpAgent: { keepAlive: true, maxSockets: 100 },
  httpsAgent: { keepAlive: true, maxSockets: 100 },
});

/** How long calls are tried, and which. */
export interface Patience {
  /** No try begins after that. */
  readonly until?: Date | undefined;
  /** A call that was not answered may have been carried out, and would do it twice: only one that was refused is tried again. */
  readonly once?: boolean;
}

/**
 * Tries a call that was throttled, or failed for a reason that passes, again: with pauses that double, of random
 * length, so that a minute in which much fails ends no run. Each client has one for itself.
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
        throw new Error('The call is not tried again.');
      return token(count, pause);
    },
    recordSuccess: () => undefined,
  };
}

/** Milliseconds before the n-th repetition: doubling, of random length. Pure but for that. */
export function pauseMs(repetition: number, random: () => number = Math.random): number {
  return random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** repetition);
}

/** Waits before the n-th repetition. */
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
