import { describe, expect, it } from '@jest/globals';
import { backoffSeconds, comeAgain } from '../../shared/aws/queue.ts';

describe('the backoff of a message', () => {
  it('doubles, with half of it as jitter, up to ten minutes', () => {
    expect([1, 2, 3].map((receives) => backoffSeconds(receives, () => 1))).toEqual([2, 4, 8]);
    expect([1, 2, 3].map((receives) => backoffSeconds(receives, () => 0))).toEqual([1, 2, 4]);
    expect(backoffSeconds(30, () => 1)).toBe(600);
  });

  it('is how long the queue keeps it from being received', async () => {
    const sent: { QueueUrl?: string; ReceiptHandle?: string; VisibilityTimeout?: number }[] = [];
    const sqs = { send: async ({ input }: { input: object }) => sent.push(input) } as never;
    await comeAgain({ sqs, url: 'https://sqs.example/intake' }, { receiptHandle: 'r', receives: 5 });
    expect(sent).toEqual([
      { QueueUrl: 'https://sqs.example/intake', ReceiptHandle: 'r', VisibilityTimeout: expect.any(Number) },
    ]);
    expect(sent[0]?.VisibilityTimeout).toBeGreaterThanOrEqual(16);
    expect(sent[0]?.VisibilityTimeout).toBeLessThanOrEqual(32);
  });
});
