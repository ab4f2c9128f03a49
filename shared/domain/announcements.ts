import { z } from 'zod';
import { AccountId } from './account.ts';
import { Cause } from './cause.ts';
import { ClusterName } from './clusters.ts';
import { OUR_SOURCE, REQUEST_SOURCE } from './event-sources.ts';
import { requests } from './requests.ts';
import { FindingKind, Flag } from './review.ts';
import { differenceFields } from './status.ts';

// What subscribers of the bus may rely on. Objects are open: a later version may add fields to an announcement.

const cause = z.object(Cause.shape);
const baseline = z.object({ name: z.string(), version: z.int().min(1) });
const account = { accountId: AccountId, name: z.string() };
/** What every announcement of a run says. */
const ofRun = { ...account, baseline, passId: z.string(), cause };
const word = z.string().regex(/^\w+$/);
const id = z.string().regex(/^[\w.:-]+$/);
const why = { reason: word, message: z.string() };
const differences = z.array(z.object(differenceFields));
const ofCluster = { ...ofRun, region: z.string(), cluster: ClusterName, clusterId: id.optional() };

/** How the runs of a sweep ended; `accounts` is the sum of the results. */
const sweepCounts = {
  accounts: z.int(),
  unchanged: z.int(),
  corrected: z.int(),
  drifted: z.int(),
  waiting: z.int(),
  failed: z.int(),
  unreadable: z.int(),
  seconds: z.number(),
};

const RequestRejected = z.object({
  /** As in the request, valid or not. */
  accountId: z.string().optional(),
  ...why,
  problems: z.array(z.object({ path: z.string(), message: z.string() })),
  cause,
  sentBy: word,
  request: z.string(),
});

const AccessReviewCompleted = z.object({
  ...account,
  reviewedAt: z.string(),
  cause,
  findings: z.int(),
  unintended: z.int(),
  flagged: z.int(),
  new: z.int(),
  gone: z.int(),
  changed: z.int(),
  newFindings: z.array(
    z.object({
      id: z.string(),
      kind: FindingKind,
      subject: z.string(),
      other: z.string().optional(),
      flags: z.array(Flag),
    }),
  ),
  unread: z.int(),
  failure: z.object({ ...why, remedy: z.string() }).optional(),
});

/** The detail of each announcement of Orgkeeper, by detail-type. docs/events.md describes them. */
export const announcements = {
  AccountRegistered: z.object({ ...account, baseline, cause }),
  AccountReady: z.object(ofRun),
  /** Of an item that cannot be read, only account, reason, message and cause are known. */
  AccountDegraded: z.object({
    ...ofRun,
    name: ofRun.name.optional(),
    baseline: baseline.optional(),
    passId: ofRun.passId.optional(),
    region: z.string().optional(),
    ...why,
  }),
  DriftDetected: z.object({ ...ofRun, differences }),
  DriftCorrected: z.object({ ...ofRun, differences }),
  SweepStopped: z.object({ sweepId: z.string(), accounts: z.int(), drifted: z.int(), ...why }),
  RolloutHalted: z.object({
    rolloutId: id,
    from: baseline,
    to: baseline,
    wave: z.int().min(1),
    accounts: z.int(),
    failed: z.int(),
    drifted: z.int(),
    accountIds: z.array(AccountId),
    orders: z.array(
      z.object({
        order: z.enum(['start', 'pause', 'resume', 'abort', 'rollBack']),
        at: z.string(),
        requestedBy: z.string().optional(),
        reason: z.string().optional(),
      }),
    ),
    ...why,
    remedy: z.string(),
  }),
  SweepFinished: z.object({
    sweepId: z.string(),
    startedAt: z.string(),
    stopped: z.boolean(),
    cause: cause.optional(),
    baseline: z.string().optional(),
    ...sweepCounts,
    worst: z.array(z.object({ ...account, result: z.enum(['failed', 'drifted', 'waiting']), ...why })),
  }),
  /** The message can be written into JSON as it is. */
  FleetSummary: z.object({
    night: z.string(),
    accounts: z.int(),
    ready: z.int(),
    notReady: z.int(),
    notReadyForADay: z.int(),
    states: z.record(z.string(), z.int()),
    reasons: z.array(z.object({ reason: z.string(), accounts: z.int() })),
    worst: z.array(
      z.object({ ...account, state: z.string(), reason: z.string(), message: z.string(), since: z.string() }),
    ),
    sweep: z
      .object({
        sweepId: z.string(),
        startedAt: z.string(),
        stopped: z.boolean(),
        ...sweepCounts,
      })
      .optional(),
    haltedRollouts: z.array(
      z.object({
        rolloutId: id,
        from: baseline,
        to: baseline,
        wave: z.int().min(1),
        reason: word,
        since: z.string(),
      }),
    ),
    message: z.string().regex(/^[^"\\\p{C}]+$/u),
  }),
  AccessReviewCompleted,
  WorkFailed: z.object({
    queue: id,
    messageId: z.string(),
    accountId: AccountId.optional(),
    ...why,
  }),
  /** Of a request that cannot be read, only its key is known. */
  AccountCreationFailed: z.object({
    creationId: z.string().optional(),
    name: z.string().optional(),
    email: z.string().optional(),
    requestId: z.string().optional(),
    ...why,
    cause: cause.optional(),
  }),
  /** Of an account that is retired without a run, there is no `passId`. */
  AccountRetired: z.object({ ...ofRun, baseline: baseline.optional(), passId: ofRun.passId.optional() }),
  ClusterReady: z.object(ofCluster),
  ClusterEnded: z.object({ ...ofCluster, reason: why.reason, message: z.string().optional() }),
  ClusterOrphaned: z.object({ ...ofRun, region: z.string(), clusterId: id, since: z.string() }),
  /** `reason` is `TimeOver` or `EndedByRequest`; `request` identifies the exception, also if the event comes twice. */
  ExceptionEnded: z.object({
    ...ofRun,
    path: z.string(),
    until: z.string(),
    request: id,
    because: z.string(),
    requestedBy: z.string().optional(),
    ...why,
  }),
  RequestRejected,
};

/** The detail-type of an announcement. */
export type AnnouncementType = keyof typeof announcements;

/**
 * The JSON Schema (draft 2020-12) of each request and announcement, by detail-type: the event as the target of a rule receives it, and
 * as PutEvents accepts it. A request that its schema accepts may still have problems that only `parseRequest` finds. Pure.
 */
export function eventSchemas(): Readonly<Record<string, object>> {
  const schemas = (source: string, details: Readonly<Record<string, z.ZodType>>) =>
    Object.entries(details).map(([detailType, detail]) => [
      detailType,
      eventSchema(source, detailType, detail),
    ]);
  return Object.fromEntries([...schemas(REQUEST_SOURCE, requests), ...schemas(OUR_SOURCE, announcements)]);
}

function eventSchema(source: string, detailType: string, detail: z.ZodType): object {
  const event = z.object({ source: z.literal(source), 'detail-type': z.literal(detailType), detail });
  return {
    title: detailType,
    description: `docs/events.md#${detailType.toLowerCase()}`,
    ...z.toJSONSchema(event, { io: 'input', unrepresentable: 'any' }),
  };
}
