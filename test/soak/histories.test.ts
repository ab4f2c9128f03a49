import { describe, expect, it } from '@jest/globals';
import { happening } from '../model/happenings.ts';
import { badDay, historyOf } from '../model/history.ts';

const FIRST = Number(process.env.HISTORIES_FROM ?? 1_000);
const HISTORIES = 500;
const PART = 25;

describe('500 random histories, delivered late, twice and in any order, with killed functions', () => {
  const parts = Array.from({ length: HISTORIES / PART }, (_, index) => FIRST + index * PART);
  it.each(parts)(
    `end like histories in order: ${PART} from seed %i on`,
    async (first) => {
      const bad: object[] = [];
      for (let seed = first; seed < first + PART; seed++) {
        const { ending, expected, faults } = await happening(historyOf(seed), badDay(seed));
        const isSame = JSON.stringify(ending) === JSON.stringify(expected);
        // A seed that fails belongs into KEPT_SEEDS of test/model/kept.ts.
        if (!isSame || faults.length > 0)
          bad.push({ seed, history: historyOf(seed), ending, expected, faults });
      }
      expect(bad).toEqual([]);
    },
    300_000,
  );
});
