import { SendMessageBatchCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { pause } from '../aws/patience.ts';
import { AccountId } from './account.ts';
import { ServiceFault } from './errors.ts';
import { PlanBy } from './plan.ts';

const Cause = z.strictObject({ source: z.string(), detailType: z.string(), id: z.string() });

/**
 * A message on the FIFO work queue: which account, and why; never what happened. The pass reads the world.
 * Message group = account id, so passes of one account never overlap and accounts never wait for each other. Plans of an
 * account have a group of their own: no pass waits for a plan, nor a plan for a pass that is tried again.
 */
export const WorkMessage = z.strictObject({
  accountId: AccountId,
  cause: Cause,
  /** Time of the event, or when the account was due, ISO. */
  requestedAt: z.iso.datetime({ offset: true }),
  /** The sweep whose brake this pass obeys. */
  sweepId: z.string().optional(),
  /** Asks for a plan instead of a pass, known by the id of its cause. */
  plan: PlanBy.optional(),
});
export type WorkMessage = z.infer<typeof WorkMessage>;

/** A message on the sweep queue: what to go through the whole fleet, or the whole organization, for. */
export const SweepMessage = z.discriminatedUnion('task', [
  /** Send a pass to every account (of a baseline, if named). */
  z.strictObject({
    task: z.literal('sweep'),
    sweepId: z.string(),
    baseline: z.string().optional(),
    cause: Cause,
    requestedAt: z.iso.datetime({ offset: true }),
  }),
  /** Send a pass to every account whose time to be looked at has come, and have due requests for accounts looked at. */
  z.strictObject({ task: z.literal('due') }),
  /** Compare the organization with what is recorded, and have every open request for an account looked at. */
  z.strictObject({ task: z.literal('list') }),
]);
export type SweepMessage = z.infer<typeof SweepMessage>;

/** A message on the creation queue: which request to look at; never what happened. */
export const CreationMessage = z.strictObject({
  /** The key of the request: shared/domain/creation.ts. */
  key: z.string(),
  /** AWS has an answer, or may have: look although it is not time yet. */
  answered: z.boolean().optional(),
});
export type CreationMessage = z.infer<typeof CreationMessage>;

/** So often is a work message received before it goes to the dead letters (the main stack's redrive policy). */
export const WORK_RECEIVES = 12;
/** The same of an event: with its backoff (shared/aws/come-again.ts), more than an hour of an outage of AWS. */
export const INTAKE_RECEIVES = 16;

/** A queue in Main, and the client to it. */
export interface Queue {
  readonly sqs: SQSClient;
  readonly url: string;
}

/** Name, or URL, of the queue of dead letters of the queue with this one. */
export function deadLettersOf(queue: string): string {
  return queue.endsWith('.fifo') ? queue.replace(/\.fifo$/, '-dead.fifo') : `${queue}-dead`;
}

/**
 * Deduplication id of a work message: one event may mean ten thousand messages, one an account, so the event's id
 * alone would let one survive. SQS remembers an id for five minutes.
 */
export function deduplicationId(message: WorkMessage): string {
  return `${message.cause.id}:${message.accountId}`;
}

/** Message group of a work message. */
export function messageGroup({ accountId, plan }: WorkMessage): string {
  return plan ? `plan-${accountId}` : accountId;
}

/** Sends work, ten at a time, resending what SQS did not take; throws ServiceFault when it goes on refusing. */
export async function sendWork(queue: Queue, messages: readonly WorkMessage[]): Promise<void> {
  for (let start = 0; start < messages.length; start += 10) {
    await sendBatch(queue, messages.slice(start, start + 10));
  }
}

async function sendBatch(queue: Queue, messages: readonly WorkMessage[], attempt = 1): Promise<void> {
  const answer = await queue.sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: queue.url,
      Entries: messages.map((message, index) => ({
        Id: String(index),
        MessageBody: JSON.stringify(message),
        MessageGroupId: messageGroup(message),
        MessageDeduplicationId: deduplicationId(message),
      })),
    }),
  );
  const failed = answer.Failed ?? [];
  if (failed.length === 0) return;
  if (attempt === 4 || failed.some((entry) => entry.SenderFault)) {
    throw new ServiceFault(
      `SQS refused ${failed.length} work messages: ${failed[0]?.Code} ${failed[0]?.Message}`,
    );
  }
  await pause(attempt);
  const again = failed.flatMap((entry) => messages[Number(entry.Id)] ?? []);
  await sendBatch(queue, again, attempt + 1);
}

/** Puts one task on the sweep queue. */
export async function sendSweep(queue: Queue, message: SweepMessage): Promise<void> {
  await queue.sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: JSON.stringify(message) }));
}

/** The longest that SQS holds a message back. */
export const LONGEST_DELAY_SECONDS = 900;

/** Asks for a look at a request for an account, now or after so many seconds. */
export async function sendCreation(queue: Queue, message: CreationMessage, delaySeconds = 0): Promise<void> {
  await queue.sqs.send(
    new SendMessageCommand({
      QueueUrl: queue.url,
      MessageBody: JSON.stringify(message),
      ...(delaySeconds > 0 && { DelaySeconds: Math.min(delaySeconds, LONGEST_DELAY_SECONDS) }),
    }),
  );
}
