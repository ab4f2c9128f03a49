import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { workByGroup } from '../../shared/aws/message-groups.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { aMessage, silentLogger } from '../kit/lambda.ts';

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] }));
afterEach(() => void jest.useRealTimers());

/** A message of a group, as `a1`: group a, first message. */
const message = (id: string, receives = 1) => aMessage({}, { id, receives, group: id[0] });
const receipts = (...ids: string[]) => ids.map((id) => `receipt of ${id}`);

/** A batch in which each message ends when the test says so. */
function working(...records: ReturnType<typeof message>[]) {
  const fake = fakeMain();
  const { logger, lines } = silentLogger();
  const began: string[] = [];
  const behind = new Map<string, readonly string[]>();
  const ends = new Map<string, (outcome: 'done' | 'again') => void>();
  let isOver = false;
  const outcomes = workByGroup(records, {
    ...{ queue: fake.main.work, receives: 4, logger, now: () => new Date() },
    waitsUntil: new Date(Date.now() + 60_000),
    handle: ({ messageId }, waiting) => {
      began.push(messageId);
      behind.set(messageId, waiting);
      return new Promise((resolve) => ends.set(messageId, resolve));
    },
  }).finally(() => {
    isOver = true;
  });
  return {
    ...fake,
    ...{ outcomes, lines, began, behind },
    isOver: () => isOver,
    end: async (id: string, outcome: 'done' | 'again' = 'done') => {
      ends.get(id)?.(outcome);
      await jest.advanceTimersByTimeAsync(0);
    },
    pass: (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds),
  };
}

describe('workByGroup', () => {
  it('begins all groups at once, and each message of a group when the one before it is done', async () => {
    const { began, end, outcomes } = working(...['a1', 'a2', 'b1', 'a3'].map((id) => message(id)));
    expect(began).toEqual(['a1', 'b1']);
    await end('a1');
    expect(began).toEqual(['a1', 'b1', 'a2']);
    await end('a2');
    await end('a3', 'again');
    await end('b1');
    expect(await outcomes).toEqual(['done', 'done', 'done', 'again']);
  });

  it('deletes what is done while others of the batch are worked on, a second later and in one call', async () => {
    const { deleted, end, pass, isOver, main } = working(...['a1', 'b1', 'c1'].map((id) => message(id)));
    const calls = jest.spyOn(main.work.sqs, 'send');
    await end('a1');
    await pass(500);
    await end('b1');
    expect(deleted).toEqual([]);
    await pass(500);
    expect(deleted).toEqual(receipts('a1', 'b1'));
    expect(calls).toHaveBeenCalledTimes(1);
    expect(isOver()).toBe(false);
    await end('c1');
    await pass(5_000);
    expect(deleted).toEqual(receipts('a1', 'b1'));
  });

  it('makes no call for a batch whose messages are all done within a second', async () => {
    const { deleted, end, pass, outcomes } = working(message('a1'), message('b1'));
    await end('a1');
    await pass(999);
    await end('b1');
    expect(await outcomes).toEqual(['done', 'done']);
    await pass(5_000);
    expect(deleted).toEqual([]);
  });

  it('leaves to Lambda what it could not delete', async () => {
    const { main, end, pass, outcomes, lines } = working(message('a1'), message('b1'));
    main.work.sqs.send = (async () => ({ Failed: [{ Code: 'InternalError' }] })) as never;
    await end('a1');
    await pass(1_000);
    expect(lines).toEqual(['warn finished messages were not deleted before their batch ended']);
    await end('b1');
    expect(await outcomes).toEqual(['done', 'done']);
  });

  it('returns the messages behind a failed one at once, untried, and leaves the other groups alone', async () => {
    const { began, hidden, end, outcomes } = working(...['a1', 'a2', 'b1'].map((id) => message(id)));
    await end('a1', 'again');
    await end('b1');
    expect(await outcomes).toEqual(['again', 'again', 'done']);
    expect(began).toEqual(['a1', 'b1']);
    expect(hidden).toEqual([{ queue: 'work.fifo', receiptHandle: 'receipt of a2', seconds: 0 }]);
  });

  it('tries a message behind a failed one on its last receive: no message becomes a dead letter untried', async () => {
    const { began, end, outcomes } = working(message('a1', 4), message('a2', 4), message('a3', 3));
    await end('a1', 'again');
    expect(began).toEqual(['a1', 'a2']);
    await end('a2');
    expect(await outcomes).toEqual(['again', 'done', 'again']);
  });

  it('returns a message that waited for half of the time, since it could not be finished', async () => {
    const { began, hidden, end, pass, outcomes } = working(message('a1'), message('a2'));
    await pass(60_000);
    await end('a1');
    expect(await outcomes).toEqual(['done', 'again']);
    expect(began).toEqual(['a1']);
    expect(hidden).toMatchObject([{ receiptHandle: 'receipt of a2', seconds: 0 }]);
  });

  it('passes the receipts of the messages that wait, so that they stay hidden with the one that is worked on', async () => {
    const { behind } = working(...['a1', 'a2', 'b1', 'a3'].map((id) => message(id)));
    expect(behind.get('a1')).toEqual(receipts('a2', 'a3'));
    expect(behind.get('b1')).toEqual([]);
  });

  it('treats messages without a group as groups of their own', async () => {
    const { began } = working(aMessage({}, { id: 'x' }), aMessage({}, { id: 'y' }));
    expect(began).toEqual(['x', 'y']);
  });
});
