/** Resolves when the next call is allowed. */
export type Pace = () => Promise<void>;

/** The rate, and in tests the clock. */
export interface PaceOptions {
  readonly perSecond: number;
  /** Calls that are allowed at once after a pause. */
  readonly burst: number;
  readonly now?: () => number;
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

/**
 * A token bucket: `burst` calls at once, then `perSecond`. It limits this process only, so leave room for others that
 * share the limit of AWS.
 */
export function createPace(options: PaceOptions): Pace {
  const { perSecond, burst, now = Date.now, sleep = defaultSleep } = options;
  const interval = 1000 / perSecond;
  let fullAt = 0;
  return async () => {
    const time = now();
    fullAt = Math.max(fullAt, time) + interval;
    const wait = fullAt - burst * interval - time;
    if (wait > 0) await sleep(wait);
  };
}

function defaultSleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
