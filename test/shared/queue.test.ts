import { describe, expect, it } from '@jest/globals';
import { backoffSeconds, comeAgain } from '../../shared/aws/queue.ts';
import { fakeMain } from '../kit/fake-main.ts';

describe('the backoff of a message', () => {
  it('doubles, with half of it as jitter, up to ten minutes', () => {
    expect([1, 2, 3].map((receives) => backoffSeconds(receives, () => 1))).toEqual([2, 4, 8]);
    expect([1, 2, 3].map((receives) => backoffSeconds(receives, () => 0))).toEqual([1, 2, 4]);
    expect(backoffSeconds(30, () => 1)).toBe(600);
  });

  it('is the time for which the queue hides it', async () => {
    const { main, hidden } = fakeMain();
    await comeAgain(main.intake, { receiptHandle: 'r', receives: 5 });
    expect(hidden).toEqual([{ queue: 'intake', receiptHandle: 'r', seconds: expect.any(Number) }]);
    expect(hidden[0]?.seconds).toBeGreaterThanOrEqual(16);
    expect(hidden[0]?.seconds).toBeLessThanOrEqual(32);
  });
});
