import type { Logger } from '@aws-lambda-powertools/logger';
import type { SQSRecord } from 'aws-lambda';
import { asError } from './function-logger.ts';
import { deleteMessages, hide, type Queue } from './queue.ts';

type Outcome = 'done' | 'again';

/** How the batch of a FIFO queue is worked on. */
interface GroupOptions {
  readonly queue: Queue;
  /** How often the queue gives a message before it becomes a dead letter. */
  readonly receives: number;
  /** When a message that waits for another one of its group is returned to the queue instead. */
  readonly waitsUntil: Date;
  readonly logger: Logger;
  readonly now: () => Date;
  /** Handles one message; `behind` are the receipts of the messages of its group that wait for it. Never throws. */
  readonly handle: (record: SQSRecord, behind: readonly string[]) => Promise<Outcome>;
}

/**
 * Works on a batch of a FIFO queue: all groups at once, the messages of one group in order. No group waits for another: messages that
 * are done are deleted while others are worked on. Once a message of a group has failed, those behind it are returned to the queue
 * untried, as SQS keeps the order: they come again with it. Only on its last receive is a message tried all the same.
 * @returns the outcome of each record, in the order of the batch
 */
export async function workByGroup(
  records: readonly SQSRecord[],
  options: GroupOptions,
): Promise<readonly Outcome[]> {
  const { queue, logger, now, handle } = options;
  const outcomes = new Map<SQSRecord, Outcome>();
  const deletion = earlyDeletion(queue, logger);

  async function inOrder(group: readonly SQSRecord[]): Promise<void> {
    let hasFailed = false;
    for (const [index, record] of group.entries()) {
      const isLast = Number(record.attributes.ApproximateReceiveCount) >= options.receives;
      const isLate = index > 0 && now() >= options.waitsUntil;
      const behind = group.slice(index + 1).map(({ receiptHandle }) => receiptHandle);
      const isTried = isLast || !(hasFailed || isLate);
      const outcome = isTried ? await handle(record, behind) : await returned(record);
      outcomes.set(record, outcome);
      if (outcome === 'done') deletion.add(record);
      else hasFailed = true;
    }
  }

  async function returned({ receiptHandle, messageId }: SQSRecord): Promise<'again'> {
    try {
      await hide(queue, receiptHandle, 0);
    } catch (error) {
      logger.warn('message was not returned, redelivery waits for the visibility timeout', {
        messageId,
        error: asError(error),
      });
    }
    return 'again';
  }

  // Plain messages have no group, and wait for none.
  const groups = Map.groupBy(records, ({ messageId, attributes }) => attributes.MessageGroupId ?? messageId);
  await Promise.all([...groups.values()].map(inOrder));
  await deletion.end();
  return records.map((record) => outcomes.get(record) ?? 'again');
}

/** So long a finished message waits for others of its batch to be deleted with it; at the end of the batch, Lambda deletes them. */
const TOGETHER_MS = 1_000;

/** Deletes messages that are done before their batch is. If that fails, Lambda deletes them with the batch. */
function earlyDeletion(queue: Queue, logger: Logger) {
  let waiting: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let deleting = Promise.resolve();

  async function deleteWaiting(): Promise<void> {
    const receipts = waiting;
    waiting = [];
    timer = undefined;
    try {
      await deleteMessages(queue, receipts);
    } catch (error) {
      logger.warn('finished messages were not deleted before their batch ended', asError(error));
    }
  }

  return {
    add({ receiptHandle }: SQSRecord): void {
      waiting.push(receiptHandle);
      timer ??= setTimeout(() => {
        deleting = deleting.then(deleteWaiting);
      }, TOGETHER_MS);
    },
    /** Waits for a deletion that has begun, and begins no other one. */
    async end(): Promise<void> {
      clearTimeout(timer);
      await deleting;
    },
  };
}
