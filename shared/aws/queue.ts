import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { ServiceFault } from '../domain/errors.ts';
import {
  type CreationMessage,
  deduplicationId,
  messageGroup,
  type ReviewMessage,
  type SweepMessage,
  type WorkMessage,
} from '../domain/work.ts';
import { pause } from './patience.ts';

/** A queue in Main, and the client to it. */
export interface Queue {
  readonly sqs: SQSClient;
  readonly url: string;
}

/**
 * Sends work messages, ten a call and some calls at once, and sends those that SQS rejected again. Messages of one group are sent in
 * order. @throws ServiceFault after four attempts; all others may have been sent by then, or not
 */
export async function sendWork(queue: Queue, messages: readonly WorkMessage[]): Promise<void> {
  await sendAll(queue, messages, 'work messages', (message) => ({
    MessageGroupId: messageGroup(message),
    MessageDeduplicationId: deduplicationId(message),
  }));
}

/** Requests reviews of accounts, as `sendWork` does runs. */
export async function sendReviews(queue: Queue, messages: readonly ReviewMessage[]): Promise<void> {
  await sendAll(queue, messages, 'requests for reviews', () => ({}));
}

/** Calls at once: some 250 a second, of the 300 that SQS accepts for one partition of a FIFO queue. */
const BATCHES_AT_ONCE = 10;

async function sendAll<T>(
  queue: Queue,
  messages: readonly T[],
  what: string,
  order: (message: T) => { readonly MessageGroupId?: string; readonly MessageDeduplicationId?: string },
): Promise<void> {
  const entries = messages.map((message) => ({ MessageBody: JSON.stringify(message), ...order(message) }));
  for (const round of roundsOf(entries)) await sendRound(queue, batchesOf(round), what);
}

/** Sends batches side by side; after a failure, none that has not begun. No call is in progress any more when this ends. */
async function sendRound(
  queue: Queue,
  batches: readonly SendMessageBatchRequestEntry[][],
  what: string,
): Promise<void> {
  const left = batches.values();
  let hasFailed = false;
  async function sendNext(): Promise<void> {
    for (const batch of left) {
      if (hasFailed) return;
      try {
        await sendBatch(queue, batch, what);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: BATCHES_AT_ONCE }, sendNext));
  const failed = ended.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

/** The entries in order, in as few rounds as have no group twice: what is sent side by side, or again, overtakes nothing of its group. */
function roundsOf<E extends { readonly MessageGroupId?: string }>(entries: readonly E[]): E[][] {
  const reached = new Map<string, number>();
  const rounds = Map.groupBy(entries, ({ MessageGroupId: group }) => {
    if (group === undefined) return 0;
    const round = reached.get(group) ?? 0;
    reached.set(group, round + 1);
    return round;
  });
  return [...rounds.values()];
}

function batchesOf<E extends object>(entries: readonly E[]): (E & { Id: string })[][] {
  const batches: (E & { Id: string })[][] = [];
  for (let start = 0; start < entries.length; start += 10)
    batches.push(entries.slice(start, start + 10).map((entry, index) => ({ Id: String(index), ...entry })));
  return batches;
}

async function sendBatch(
  queue: Queue,
  entries: readonly SendMessageBatchRequestEntry[],
  what: string,
  attempt = 1,
): Promise<void> {
  const answer = await queue.sqs.send(
    new SendMessageBatchCommand({ QueueUrl: queue.url, Entries: [...entries] }),
  );
  const failed = answer.Failed ?? [];
  if (failed.length === 0) return;
  if (attempt === 4 || failed.some((entry) => entry.SenderFault)) {
    throw new ServiceFault(`SQS rejected ${failed.length} ${what}: ${failed[0]?.Code} ${failed[0]?.Message}`);
  }
  await pause(attempt);
  const again = entries.filter(({ Id }) => failed.some((entry) => entry.Id === Id));
  await sendBatch(queue, again, what, attempt + 1);
}

/** Puts one task on the sweep queue. */
export async function sendSweep(queue: Queue, message: SweepMessage): Promise<void> {
  await queue.sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: JSON.stringify(message) }));
}

