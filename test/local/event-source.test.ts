import type { Message } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { runEventSource } from '../../local/event-source.ts';
import type { FunctionPool } from '../../local/function-pool.ts';
import { createQueueChanges } from '../../local/gateway/queue-changes.ts';
import type { LocalQueue } from '../../local/queue-client.ts';

const URL = 'http://127.0.0.1:5000/345678901234/work.fifo';

afterEach(() => void jest.useRealTimers());

describe('the poller of a mapping', () => {
  /** A queue without messages, which says how often it was polled; time does not pass. */
  function polled() {
    jest.useFakeTimers();
    const changes = createQueueChanges();
    const messages: Message[] = [];
    const invoked: unknown[] = [];
    const polls: (() => void)[] = [];
    const queue: LocalQueue = {
      changed: () => changes.next(URL),
      receive: async () => {
        polls.shift()?.();
        return messages.splice(0);
      },
      remove: async () => undefined,
      send: async () => undefined,
    };
    const worked = Promise.withResolvers<void>();
    const pool: FunctionPool = {
      invoke: async (event) => {
        invoked.push(event);
        worked.resolve();
        return { result: null };
      },
      kill: async () => 0,
      stop: async () => undefined,
    };
    const firstPoll = new Promise<void>((resolve) => polls.push(resolve));
    const source = runEventSource(
      {
        ...{
          id: 'mapping',
          queueArn: 'arn:aws:sqs:eu-west-1:345678901234:work.fifo',
          functionName: 'reconcile',
        },
        ...{ batchSize: 10, maximumConcurrency: 2, reportsItemFailures: true },
      },
      { queue, pool, region: 'eu-west-1', enabled: () => true },
    );
    return { source, changes, messages, invoked, firstPoll, worked: worked.promise };
  }

  it('receives a message that is sent while it waits, without waiting out its pause', async () => {
    const { source, changes, messages, invoked, firstPoll, worked } = polled();
    await firstPoll;
    messages.push({ MessageId: 'm', Body: '{}' });
    const queueUrl = 'https://sqs.eu-west-1.amazonaws.com/345678901234/work.fifo';
    changes.after({ service: 'sqs', action: 'SendMessageBatch', queueUrl });
    await worked;
    expect(invoked).toMatchObject([{ Records: [{ messageId: 'm' }] }]);
    const stopping = source.stop();
    await jest.runAllTimersAsync();
    await stopping;
  });
});

describe('what changes a queue', () => {
  it.each([
    ['SendMessage', URL, true],
    ['DeleteMessageBatch', URL, true],
    ['ChangeMessageVisibilityBatch', URL, true],
    ['ReceiveMessage', URL, false],
    ['SendMessage', `${URL}-dead`, false],
  ])('%s of %s: %s', async (action, queueUrl, isChange) => {
    const changes = createQueueChanges();
    let changed = false;
    const next = changes.next(URL).then(() => {
      changed = true;
    });
    changes.after({ service: 'sqs', action, queueUrl });
    if (isChange) await next;
    else await new Promise(setImmediate);
    expect(changed).toBe(isChange);
  });
});
