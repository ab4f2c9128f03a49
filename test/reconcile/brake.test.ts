import { describe, expect, it } from '@jest/globals';
import { brakeTrips } from '../../shared/control.ts';

describe('the brake', () => {
  it.each([
    ['holds at more than 20 % and more than 10', 50, 11, true],
    ['lets a fifth pass', 100, 20, false],
    ['holds above a fifth', 100, 21, true],
    ['lets ten pass, however few there are', 10, 10, false],
  ])('%s', (_, accounts, drifted, trips) => {
    expect(brakeTrips({ accounts, drifted })).toBe(trips);
  });
});
