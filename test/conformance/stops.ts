import { expect } from '@jest/globals';
import type { Keeper, Outcome, Stop } from './support.ts';

/** Starts afresh for the calls that a pass makes while applying, stops there, and hands over to `after`. */
export async function atEachCall<B extends { readonly keep: Pick<Keeper, 'pass'> }>(
  how: Omit<Stop, 'at'>,
  start: () => Promise<B>,
  after: (begun: B, at: number) => Promise<void>,
  turn?: number,
): Promise<void> {
  for (let at = 1; ; at = nextCall(at, turn)) {
    const begun = await start();
    const { stopped } = await begun.keep.pass({ at, ...how });
    if (!stopped) {
      expect(at).toBeGreaterThan(1);
      return;
    }
    await after(begun, at);
  }
}

/**
 * The next call that a pass is stopped at: each one in `npm run soak` (EVERY_CALL); in `npm test` the first six, then every third. Of
 * tests that take turns (0 to 2), each stops at the first three, and each later call is stopped at by one of them.
 */
export function nextCall(at: number, turn?: number): number {
  let next = at + 1;
  if (process.env.EVERY_CALL || at < (turn === undefined ? 6 : 3)) return next;
  while (next % 3 !== (turn ?? 0)) next += 1;
  return next;
}

/** Passes until one finds nothing to do; that one is returned. Fails after five. */
export async function settled(keep: Pick<Keeper, 'pass'>): Promise<Outcome> {
  for (let pass = 1; pass <= 5; pass += 1) {
    const outcome = await keep.pass();
    if (outcome.state === 'present' && outcome.comparison?.differences.length === 0) return outcome;
  }
  throw new Error('five passes, and there is still something to do');
}

/** The commands of the calls that write, in order. */
export function writes(outcome: Outcome): readonly string[] {
  return outcome.calls.filter((call) => call.writes).map((call) => call.command);
}
