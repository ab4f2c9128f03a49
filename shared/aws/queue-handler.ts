import type { Logger } from '@aws-lambda-powertools/logger';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { z } from 'zod';
import { OUR_SOURCE } from '../domain/event-sources.ts';
import { type FailedReason, workFailed } from '../domain/failed-work.ts';
import { type Bus, putEvents } from './bus.ts';
import { asError } from './function-logger.ts';
import type { workByGroup } from './message-groups.ts';
import type { Failed, FailedMessage, Queue } from './queue.ts';
import { bury, readMessage } from './read-message.ts';

/** A message that a function was given. */
export interface Received<T> {
  readonly message: T;
  /** How often it was received, this time included. */
  readonly receives: number;
  readonly receiptHandle: string;
  /** Receipts of the messages that wait for this one, since they are behind it in its group: hide them as long as this one. */
  readonly behind: readonly string[];
  readonly sentAt: Date;
  /** When Lambda stops the function at the latest. */
  readonly until: Date;
}

/** What became of a message; one that failed is delivered again. */
export type Handled = 'done' | Failed;

/** What a function does with the messages of its queue. */
export interface QueueHandlerOptions<T> {
  readonly queue: Queue;
  /** How often the queue gives a message before it becomes a dead letter. */
  readonly receives: number;
  /** Where messages that failed for good are announced. */
  readonly bus: Bus;
  readonly schema: z.ZodType<T>;
  readonly logger: Logger;
  readonly now: () => Date;
  /**
   * `side-by-side`: the messages of a batch do not wait for each other. `workByGroup`, for a FIFO queue: only for those of their
   * group, and a message that is done is deleted while others of the batch are worked on.
   */
  readonly batch: 'side-by-side' | 'one-by-one' | typeof workByGroup;
  /** Says when a failed message is visible again; without it, when its visibility timeout ends. */
  readonly backOff?: (queue: Queue, failed: FailedMessage) => Promise<void>;
  /** Handles one message. A throw is logged, and counts as `again`. */
  readonly handle: (received: Received<T>) => Promise<Handled>;
}

type QueueHandler = (
  event: Pick<SQSEvent, 'Records'>,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
) => Promise<SQSBatchResponse>;

/**
 * The handler of a function that works off a queue. Each message stands for itself: only those that failed are reported as
 * such, and SQS delivers them again. A message that cannot be read is announced (`WorkFailed`) and moved to the dead letters at once. A
 * message that fails the last time that it is received is announced, too; one whose function is killed then is not.
 */
export function queueHandler<T>(options: QueueHandlerOptions<T>): QueueHandler {
  const { queue, bus, schema, logger, now, batch, backOff, handle } = options;

  async function handled(
    record: SQSRecord,
    until: Date,
    behind: readonly string[] = [],
  ): Promise<'done' | 'again'> {
    const { messageId, receiptHandle, attributes } = record;
    const receives = Number(attributes.ApproximateReceiveCount);
    const sentAt = new Date(Number(attributes.SentTimestamp));
    const outcome = await attempted(messageId, async () => {
      const read = readMessage(schema, record.body);
      if ('message' in read)
        return handle({ message: read.message, receives, receiptHandle, behind, sentAt, until });
      const { reason, sentence, why } = read.unreadable;
      // Announced first: repeated after a crash, this says twice what happened once, but buries nothing twice.
      await announce(record, reason, sentence);
      await bury(record, queue, read.unreadable);
      logger.error('message cannot be read, moved to the dead letters', { reason, why, messageId });
      return 'done';
    });
    if (outcome === 'done') return 'done';
    if (receives >= options.receives) await announceLast(record);
    await postpone(record, receives, outcome);
    return 'again';
  }

  async function announce(
    { messageId, body }: SQSRecord,
    reason: FailedReason,
    sentence: string,
  ): Promise<void> {
    const name = queue.url.split('/').at(-1) ?? '';
    await putEvents(bus, [workFailed({ queue: name, reason, sentence, messageId, body })], OUR_SOURCE);
  }

  /** SQS moves the message to the dead letters by itself. */
  async function announceLast(record: SQSRecord): Promise<void> {
    const sentence = `The message failed each of the ${options.receives} times that it was received.`;
    try {
      await announce(record, 'FailedEveryTime', sentence);
    } catch (error) {
      logger.warn('a message that failed for good was not announced', {
        messageId: record.messageId,
        error: asError(error),
      });
    }
  }

  async function attempted(messageId: string, work: () => Promise<Handled>): Promise<Handled> {
    try {
      return await work();
    } catch (error) {
      logger.error('message failed, will be redelivered', { messageId, error: asError(error) });
      return 'again';
    }
  }

  async function postpone(
    { receiptHandle, messageId }: SQSRecord,
    receives: number,
    why: Failed,
  ): Promise<void> {
    try {
      await backOff?.(queue, { receiptHandle, receives, why });
    } catch (error) {
      logger.warn('backoff was not set, redelivery waits for the visibility timeout', {
        messageId,
        error: asError(error),
      });
    }
  }

  return async ({ Records }, context) => {
    const began = now().getTime();
    const milliseconds = context.getRemainingTimeInMillis();
    const until = new Date(began + milliseconds);
    const outcomes: ('done' | 'again')[] = [];
    switch (batch) {
      case 'side-by-side':
        outcomes.push(...(await Promise.all(Records.map((record) => handled(record, until)))));
        break;
      case 'one-by-one':
        for (const record of Records) outcomes.push(await handled(record, until));
        break;
      default:
        outcomes.push(
          ...(await batch(Records, {
            ...{ queue, receives: options.receives, logger, now },
            // A run that begins later has too little time.
            waitsUntil: new Date(began + milliseconds / 2),
            handle: (record, behind) => handled(record, until, behind),
          })),
        );
    }
    const failed = Records.filter((_, index) => outcomes[index] === 'again');
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };
}
