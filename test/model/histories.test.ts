import { describe, expect, it } from '@jest/globals';
import { happening } from './happenings.ts';
import { badDay, historyOf, withModes } from './history.ts';
import { KEPT_SEEDS, KEPT_SEEDS_WITH_MODES, KNOWN_HISTORIES } from './kept.ts';

/**
 * Whatever happens to its messages and its functions, a fleet ends where the order of what was asked leads. The functions, the
 * store and the kinds are the real ones; queues, bus, organization and member accounts are in memory (test/model/world.ts).
 * `npm run soak` has 500 more histories.
 */
describe('a fleet, with events late, twice and in any order and with killed functions, ends as in order', () => {
  it.each(Object.entries(KNOWN_HISTORIES))('%s', async (_, history) => {
    for (let seed = 1; seed <= 3; seed++) {
      const { ending, expected, faults } = await happening(history, { ...badDay(seed), late: 1 });
      expect({ seed, ending, faults }).toEqual({ seed, ending: expected, faults: [] });
    }
  });

  it.each([...new Set([...KEPT_SEEDS, ...Array.from({ length: 20 }, (_, index) => index + 1)])])(
    'in the history of seed %i',
    async (seed) => {
      const { ending, expected, faults } = await happening(historyOf(seed), badDay(seed));
      expect({ ending, faults }).toEqual({ ending: expected, faults: [] });
    },
  );

  it.each([...new Set([...KEPT_SEEDS_WITH_MODES, ...Array.from({ length: 10 }, (_, index) => index + 1)])])(
    'in the history of seed %i, whose registrations say the mode',
    async (seed) => {
      const history = withModes(historyOf(seed), seed);
      const { ending, expected, faults } = await happening(history, badDay(seed));
      expect({ ending, faults }).toEqual({ ending: expected, faults: [] });
    },
  );

  it('with functions that really are killed', async () => {
    const { kills } = await happening(historyOf(1), badDay(1));
    expect(kills).toBeGreaterThan(0);
  });

  it('restarts killed runs within 40 s in the median, and always within the two minutes of a run', async () => {
    const recoveries: number[] = [];
    for (let seed = 1; seed <= 8; seed++)
      recoveries.push(...(await happening(historyOf(seed), { ...badDay(seed), killed: 0.6 })).recoveries);
    const sorted = recoveries.toSorted((a, b) => a - b);
    const [middle = 0, longest = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
    process.stdout.write(
      `${sorted.length} killed runs started again after ${middle.toFixed(1)} s in the median, ${longest.toFixed(1)} s at most.\n`,
    );
    expect(sorted.length).toBeGreaterThan(20);
    expect(middle).toBeLessThanOrEqual(40);
    expect(longest).toBeLessThanOrEqual(121);
  });
});
