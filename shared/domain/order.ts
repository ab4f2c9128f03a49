import type { AccountRecord } from './account.ts';

/** The events that are known to have changed an account, also a forgotten one. */
export type Trace = Partial<Pick<AccountRecord, 'changedBy' | 'changedAt' | 'followed'>> & {
  /**
   * For an account without a record: its latest retirement with `remove`, if no other request came after it. Of registrations from
   * before it, only those after `since` may still change something.
   */
  readonly removal?: { readonly by: string; readonly at: string; readonly since?: string | undefined };
};

/** The number of last events whose ids are remembered. */
const FOLLOWED = 20;

/**
 * How an event relates to those that the account has seen. `followed`: the record has followed this very event; what it
 * requested is done or owed. `overtaken`: a later request was followed. `new`: it is to be followed.
 *
 * EventBridge's times have a resolution of a second, so times are compared by the second; within a second, the event that
 * arrives last counts. Only requests of people are ordered by time: for events of AWS and the listing, the organization is
 * read as it is now, so that they cannot be out of date. Pure.
 */
export function orderOf(
  event: { readonly id: string; readonly time: string },
  seen: Trace | undefined,
): 'followed' | 'overtaken' | 'new' {
  if (seen?.changedBy === event.id || seen?.followed?.includes(event.id)) return 'followed';
  return isEarlier(event.time, seen?.changedAt) ? 'overtaken' : 'new';
}

/** What a retirement must not be older than: the latest request, or what made the account known. Pure. */
export function traceOfManaged(record: AccountRecord): AccountRecord & { readonly changedAt: string } {
  return { ...record, changedAt: laterOf(record.requestedAt, record.changedAt) };
}

/** Whether a time is at least a second earlier than another one, by the clock's seconds. Pure. */
export function isEarlier(time: string, other: string | undefined): boolean {
  return other !== undefined && second(time) < second(other);
}

/** The later of two times, the second of which may be unknown. Pure. */
export function laterOf(time: string, other: string | undefined): string {
  return isEarlier(time, other) && other !== undefined ? other : time;
}

/** The ids of the last events that a record has followed once it replaces the one that was read. Pure. */
export function followedBy(record: Trace, read: Trace | undefined): string[] {
  const ids = [
    ...(read?.followed ?? []),
    ...(read?.changedBy === undefined ? [] : [read.changedBy]),
    ...(record.followed ?? []),
    ...(record.changedBy === undefined ? [] : [record.changedBy]),
  ];
  return [...new Set(ids.toReversed())].toReversed().slice(-FOLLOWED);
}

function second(time: string): number {
  return Math.floor(Date.parse(time) / 1000);
}
