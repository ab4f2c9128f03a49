import type { AccountRecord } from '../../shared/domain/account.ts';
import type { Envelope } from '../../shared/domain/envelope.ts';
import { type Problem, UnreadableItem } from '../../shared/domain/errors.ts';
import { REQUEST_SOURCE } from '../../shared/domain/event-sources.ts';
import { REQUEST_FIELDS } from '../../shared/domain/requests.ts';
import { maskAll, maskExternalIds } from '../../shared/domain/secrets.ts';
import type { Announcement, Cause } from '../../shared/domain/status.ts';
import type { WorkMessage } from '../../shared/domain/work.ts';

/** An event on its way through intake. */
export interface Incoming {
  readonly cause: Cause;
  readonly detail: unknown;
  /** Account that the event came from. */
  readonly account: string;
  /** ISO time of the event; of one that comes from the future, when it came. */
  readonly time: string;
  /** ISO time of its arrival; absent where no event has arrived, but one of before is gone on with. */
  readonly arrivedAt?: string;
  /** It came before and was not finished: what a crash may have lost is done again. */
  readonly redelivered: boolean;
}

/**
 * An event on its way. Each hop between buses gives the envelope a new id: what CloudTrail delivers is known by its
 * own. Whoever puts an event may say its time, but none that is still to come. Pure.
 */
export function onItsWay(envelope: Envelope, redelivered: boolean, now: Date): Incoming {
  const { source, detail, account = 'unknown' } = envelope;
  const arrivedAt = now.toISOString();
  const time = Date.parse(envelope.time) > now.getTime() ? arrivedAt : envelope.time;
  const { eventID } = (detail ?? {}) as { eventID?: unknown };
  const id = source.startsWith('aws.') && typeof eventID === 'string' ? eventID : envelope.id;
  const cause = { source, detailType: envelope['detail-type'], id };
  return { cause, detail, account, time, arrivedAt, redelivered };
}

/** Why an event is not followed; it is answered with RequestRejected and never retried. */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
  readonly problems: readonly Problem[];
}

/** What became of an event. */
export type IntakeOutcome =
  | {
      readonly did: 'accepted';
      readonly announce: readonly Announcement[];
      readonly work: readonly WorkMessage[];
      /** The records that owe this until it is sent. */
      readonly owedBy?: readonly AccountRecord[];
    }
  | { readonly did: 'ignored'; readonly why: string }
  | { readonly did: 'rejected'; readonly rejection: Rejection };

/** So many problems are said; of one that has more, how many. */
const PROBLEMS = 50;

/** What a record that has followed the event before still owes; nothing where all of it was sent. */
export function followedBefore(record: AccountRecord | undefined): IntakeOutcome {
  if (!record?.owed) return { did: 'ignored', why: 'this event is followed already' };
  return { did: 'accepted', ...record.owed, owedBy: [record] };
}

/** The answer to a request that is older than what somebody asked for since. */
export function overtaken(what: string, { time }: Incoming, since: string | undefined): IntakeOutcome {
  const message = `is of ${time}, and something else was asked for at ${since}: ask again if it is still wanted`;
  return rejected('Overtaken', `The request for ${what} ${message}.`, [{ path: 'time', message }]);
}

/** The outcome of an event that is not followed. What is said of it fits into an event and an item, whatever was asked. */
export function rejected(reason: string, message: string, problems: readonly Problem[] = []): IntakeOutcome {
  const said = problems
    .slice(0, PROBLEMS)
    .map((problem) => ({ path: cut(problem.path), message: cut(problem.message) }));
  const more = problems.length - said.length;
  if (more > 0) said.push({ path: '', message: `and ${more} more problems` });
  return { did: 'rejected', rejection: { reason, message: cut(message), problems: said } };
}

/** What asks about an item that cannot be read is answered so: coming again would not make it readable. */
export async function unlessUnreadable(decide: () => Promise<IntakeOutcome>): Promise<IntakeOutcome> {
  try {
    return await decide();
  } catch (error) {
    if (!(error instanceof UnreadableItem)) throw error;
    return rejected('UnreadableItem', `${error.message} ${error.remedy}`);
  }
}

const ECHO_BYTES = 1_024;
const ECHO_DEPTH = 16;

/** The answer to an event that is not followed. What it echoes is cut to 1 KB. Pure. */
export function rejectionAnnouncement(incoming: Incoming, rejection: Rejection): Announcement {
  const { cause, detail, account } = incoming;
  const { reason, message, problems } = rejection;
  const accountId = claimedAccount(detail);
  const request = cut(JSON.stringify(echo(cause.source, detail)) ?? '');
  return {
    detailType: 'RequestRejected',
    detail: {
      ...(accountId !== undefined && { accountId }),
      reason,
      message,
      problems,
      cause,
      sentBy: account,
      request,
    },
  };
}

/**
 * What was asked, without secrets: every rule on the bus reads it. A field that no request has may be a misspelt
 * `externalId`: what stands there is masked.
 */
function echo(source: string, detail: unknown): unknown {
  const shallow = pruned(detail);
  if (source !== REQUEST_SOURCE || !isObject(shallow)) return maskExternalIds(shallow);
  const known = Object.entries(shallow).filter(([key]) => REQUEST_FIELDS.has(key));
  const unknown = Object.entries(shallow).filter(([key]) => !REQUEST_FIELDS.has(key));
  return {
    ...maskExternalIds(Object.fromEntries(known)),
    ...Object.fromEntries(unknown.map(([key, value]) => [key, maskAll(value)])),
  };
}

/** The value without what lies so deep that writing it out would overflow the stack. No request goes that deep. */
function pruned(value: unknown, depth = 0): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (depth === ECHO_DEPTH) return '…';
  if (Array.isArray(value)) return value.map((item) => pruned(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, pruned(item, depth + 1)]));
}

function claimedAccount(detail: unknown): string | undefined {
  if (!isObject(detail) || !Object.hasOwn(detail, 'accountId')) return undefined;
  const { accountId } = detail;
  return cut(typeof accountId === 'string' ? accountId : JSON.stringify(pruned(accountId)));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The first 1 KB of a text, in whole characters. */
function cut(text: string): string {
  if (Buffer.byteLength(text) <= ECHO_BYTES) return text;
  return `${Buffer.from(text)
    .subarray(0, ECHO_BYTES)
    .toString('utf8')
    .replace(/\uFFFD$/, '')}…`;
}
