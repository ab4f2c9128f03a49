import { z } from 'zod';
import { AccountId } from './account.ts';
import { Cause } from './cause.ts';
import { PlanBy } from './plan.ts';

// During a deployment, functions of two versions send each other messages. A message with an unknown field is refused, since the field may
// change what is asked: a plan is no run. A cause only says why, so what a newer version says there is passed on.
const PassedOn: z.ZodType<Cause> = Cause.loose();

/**
 * A message on the FIFO work queue: which account, and why; never what happened. The run reads the world.
 * The message group is the account id, so runs of one account never overlap and accounts never wait for each other. Plans
 * of an account have their own group: a run never waits for a plan, nor a plan for a run that is retried.
 */
export const WorkMessage = z.strictObject({
  accountId: AccountId,
  cause: PassedOn,
  /** Time of the event, or when the account was due, ISO. */
  requestedAt: z.iso.datetime({ offset: true }),
  /** The sweep whose circuit breaker applies to this run. */
  sweepId: z.string().optional(),
  /** The sweep in which another account changed what this one imports. The run does not count towards it, and stops with it. */
  exportedInSweep: z.string().optional(),
  /** Requests a plan, identified by the id of the cause, instead of a run. */
  plan: PlanBy.optional(),
});
export type WorkMessage = z.infer<typeof WorkMessage>;

/** A message on the sweep queue: a task for the whole fleet or the whole organization. */
export const SweepMessage = z.discriminatedUnion('task', [
  /** Send work for every account (of a baseline, if named). */
  z.strictObject({
    task: z.literal('sweep'),
    sweepId: z.string(),
    baseline: z.string().optional(),
    cause: PassedOn,
    requestedAt: z.iso.datetime({ offset: true }),
  }),
  /** Send work for every account and every request for an account that is due. */
  z.strictObject({ task: z.literal('due') }),
  /** Compare the organization with the records, and send work for every unfinished request for an account. */
  z.strictObject({ task: z.literal('list') }),
  /** Make the page of the whole fleet after the nightly sweep that began on this day (UTC). */
  z.strictObject({ task: z.literal('page'), day: z.iso.date() }),
  /** Announce how the fleet stands once the sweep of this night, which the schedule has begun, has ended. */
  z.strictObject({ task: z.literal('summary'), night: z.iso.datetime({ offset: true }) }),
  /** Take a roll-out as far as it goes now. */
  z.strictObject({ task: z.literal('rollout'), rolloutId: z.string() }),
  /** Send a message to the review queue for each of these accounts, or for every managed one. */
  z.strictObject({
    task: z.literal('review'),
    accountIds: z.array(AccountId).optional(),
    unusedDays: z.int().positive(),
    cause: PassedOn,
    requestedAt: z.iso.datetime({ offset: true }),
    /** The accounts up to this one are done. */
    after: AccountId.optional(),
  }),
]);
export type SweepMessage = z.infer<typeof SweepMessage>;

/** A message on the review queue: whose access to review; the review reads the account. */
export const ReviewMessage = z.strictObject({
  accountId: AccountId,
  cause: PassedOn,
  requestedAt: z.iso.datetime({ offset: true }),
  /** Roles that were not used for so many days are flagged. */
  unusedDays: z.int().positive(),
});
export type ReviewMessage = z.infer<typeof ReviewMessage>;

/** A message on the creation queue: which request to advance; never what happened. */
export const CreationMessage = z.strictObject({
  /** The key of the request: shared/domain/creation.ts. */
  key: z.string(),
  /** AWS may have an answer: advance the request although it is not due yet. */
  answered: z.boolean().optional(),
  /** ISO time: the request was due then, later than SQS delays a message; if it still is, the message waits on. */
  dueAt: z.string().optional(),
});
export type CreationMessage = z.infer<typeof CreationMessage>;

/** How often a work message is received before it becomes a dead letter (redrive policy of the main stack). */
export const WORK_RECEIVES = 12;
/** The same for events: with the backoff of shared/aws/queue.ts, they outlast an outage of more than an hour. */
export const INTAKE_RECEIVES = 16;
/** The same for the tasks of the sweep function, and for requests for accounts. */
export const SWEEP_RECEIVES = 8;
export const CREATION_RECEIVES = 8;
/** The same for reviews: a throttled account is read again, and in the end its review says why it failed. */
export const REVIEW_RECEIVES = 5;

/**
 * Deduplication id of a work message. It contains the account, since one event may cause a message for each of ten thousand
 * accounts. SQS remembers an id for five minutes.
 */
export function deduplicationId(message: WorkMessage): string {
  return `${message.cause.id}:${message.accountId}`;
}

/** Message group of a work message. */
export function messageGroup({ accountId, plan }: WorkMessage): string {
  return plan ? `plan-${accountId}` : accountId;
}
