/** Resolves when it is the caller's turn. */
export type Pace = () => Promise<void>;

/** How fast turns come, and in tests by which clock. */
export interface PaceOptions {
  readonly perSecond: number;
  /** How many turns there are at once after a rest. */
  readonly burst: number;
  readonly now?: () => number;
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

/**
 * Gives turns as a token bucket does: `burst` at once, then `perSecond`. For the calls of one process; others that
 * share the limit are not seen, so leave them room.
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
