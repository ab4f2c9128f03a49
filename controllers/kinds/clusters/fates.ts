import {
  type EndReason,
  type KnownCluster,
  minutesOf,
  type WantedCluster,
} from '../../../shared/domain/clusters.ts';
import type { Quotas } from './section.ts';

/** What becomes of each cluster, as a plain function of what was requested, what AWS has, and the time. */

/** The tag with the id of the request of a cluster. */
export const REQUEST_TAG = 'orgkeeper:request';

/** A cluster of ours, by its tags, as AWS has it. */
export interface SeenCluster {
  readonly id: string;
  readonly state: KnownCluster['state'];
  readonly tags: Readonly<Record<string, string>>;
  /** True if EMR ended it because of an error. */
  readonly failed: boolean;
  /** EMR's code for the last change of its state: `USER_REQUEST`. */
  readonly code?: string;
  readonly message?: string;
  /** ISO time. */
  readonly endedAt?: string;
}

/** What is to be done about a requested cluster. */
export type Fate =
  | { readonly is: 'launch'; readonly cluster: WantedCluster }
  /** Launched a moment ago, and AWS does not list it yet. */
  | { readonly is: 'unlisted'; readonly cluster: WantedCluster; readonly id: string }
  | { readonly is: 'keep'; readonly cluster: WantedCluster; readonly seen: SeenCluster }
  | { readonly is: 'terminate'; readonly cluster: WantedCluster; readonly seen: SeenCluster }
  /** AWS is terminating it. */
  | { readonly is: 'ending'; readonly cluster: WantedCluster; readonly seen: SeenCluster }
  | { readonly is: 'ended'; readonly cluster: WantedCluster; readonly known: KnownCluster };

/** A cluster of ours that no record requests: terminated once it has been known as such for an hour. */
export interface Orphan {
  readonly seen: SeenCluster;
  /** ISO time of the run that saw it first. */
  readonly since: string;
  readonly isOver: boolean;
}

/** What is known of the clusters of an account in a region. */
export interface Sight {
  readonly wanted: readonly WantedCluster[];
  /** Those of the baseline now, which may be stricter than when a cluster was requested. */
  readonly quotas: Quotas;
  readonly seen: readonly SeenCluster[];
  /** What is recorded of a cluster, by its name. */
  readonly known: Readonly<Record<string, KnownCluster>>;
  /** ISO times since when orphans are known, by id. */
  readonly orphans: Readonly<Record<string, string>>;
  readonly now: Date;
}

/** AWS lists and describes a new cluster within seconds. What it does not know after this time is gone. */
const LISTED_WITHIN_MS = 10 * 60_000;
const ORPHANED_MS = 3_600_000;

/** The fate of each requested cluster, and the orphans. Pure. */
export function fatesOf(sight: Sight): {
  readonly fates: readonly Fate[];
  readonly orphans: readonly Orphan[];
} {
  const fates = withinQuotas(
    sight.wanted.map((cluster) => fateOf(cluster, sight)),
    sight.quotas,
  );
  const taken = new Set(fates.flatMap((fate) => idOf(fate) ?? []));
  const orphans = sight.seen
    .filter(({ id, state }) => !taken.has(id) && (state === 'starting' || state === 'ready'))
    .map((seen): Orphan => {
      const since = sight.orphans[seen.id] ?? sight.now.toISOString();
      return { seen, since, isOver: sight.now.getTime() - Date.parse(since) >= ORPHANED_MS };
    });
  return { fates, orphans };
}

/** A cluster that lives stays, whatever the quotas; one that these no longer allow is not launched any more, later requests first. */
function withinQuotas(fates: readonly Fate[], quotas: Quotas): readonly Fate[] {
  let free = quotas.most - fates.filter(({ is }) => is !== 'launch' && is !== 'ended').length;
  return fates.map((fate) => {
    if (fate.is !== 'launch') return fate;
    const { cluster } = fate;
    const message = beyondQuotas(cluster, quotas) ?? (free > 0 ? undefined : tooMany(quotas));
    if (message === undefined) {
      free -= 1;
      return fate;
    }
    const known = { request: cluster.request, state: 'ended', reason: 'NoLongerAllowed', message } as const;
    return { is: 'ended', cluster, known };
  });
}

/** How a cluster exceeds the quotas by itself; undefined if it does not. Pure. */
export function beyondQuotas(
  { instanceType, requestedAt, until }: WantedCluster,
  { instanceTypes, longest }: Quotas,
): string | undefined {
  const minutes = (Date.parse(until) - Date.parse(requestedAt)) / 60_000;
  if (!instanceTypes.includes(instanceType))
    return `The baseline now allows ${instanceTypes.join(', ')}, not ${instanceType}.`;
  return minutes > minutesOf(longest) ? `The baseline now allows ${longest} at most.` : undefined;
}

