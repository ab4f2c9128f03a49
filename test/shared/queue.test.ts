import {
  ChangeMessageVisibilityBatchCommand,
  type ChangeMessageVisibilityBatchCommandOutput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { backoffSeconds, comeAgain, hide } from '../../shared/aws/queue.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { answering, on } from '../kit/sdk.ts';

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

describe('hiding messages', () => {
  /** A queue that records which messages are hidden by one call. */
  function queue(answer: () => Partial<ChangeMessageVisibilityBatchCommandOutput> = () => ({})) {
    const calls: (string | undefined)[][] = [];
    const sqs = answering(
      new SQSClient({ region: 'eu-west-1' }),
      on(ChangeMessageVisibilityBatchCommand, ({ Entries = [] }) => {
        calls.push(
          Entries.map(({ ReceiptHandle, VisibilityTimeout }) => `${ReceiptHandle} ${VisibilityTimeout}`),
        );
        return answer();
      }),
    );
    return { queue: { sqs, url: 'https://sqs.eu-west-1.amazonaws.com/345678901234/work.fifo' }, calls };
  }
  const receipts = (count: number) => Array.from({ length: count }, (_, index) => `r${index}`);

  it('takes one call for ten messages that are hidden at the same time', async () => {
    const { queue: work, calls } = queue();
    await Promise.all(receipts(12).map((receipt, index) => hide(work, receipt, index)));
    expect(calls).toEqual([receipts(10).map((one, index) => `${one} ${index}`), ['r10 10', 'r11 11']]);
    await hide(work, 'later', 33);
    expect(calls.at(-1)).toEqual(['later 33']);
  });

  it('fails only for the message that SQS refuses', async () => {
    const Failed = [{ Id: '1', Code: 'ReceiptHandleIsInvalid', Message: 'too old', SenderFault: true }];
    const { queue: work } = queue(() => ({ Failed }));
    const hidden = await Promise.allSettled(receipts(3).map((receipt) => hide(work, receipt, 33)));
    expect(hidden.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await expect(hide(work, 'r', 33)).resolves.toBeUndefined();
    expect(hidden[1]).toMatchObject({
      reason: { name: 'ServiceFault', message: 'SQS did not hide a message: ReceiptHandleIsInvalid too old' },
    });
  });

  it('fails for each message of a call that fails', async () => {
    const { queue: work } = queue(() => {
      throw new Error('SQS is away');
    });
    const hidden = await Promise.allSettled(receipts(2).map((receipt) => hide(work, receipt, 33)));
    expect(hidden.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
