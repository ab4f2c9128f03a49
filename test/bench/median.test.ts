import { expect, test } from '@jest/globals';
import { median } from './median.ts';

test('the median of an even number of values is the mean of the two in the middle', () => {
  expect([median([3, 1, 2]), median([4, 1, 10, 2]), median([7])]).toEqual([2, 3, 7]);
});

test('the median of no values, or of one that is not known, is not known', () => {
  expect([median([]), median([1, Number.NaN, 2])]).toEqual([Number.NaN, Number.NaN]);
});
