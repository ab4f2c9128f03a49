import type { AccountRecord } from './account.ts';

/** What is known of what changed an account, also of one that is forgotten. */
export type Trace = Partial<Pick<AccountRecord, 'changedBy' | 'changedAt' | 'followed'>>;

/** So many of the last events are known by their ids. */
const FOLLOWED = 20;

/**
 * Where an event stands among what the account has seen. `followed`: the record has followed this very event, and what
 * it asked for is done or owed. `overtaken`: somebody asked for something later. `new`: it is to be followed.
 *
 * EventBridge says times to the second, so times are compared by the second; within one second what arrives last counts.
 * Only what people ask for has a time here: what AWS and the listing tell is read from the organization as it is now,
 * so that it cannot be old. Pure.
 */
export function orderOf(
  event: { readonly id: string; readonly time: string },
  seen: Trace | undefined,
): 'followed' | 'overtaken' | 'new' {
  if (seen?.changedBy === event.id || seen?.followed?.includes(event.id)) return 'followed';
  return isEarlier(event.time, seen?.changedAt) ? 'overtaken' : 'new';
}

/** Whether a time is in an earlier second than another one. Pure. */
export function isEarlier(time: string, other: string | undefined): boolean {
  return other !== undefined && second(time) < second(other);
}

/** The later of two times, of which one may not be known. Pure. */
export function laterOf(time: string, other: string | undefined): string {
  return isEarlier(time, other) && other !== undefined ? other : time;
}

/** The ids of the last events that a record has followed, once it is saved over the one that was read. Pure. */
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
