import type { Announcement } from './status.ts';

/** Why a message failed for good. */
export type FailedReason =
  /** The message is not JSON. */
  | 'NotJson'
  /** The message is JSON without the fields of a message of its queue. */
  | 'InvalidMessage'
  /** The message failed each time that it was received. */
  | 'FailedEveryTime'
  /** EventBridge could not put the event into the queue. */
  | 'Undelivered';

/** A message that failed for good: a person must look at it. */
export interface FailedWork {
  /** Name of the queue that the message failed in. */
  readonly queue: string;
  readonly reason: FailedReason;
  /** One sentence without any text of the message, which anybody may have sent. */
  readonly sentence: string;
  readonly messageId: string;
  readonly body: string;
}

/** The announcement of a message that failed for good. It says nothing that stands in the message but an account id. Pure. */
export function workFailed({ queue, reason, sentence, messageId, body }: FailedWork): Announcement {
  const accountId = accountIn(body);
  const message = `${sentence} \`orgkeeper dead-letters list\` shows it.`;
  const detail = { queue, messageId, ...(accountId && { accountId }), reason, message };
  return { detailType: 'WorkFailed', detail };
}

/**
 * The account that a message is about: that of a work message, or the one in an event's detail, never the sender. Undefined if the
 * message names none. Pure.
 */
export function accountIn(body: string): string | undefined {
  let message: unknown;
  try {
    message = JSON.parse(body);
  } catch {
    return undefined;
  }
  const detail = field(message, 'detail');
  for (const place of [
    field(detail, 'serviceEventDetails'),
    field(detail, 'requestParameters'),
    detail,
    message,
  ]) {
    for (const value of [place, ...Object.values((place ?? {}) as object)]) {
      const account = field(value, 'accountId') ?? field(field(value, 'account'), 'accountId');
      if (typeof account === 'string' && /^\d{12}$/.test(account) && value !== field(detail, 'userIdentity'))
        return account;
    }
  }
  return undefined;
}

function field(of: unknown, name: string): unknown {
  return of !== null && typeof of === 'object' ? (of as Record<string, unknown>)[name] : undefined;
}