/** SQS's maximum for DelaySeconds. */
export const LONGEST_DELAY_SECONDS = 900;

/** Sends work for a request for an account, visible after so many seconds. */
export async function sendCreation(queue: Queue, message: CreationMessage, delaySeconds = 0): Promise<void> {
  await queue.sqs.send(
    new SendMessageCommand({
      QueueUrl: queue.url,
      MessageBody: JSON.stringify(message),
      ...(delaySeconds > 0 && { DelaySeconds: Math.min(delaySeconds, LONGEST_DELAY_SECONDS) }),
    }),
  );
}

/** Why a message is received again: it failed; AWS failed; AWS does not answer, neither for this message nor for others. */
export type Failed = 'again' | 'fault' | 'outage';

/** Seconds of the first pause, and of the longest. An outage lasts for minutes, but when it is over nothing is gained by a long pause. */
const PAUSES: Readonly<Record<Failed, { readonly first: number; readonly longest: number }>> = {
  again: { first: 2, longest: 600 },
  fault: { first: 2, longest: 240 },
  outage: { first: 60, longest: 240 },
};

/** Seconds until a failed message is visible again: exponential with jitter. */
export function backoffSeconds(
  receives: number,
  why: Failed = 'again',
  random: () => number = Math.random,
): number {
  const { first, longest } = PAUSES[why];
  const ceiling = Math.min(longest, first * 2 ** Math.min(receives - 1, 12));
  return Math.max(1, Math.round(ceiling * (0.5 + random() / 2)));
}

/** A message that failed. */
export interface FailedMessage {
  readonly receiptHandle: string;
  readonly receives: number;
  readonly why: Failed;
}

/**
 * Makes a failed message visible again after its backoff, whose jitter spreads messages that failed together. Without this
 * call, the message is visible again when its visibility timeout ends.
 */
export async function comeAgain(
  queue: Queue,
  { receiptHandle, receives, why }: FailedMessage,
): Promise<void> {
  await hide(queue, receiptHandle, backoffSeconds(receives, why));
}

/** A message that is to be hidden by the next call, and who waits for that. */
interface Hiding {
  readonly receiptHandle: string;
  readonly seconds: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const hiding = new WeakMap<Queue, Hiding[]>();

/**
 * Hides a message from other receivers for so many seconds from now on. Messages that are hidden at the same time, as all of a batch
 * are when their runs begin, share a call. @throws ServiceFault if SQS refuses
 */
export function hide(queue: Queue, receiptHandle: string, seconds: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const one = { receiptHandle, seconds, resolve, reject };
    const together = hiding.get(queue);
    if (together) {
      together.push(one);
      return;
    }
    const begun = [one];
    hiding.set(queue, begun);
    void Promise.resolve().then(() => {
      hiding.delete(queue);
      for (let start = 0; start < begun.length; start += 10)
        void hideTogether(queue, begun.slice(start, start + 10));
    });
  });
}

async function hideTogether({ sqs, url }: Queue, all: readonly Hiding[]): Promise<void> {
  const Entries = all.map(({ receiptHandle, seconds }, index) => ({
    Id: String(index),
    ReceiptHandle: receiptHandle,
    VisibilityTimeout: seconds,
  }));
  try {
    const { Failed = [] } = await sqs.send(
      new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries }),
    );
    for (const { Id, Code, Message } of Failed)
      all[Number(Id)]?.reject(new ServiceFault(`SQS did not hide a message: ${Code} ${Message}`));
    // Those that were rejected stay so.
    for (const { resolve } of all) resolve();
  } catch (error) {
    for (const { reject } of all) reject(error);
  }
}

/** Deletes up to ten messages that are done. @throws ServiceFault if SQS keeps any of them */
export async function deleteMessages({ sqs, url }: Queue, receiptHandles: readonly string[]): Promise<void> {
  const Entries = receiptHandles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
  const { Failed = [] } = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
  const [first] = Failed;
  if (first) throw new ServiceFault(`SQS kept ${Failed.length} messages: ${first.Code} ${first.Message}`);
}
