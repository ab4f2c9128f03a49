import { afterEach, beforeEach, jest } from '@jest/globals';
import type { Clock } from '../../controllers/engine/model.ts';

/** The time of runs in tests for which the time does not matter. */
export const NOW = new Date('2026-11-20T12:00:00Z');

/** A clock whose time passes only when code waits, or when a test lets it pass. */
export interface TestClock extends Clock {
  /** Lets this number of milliseconds pass. */
  readonly pass: (milliseconds: number) => void;
  /** Milliseconds that have passed since the clock was made. */
  readonly passed: () => number;
}

/** A clock that stays at this time until code waits. */
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

/** The clock of the machine, which `useTestTime` stops. */
export const systemClock: Clock = {
  now: () => new Date(),
  pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/**
 * For code that reads the machine's clock or sets timers: in each test of the file or of the `describe`, time starts at `now`
 * and passes only as the test says (`jest.advanceTimersByTimeAsync`). Fakes still answer.
 */
export function useTestTime(now: Date = NOW): void {
  beforeEach(() => void jest.useFakeTimers({ now, doNotFake: ['nextTick', 'setImmediate'] }));
  afterEach(() => void jest.useRealTimers());
}
