import { claimsOf } from '../../shared/domain/cause.ts';
import type { Envelope } from '../../shared/domain/envelope.ts';
import { REQUEST_SOURCE } from '../../shared/domain/event-sources.ts';
import { REQUEST_FIELDS } from '../../shared/domain/requests.ts';
import { maskAll, maskExternalIds } from '../../shared/domain/secrets.ts';
import type { Announcement } from '../../shared/domain/status.ts';
import type { RejectedRequest } from '../../shared/store/rejections.ts';
import { firstKilobyte, type Rejection, type Trigger } from '../fleet/outcome.ts';

/** An event in intake. `time` is that of the event; for an event from the future, the time of its arrival. */
export interface Incoming extends Trigger {
  readonly detail: unknown;
  /** The account that sent the event. */
  readonly account: string;
  /** ISO time of its arrival. */
  readonly arrivedAt: string;
  /** Received before and not finished: work that a crash may have lost is repeated. */
  readonly redelivered: boolean;
}

/**
 * An event as intake handles it. Each bus gives the envelope a new id, so events of CloudTrail are identified by their own id. The
 * sender of an event sets its time, so a time in the future is not accepted. Pure.
 */
export function onItsWay(envelope: Envelope, redelivered: boolean, now: Date): Incoming {
  const { source, detail, account = 'unknown' } = envelope;
  const arrivedAt = now.toISOString();
  const time = Date.parse(envelope.time) > now.getTime() ? arrivedAt : envelope.time;
  const { eventID } = (detail ?? {}) as { eventID?: unknown };
  const id = source.startsWith('aws.') && typeof eventID === 'string' ? eventID : envelope.id;
  const who = source === REQUEST_SOURCE && {
    ...(envelope.account !== undefined && { sentBy: account }),
    ...claimsOf(detail),
  };
  const cause = { source, detailType: envelope['detail-type'], id, ...who };
  return { cause, detail, account, time, arrivedAt, redelivered };
}

const ECHO_DEPTH = 16;

/** A rejected event, as it is saved and listed. Pure. */
export function rejectedRequest({
  cause,
  detail,
  account,
  arrivedAt,
}: Pick<Incoming, 'cause' | 'detail' | 'account' | 'arrivedAt'>): RejectedRequest {
  const accountId = claimedAccount(detail);
  return { cause, sentBy: account, rejectedAt: arrivedAt, ...(accountId !== undefined && { accountId }) };
}

/** The answer to a rejected event. The request in it is cut to 1 KB. Pure. */
export function rejectionAnnouncement(
  { cause, detail, account }: Pick<Incoming, 'cause' | 'detail' | 'account'>,
  rejection: Rejection,
): Announcement {
  const { reason, message, problems } = rejection;
  const accountId = claimedAccount(detail);
  const request = firstKilobyte(JSON.stringify(echo(cause.source, detail)) ?? '');
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
 * The request without secrets, since every rule on the bus can read it. Values of unknown fields are masked, too: such a field may
 * be a misspelt `externalId`.
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

/** The value without its deepest levels, on which JSON.stringify would overflow the stack. No request has so many levels. */
function pruned(value: unknown, depth = 0): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (depth === ECHO_DEPTH) return '…';
  if (Array.isArray(value)) return value.map((item) => pruned(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, pruned(item, depth + 1)]));
}

function claimedAccount(detail: unknown): string | undefined {
  if (!isObject(detail) || !Object.hasOwn(detail, 'accountId')) return undefined;
  const { accountId } = detail;
  return firstKilobyte(typeof accountId === 'string' ? accountId : JSON.stringify(pruned(accountId)));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
