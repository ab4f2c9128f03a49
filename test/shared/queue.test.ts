import {
  ChangeMessageVisibilityBatchCommand,
  type ChangeMessageVisibilityBatchCommandOutput,
  SendMessageBatchCommand,
  type SendMessageBatchCommandOutput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { backoffSeconds, comeAgain, hide, sendWork } from '../../shared/aws/queue.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { answering, on } from '../kit/sdk.ts';

describe('the backoff of a message', () => {
  it('doubles, with half of it as jitter, up to ten minutes', () => {
    expect([1, 2, 3].map((receives) => backoffSeconds(receives, 'again', () => 1))).toEqual([2, 4, 8]);
    expect([1, 2, 3].map((receives) => backoffSeconds(receives, 'again', () => 0))).toEqual([1, 2, 4]);
    expect(backoffSeconds(30, 'again', () => 1)).toBe(600);
  });

  it('is four minutes at most after a fault of AWS, and a minute at first while AWS does not answer', () => {
    const longest = (why: 'fault' | 'outage') =>
      [1, 2, 3, 8, 12].map((receives) => backoffSeconds(receives, why, () => 1));
    expect(longest('fault')).toEqual([2, 4, 8, 240, 240]);
    expect(longest('outage')).toEqual([60, 120, 240, 240, 240]);
  });

  it('is the time for which the queue hides it', async () => {
    const { main, hidden } = fakeMain();
    await comeAgain(main.intake, { receiptHandle: 'r', receives: 5, why: 'again' });
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

describe('sending work', () => {
  /** A queue that records what is sent, and answers a call when `answerAll` is called, or at once. */
  function queue(
    answer: (bodies: readonly string[]) => Partial<SendMessageBatchCommandOutput> = () => ({}),
    isHeld = false,
  ) {
    const batches: string[][] = [];
    const held: (() => void)[] = [];
    const sqs = answering(
      new SQSClient({ region: 'eu-west-1' }),
      on(SendMessageBatchCommand, async ({ Entries = [] }) => {
        const bodies = Entries.map(({ MessageBody = '' }) => JSON.parse(MessageBody).cause.id as string);
        batches.push(bodies);
        if (isHeld) await new Promise<void>((resolve) => held.push(resolve));
        return answer(bodies);
      }),
    );
    const answerAll = () => {
      for (const resolve of held.splice(0)) resolve();
    };
    return {
      queue: { sqs, url: 'https://sqs.eu-west-1.amazonaws.com/345678901234/work.fifo' },
      batches,
      answerAll,
    };
  }
  const work = (id: string, accountId: string) => ({
    accountId,
    requestedAt: '2026-11-20T10:00:00Z',
    cause: { source: 'orgkeeper', detailType: 'Due', id },
  });
  const ofManyAccounts = (count: number) =>
    Array.from({ length: count }, (_, index) => work(`m${index}`, String(600_000_000_000 + index)));
  const soon = () => new Promise((resolve) => setImmediate(resolve));

  it('sends ten messages a call, and ten calls at once', async () => {
    const { queue: to, batches, answerAll } = queue(undefined, true);
    const sent = sendWork(to, ofManyAccounts(125));
    await soon();
    expect(batches.map(({ length }) => length)).toEqual(Array(10).fill(10));
    answerAll();
    await soon();
    expect(batches.map(({ length }) => length)).toEqual([...Array(12).fill(10), 5]);
    answerAll();
    await sent;
    expect(new Set(batches.flat()).size).toBe(125);
  });

  it('sends the messages of an account in order, even if SQS rejects the first of them at first', async () => {
    let rejections = 1;
    const { queue: to, batches } = queue((bodies) => {
      const index = bodies.indexOf('first');
      if (index === -1 || rejections-- === 0) return {};
      return { Failed: [{ Id: String(index), Code: 'InternalError', SenderFault: false }] };
    });
    await sendWork(to, [
      work('other', '600000000001'),
      work('first', '600000000000'),
      work('second', '600000000000'),
    ]);
    expect(batches).toEqual([['other', 'first'], ['first'], ['second']]);
  });

  it('begins no call after one has failed, and ends when none is in progress', async () => {
    const {
      queue: to,
      batches,
      answerAll,
    } = queue((bodies) => {
      if (!bodies.includes('m0')) return {};
      return { Failed: [{ Id: '0', Code: 'InvalidMessageContents', Message: 'no', SenderFault: true }] };
    }, true);
    let isOver = false;
    const sent = sendWork(to, ofManyAccounts(300)).finally(() => {
      isOver = true;
    });
    const failed = expect(sent).rejects.toThrow('SQS rejected 1 work messages: InvalidMessageContents no');
    await soon();
    expect([batches.length, isOver]).toEqual([10, false]);
    answerAll();
    await failed;
    expect(batches).toHaveLength(10);
  });
});
