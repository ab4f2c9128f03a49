import { z } from 'zod';
import { AccountId } from './account.ts';
import { Cause } from './cause.ts';
import { PlanBy } from './plan.ts';

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
/** The same of an event: with its backoff (shared/aws/queue.ts), more than an hour of an outage of AWS. */
export const INTAKE_RECEIVES = 16;

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
