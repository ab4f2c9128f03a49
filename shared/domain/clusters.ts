import { z } from 'zod';
import { outputsOf } from './unit.ts';

/** The section of a baseline about clusters, and the kind that runs them. */
export const CLUSTERS = 'clusters';

/** A cluster that somebody requested for an account. Part of the account's record: the kind `clusters` runs it until its end. */
export interface WantedCluster {
  /** Unique among the clusters of the account that have not ended. */
  readonly name: string;
  /** Id of the event that requested it: tells it from an earlier cluster with the same name. */
  readonly request: string;
  /** Who requested it, for the tag `orgkeeper:requester`. */
  readonly requester: string;
  readonly region: string;
  readonly instanceType: string;
  /** Number of instances, the primary node included. */
  readonly count: number;
  /** Release label of EMR: `emr-7.5.0`. */
  readonly release: string;
  /** ISO time of the request, from which the time to live counts. */
  readonly requestedAt: string;
  /** ISO time at which its time is over: it is terminated then. */
  readonly until: string;
  /** Minutes without work after which EMR itself terminates it; absent: never. */
  readonly idleMinutes?: number;
  /** ISO time of the request that released it; absent until then. */
  readonly released?: string;
}

/** The name of a cluster within its account. */
export const ClusterName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'a cluster name is 1 to 31 lower-case letters, digits and dashes');

/** A time span in minutes or hours: `30m`, `8h`. */
export const Span = z
  .string()
  .regex(/^[1-9]\d{0,5}[mh]$/, 'must be a number of minutes or hours, at least 1, such as 30m or 8h');

/** The type of an EC2 instance. Whether EMR has it, only EMR knows. */
export const InstanceType = z
  .string()
  .regex(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'must be an instance type such as m5.xlarge');

/** The minutes of a `Span`. Pure. */
export function minutesOf(span: string): number {
  return Number.parseInt(span, 10) * (span.endsWith('h') ? 60 : 1);
}

/** `requested`: no run has launched it yet. `ready`: it takes work. `ending`: AWS is terminating it. */
export type ClusterState = 'requested' | 'starting' | 'ready' | 'ending' | 'ended';

/** Why a cluster ended. The first three are by a person or the time; `Retired`: its account is retired. */
export type EndReason =
  | 'TimeOver'
  | 'Released'
  | 'Retired'
  /** Somebody terminated it, and not through Orgkeeper. */
  | 'TerminatedByHand'
  /** EMR terminated it without an error, such as after the idle time. */
  | 'EndedByItself'
  /** EMR terminated it because of an error. */
  | 'Failed'
  /** EMR refused to launch it. */
  | 'LaunchRefused'
  /** The quotas of the baseline became stricter before it was launched. */
  | 'NoLongerAllowed';

/** What runs recorded of a requested cluster. */
export interface KnownCluster {
  readonly request: string;
  /** Absent if it ended before it was launched. */
  readonly id?: string;
  readonly state: Exclude<ClusterState, 'requested'>;
  /** Present if it has ended. */
  readonly reason?: string;
  /** What AWS said of its end. */
  readonly message?: string;
}

const FIELDS = ['request', 'id', 'state', 'reason', 'message'] as const;
const OUTPUT = /^clusters\.([a-z][a-z0-9-]*)\.state$/;

/** The outputs that record a cluster; of one that is no longer known, all undefined, so that they are forgotten. Pure. */
export function clusterOutputs(
  name: string,
  known: KnownCluster | undefined,
): Record<string, string | undefined> {
  return Object.fromEntries(FIELDS.map((field) => [`clusters.${name}.${field}`, known?.[field]]));
}

/** What is recorded of the cluster of that name; undefined if nothing is. Pure. */
export function knownCluster(
  outputs: Readonly<Record<string, string>>,
  name: string,
): KnownCluster | undefined {
  const [request, id, state, reason, message] = FIELDS.map((field) => outputs[`clusters.${name}.${field}`]);
  if (request === undefined || !isKnownState(state)) return undefined;
  return { request, state, ...(id && { id }), ...(reason && { reason }), ...(message && { message }) };
}

function isKnownState(state: string | undefined): state is KnownCluster['state'] {
  return state === 'starting' || state === 'ready' || state === 'ending' || state === 'ended';
}

/** The names of the clusters that outputs record. Pure. */
export function knownClusterNames(outputs: Readonly<Record<string, string>>): string[] {
  return Object.keys(outputs).flatMap((output) => OUTPUT.exec(output)?.[1] ?? []);
}

/** What the status of an account says of its clusters. */
interface Recorded {
  readonly outputs: Readonly<Record<string, string>>;
  /** Where the outputs belong that have no region in their names. */
  readonly home?: { readonly region: string };
}

/** A requested cluster as users and scripts see it: the public document of `cluster list --json`. */
export interface ClusterView {
  readonly accountId: string;
  readonly name: string;
  readonly region: string;
  readonly state: ClusterState;
  readonly clusterId?: string;
  readonly instanceType: string;
  readonly count: number;
  readonly release: string;
  readonly requester: string;
  readonly requestedAt: string;
  readonly until: string;
  readonly reason?: string;
  readonly message?: string;
}

/** The clusters of an account, in the order of their requests, as far as its runs have recorded them. Pure. */
export function clusterViews(
  { accountId, clusters = [] }: { readonly accountId: string; readonly clusters?: readonly WantedCluster[] },
  status: Recorded | undefined,
): ClusterView[] {
  return clusters.map((cluster) => {
    const { name, region, instanceType, count, release, requester, requestedAt, until } = cluster;
    const known = recordedOf(cluster, status);
    return {
      ...{ accountId, name, region, state: known?.state ?? 'requested' },
      ...(known?.id && { clusterId: known.id }),
      ...{ instanceType, count, release, requester, requestedAt, until },
      ...(known?.reason && { reason: known.reason }),
      ...(known?.message && { message: known.message }),
    };
  });
}

/** What runs recorded of this very cluster, not of an earlier one with its name. */
function recordedOf(
  { name, region, request }: WantedCluster,
  status: Recorded | undefined,
): KnownCluster | undefined {
  if (!status) return undefined;
  const known = knownCluster(outputsOf(status.outputs, region, status.home?.region ?? region), name);
  return known?.request === request ? known : undefined;
}

/** Whether no run has seen the end of the cluster: it may cost money, and its name is in use. Pure. */
export function isLive(cluster: WantedCluster, status: Recorded | undefined): boolean {
  return recordedOf(cluster, status)?.state !== 'ended';
}