function tooMany({ most }: Quotas): string {
  return `The baseline now allows ${most} at once.`;
}

/** The id of a cluster that its fate knows. */
function idOf(fate: Fate): string | undefined {
  switch (fate.is) {
    case 'launch':
      return undefined;
    case 'unlisted':
      return fate.id;
    case 'keep':
    case 'terminate':
    case 'ending':
      return fate.seen.id;
    case 'ended':
      return fate.known.id;
  }
}

function fateOf(cluster: WantedCluster, { seen: all, known, now }: Sight): Fate {
  const recorded = known[cluster.name];
  const before = recorded?.request === cluster.request ? recorded : undefined;
  if (before?.state === 'ended') return { is: 'ended', cluster, known: before };
  const seen = before?.id ? all.find(({ id }) => id === before.id) : tagged(cluster, all);
  if (!seen) return unseen(cluster, before, now);
  switch (seen.state) {
    case 'ended': {
      const { request } = cluster;
      const reason = endReason(cluster, seen);
      const { id, message } = seen;
      return {
        is: 'ended',
        cluster,
        known: { request, id, state: 'ended', reason, ...(message && { message }) },
      };
    }
    case 'ending':
      return { is: 'ending', cluster, seen };
    case 'starting':
    case 'ready':
      return { is: isOver(cluster, now) ? 'terminate' : 'keep', cluster, seen };
  }
}

/** The cluster of that request by its tags; of several, which a launch without an answer may have made, always the same one. */
function tagged({ request }: WantedCluster, all: readonly SeenCluster[]): SeenCluster | undefined {
  return all
    .filter(({ tags }) => tags[REQUEST_TAG] === request)
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
    .find(({ state }, index, some) => state !== 'ended' || index === some.length - 1);
}

/** A cluster that was launched once is never launched again. */
function unseen(cluster: WantedCluster, before: KnownCluster | undefined, now: Date): Fate {
  const { request } = cluster;
  if (before?.id) {
    const isYoung = now.getTime() - Date.parse(cluster.requestedAt) < LISTED_WITHIN_MS;
    if (isYoung && !isOver(cluster, now)) return { is: 'unlisted', cluster, id: before.id };
    const message = 'AWS no longer knows the cluster.';
    const known = { request, id: before.id, state: 'ended', reason: 'EndedByItself', message } as const;
    return { is: 'ended', cluster, known };
  }
  if (!isOver(cluster, now)) return { is: 'launch', cluster };
  const reason = cluster.released === undefined ? 'TimeOver' : 'Released';
  return { is: 'ended', cluster, known: { request, state: 'ended', reason } };
}

function isOver({ released, until }: WantedCluster, now: Date): boolean {
  return released !== undefined || now.getTime() >= Date.parse(until);
}

/** Why a cluster has ended: by its release or time if it ended after that, else as EMR says. Pure. */
function endReason({ released, until }: WantedCluster, seen: SeenCluster): EndReason {
  const ended = seen.endedAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(seen.endedAt);
  if (released !== undefined && ended >= Date.parse(released)) return 'Released';
  if (seen.endedAt !== undefined && ended >= Date.parse(until)) return 'TimeOver';
  if (seen.code === 'USER_REQUEST') return 'TerminatedByHand';
  return seen.failed ? 'Failed' : 'EndedByItself';
}

/** While something starts or ends; the tick of the minute makes this a minute at most. */
export const SOON = 10;
/** A living cluster may end by itself at any time. */
const QUARTER = 15 * 60;

/** Seconds until a run has to look again; undefined if nothing lives. Pure. */
export function secondsToNextLook(
  fates: readonly Fate[],
  orphans: readonly Orphan[],
  now: Date,
): number | undefined {
  const all = [
    ...fates.map((fate) => secondsUntilLookAt(fate, now)),
    ...orphans.map(({ since, isOver }) =>
      isOver ? SOON : secondsUntil(Date.parse(since) + ORPHANED_MS, now),
    ),
  ].filter((one) => one !== undefined);
  return all.length > 0 ? Math.min(...all) : undefined;
}

function secondsUntilLookAt(fate: Fate, now: Date): number | undefined {
  switch (fate.is) {
    case 'launch':
    case 'unlisted':
    case 'terminate':
    case 'ending':
      return SOON;
    case 'keep': {
      const { cluster, seen } = fate;
      return Math.min(secondsUntil(Date.parse(cluster.until), now), seen.state === 'ready' ? QUARTER : SOON);
    }
    case 'ended':
      return undefined;
  }
}

function secondsUntil(time: number, now: Date): number {
  return Math.max(1, (time - now.getTime()) / 1000);
}
