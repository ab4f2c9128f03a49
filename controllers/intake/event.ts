import type { Envelope } from '../../shared/domain/envelope.ts';
import { REQUEST_SOURCE } from '../../shared/domain/event-sources.ts';
import { REQUEST_FIELDS } from '../../shared/domain/requests.ts';
import { maskAll, maskExternalIds } from '../../shared/domain/secrets.ts';
import type { Announcement } from '../../shared/domain/status.ts';
import { firstKilobyte, type Rejection, type Trigger } from '../fleet/outcome.ts';

/** An event on its way through intake. Its time is that of the event; of one that comes from the future, when it came. */
export interface Incoming extends Trigger {
  readonly detail: unknown;
  /** Account that the event came from. */
  readonly account: string;
  /** ISO time of its arrival. */
  readonly arrivedAt: string;
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

const ECHO_DEPTH = 16;

/** The answer to an event that is not followed. What it echoes is cut to 1 KB. Pure. */
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
  return firstKilobyte(typeof accountId === 'string' ? accountId : JSON.stringify(pruned(accountId)));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
