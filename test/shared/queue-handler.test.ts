import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { comeAgain } from '../../shared/aws/queue.ts';
import { type QueueHandlerOptions, queueHandler } from '../../shared/aws/queue-handler.ts';
import { MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { aMessage, batch, secondsLeft, silentLogger } from '../kit/lambda.ts';

const NOW = new Date('2026-11-20T12:00:00.000Z');
const message = (text: string, receives = 1) => aMessage({ text }, { id: text, receives });

/** A handler of messages `{ text }`; `bad` ones throw, `later` ones are handed back. */
function handlerOf(given: Partial<QueueHandlerOptions<{ text: string }>> = {}) {
  const fake = fakeMain();
  const { logger, lines } = silentLogger();
  const began: string[] = [];
  const ended: string[] = [];
  const handler = queueHandler({
    queue: fake.main.intake,
    receives: 4,
    bus: fake.main.bus,
    schema: z.object({ text: z.string() }),
    logger,
    now: () => NOW,
    batch: 'one-by-one',
    async handle({ message: { text } }) {
      began.push(text);
      await Promise.resolve();
      ended.push(text);
      if (text === 'bad') throw new Error('it broke');
      return text === 'later' ? 'again' : 'done';
    },
    ...given,
  });
  return { ...fake, handler, lines, began, ended };
}

const failed = (...ids: string[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});

describe('queueHandler', () => {
  it.each(['one-by-one', 'side-by-side'] as const)(
    'reports only the messages that failed, and continues after the crash of one (%s)',
    async (how) => {
      const { handler, ended, lines } = handlerOf({ batch: how });
      const event = batch(...['a', 'bad', 'b', 'later', 'c'].map((text) => message(text)));
      expect(await handler(event, secondsLeft(60))).toEqual(failed('bad', 'later'));
      expect(ended).toEqual(['a', 'bad', 'b', 'later', 'c']);
      expect(lines).toEqual(['error message failed, will be redelivered']);
    },
  );

  it('waits for the previous message only if messages are processed in order', async () => {
    const order = async (how: 'one-by-one' | 'side-by-side') => {
      const steps: string[] = [];
      const { handler } = handlerOf({
        batch: how,
        async handle({ message: { text } }) {
          steps.push(`${text} begins`);
          await new Promise(setImmediate);
          steps.push(`${text} ends`);
          return 'done';
        },
      });
      await handler(batch(message('a'), message('b')), secondsLeft(60));
      return steps;
    };
    expect(await order('one-by-one')).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
    expect((await order('side-by-side')).slice(0, 2)).toEqual(['a begins', 'b begins']);
  });

  it.each([['no JSON'], [{ text: 7 }]])(
    'makes a message that cannot be read a dead letter, and finishes it: %j',
    async (content) => {
      const { handler, sentTo, began, lines } = handlerOf();
      const event = batch(aMessage(content), message('a'));
      expect(await handler(event, secondsLeft(60))).toEqual(failed());
      expect(sentTo('intake-dead')).toEqual([content]);
      expect(began).toEqual(['a']);
      expect(lines).toEqual(['error message cannot be read, moved to the dead letters']);
    },
  );

  it.each([
    ['no JSON', 'NotJson', 'The message is not JSON.'],
    [{ text: 7, detail: { accountId: MEMBER } }, 'InvalidMessage', 'text must be text, not a number.'],
  ])('announces a message that cannot be read, once: %j', async (content, reason, sentence) => {
    const { handler, put } = handlerOf();
    await handler(batch(aMessage(content), message('a')), secondsLeft(60));
    const accountId = typeof content === 'string' ? {} : { accountId: MEMBER };
    expect(put).toEqual([
      {
        detailType: 'WorkFailed',
        detail: {
          ...{ queue: 'intake', messageId: 'message-1', reason, ...accountId },
          message: expect.stringContaining(sentence),
        },
      },
    ]);
  });

  it('makes no dead letter that it could not announce, and keeps a message that it could not move', async () => {
    for (const broken of ['bus', 'queue'] as const) {
      const { main, put, sentTo } = fakeMain();
      const gone = () => Promise.reject(new Error('gone'));
      if (broken === 'bus') main.bus.eventBridge.send = gone as never;
      else main.intake.sqs.send = gone as never;
      const { handler } = handlerOf({ queue: main.intake, bus: main.bus });
      expect(await handler(batch(aMessage('no JSON')), secondsLeft(60))).toEqual(failed('message-1'));
      expect([put.length, sentTo('intake-dead').length]).toEqual([broken === 'bus' ? 0 : 1, 0]);
    }
  });

  it('announces a message that fails on its last receive, and not before', async () => {
    const { handler, put } = handlerOf();
    await handler(batch(message('bad', 3), message('later', 1)), secondsLeft(60));
    expect(put).toEqual([]);
    expect(await handler(batch(message('bad', 4)), secondsLeft(60))).toEqual(failed('bad'));
    expect(put).toMatchObject([
      { detailType: 'WorkFailed', detail: { reason: 'FailedEveryTime', queue: 'intake', messageId: 'bad' } },
    ]);
  });

  it('hides a failed message for its backoff, and no other message', async () => {
    const { handler, hidden } = handlerOf({ backOff: comeAgain });
    await handler(batch(message('a'), message('bad', 4), message('later')), secondsLeft(60));
    expect(hidden).toEqual([
      { queue: 'intake', receiptHandle: 'receipt of bad', seconds: expect.any(Number) },
      { queue: 'intake', receiptHandle: 'receipt of later', seconds: expect.any(Number) },
    ]);
    expect(hidden[0]?.seconds).toBeGreaterThanOrEqual(8);
    expect(hidden[0]?.seconds).toBeLessThanOrEqual(16);
  });

  it('hides a message for as long as what failed suggests, and returns it', async () => {
    const { handler, hidden } = handlerOf({ backOff: comeAgain, handle: async () => 'outage' });
    expect(await handler(batch(message('a')), secondsLeft(60))).toEqual(failed('a'));
    expect(hidden[0]?.seconds).toBeGreaterThanOrEqual(30);
  });

  it('leaves the message to the visibility timeout if there is no backoff, or setting it fails', async () => {
    const without = handlerOf();
    expect(await without.handler(batch(message('bad')), secondsLeft(60))).toEqual(failed('bad'));
    expect(without.hidden).toEqual([]);
    const failing = handlerOf({ backOff: () => Promise.reject(new Error('SQS is gone')) });
    expect(await failing.handler(batch(message('bad'), message('a')), secondsLeft(60))).toEqual(
      failed('bad'),
    );
    expect(failing.ended).toEqual(['bad', 'a']);
  });

  it('passes on the number of receives, the time of sending, and the deadline', async () => {
    const seen: unknown[] = [];
    const { handler } = handlerOf({
      handle: async (received) => {
        seen.push(received);
        return 'done';
      },
    });
    const sentAt = new Date('2026-11-20T11:59:00.000Z');
    await handler(batch(aMessage({ text: 'a' }, { receives: 3, sentAt })), secondsLeft(90));
    expect(seen).toEqual([
      {
        message: { text: 'a' },
        receives: 3,
        receiptHandle: 'receipt of message-1',
        behind: [],
        sentAt,
        until: new Date('2026-11-20T12:01:30.000Z'),
      },
    ]);
  });
});
