import { afterEach, beforeEach, jest } from '@jest/globals';
import type { Clock } from '../../controllers/engine/model.ts';

/** When the runs of tests take place, where the hour does not matter. */
export const NOW = new Date('2026-11-20T12:00:00Z');

/** Time that passes only when somebody waits, or when a test lets it pass. */
export interface TestClock extends Clock {
  /** Lets so many milliseconds pass. */
  readonly pass: (milliseconds: number) => void;
  /** Milliseconds that have passed since the clock was made. */
  readonly passed: () => number;
}

/** A clock that stands at this time until somebody waits. */
export function testClock(start: Date = NOW): TestClock {
  let passed = 0;
  const pass = (milliseconds: number) => {
    passed += milliseconds;
  };
  return {
    now: () => new Date(start.getTime() + passed),
    pass,
    pause: async (each) => pass(each),
    passed: () => passed,
  };
}

/** The clock of the machine, which `useTestTime` makes stand. */
export const systemClock: Clock = {
  now: () => new Date(),
  pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/**
 * For code that reads the machine's clock or sets timers: in each test of the file or of the `describe`, time stands at `now`
 * and passes as the test says (`jest.advanceTimersByTimeAsync`). Answers of fakes come all the same.
 */
export function useTestTime(now: Date = NOW): void {
  beforeEach(() => void jest.useFakeTimers({ now, doNotFake: ['nextTick', 'setImmediate'] }));
  afterEach(() => void jest.useRealTimers());
}
