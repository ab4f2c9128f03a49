import type { AccountRecord } from '../../shared/domain/account.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { CLUSTERS, isLive, minutesOf, type WantedCluster } from '../../shared/domain/clusters.ts';
import { isEarlier, orderOf } from '../../shared/domain/order.ts';
import { check } from '../../shared/domain/plain-words.ts';
import { regionsOf } from '../../shared/domain/region.ts';
import type { ClusterReleaseRequest, ClusterRequest } from '../../shared/domain/requests.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import { type AccountItems, loadAccount } from '../../shared/store/accounts.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { type Ending, endUnchanged, rememberEnd, rememberedEnd } from '../../shared/store/ends.ts';
import { Section } from '../kinds/clusters/section.ts';
import {
  type FleetDeps,
  type Outcome,
  overtaken,
  type Rejection,
  refusal,
  rejectedFor,
  type Trigger,
} from './outcome.ts';
import { followedBefore, runOwedBy, saveOwing, saveOwingIf } from './owed.ts';
import { writable } from './writable.ts';

/**
 * Requests of clusters do not take part in the order of an account's other requests: each cluster has the times of its own. A
 * launch counts as overtaken if it is older than a release of its name, or than the registration of the account.
 */

type Deps = Pick<FleetDeps, 'main' | 'config'>;

const RETIRED = 'register it again to launch clusters in it';
/** How long an ended cluster stays in the record after its time. */
const LISTED_MS = 24 * 3_600_000;
/** A record holds at most so many clusters that have ended. */
const MOST_ENDED = 20;

/**
 * Adds a cluster to the record of an account, within the quotas of the account's baseline, and asks for a run that launches it.
 * The same event again changes nothing.
 */
export async function requestCluster(
  asked: ClusterRequest & { readonly requester: string },
  trigger: Trigger,
  { main, config }: Deps,
): Promise<Outcome> {
  const { cause, time } = trigger;
  const { accountId, name } = asked;
  const items = await loadAccount(main.table, accountId);
  const known = knownBefore(items, trigger);
  if (known) return known;
  const record = writable(accountId, items.record, RETIRED);
  if ('reason' in record) return { did: 'rejected', rejection: record };
  const ending: Ending = { accountId, what: 'cluster', name };
  const released = await rememberedEnd(main.table, ending);
  const later = [released, record.registeredAt].find((other) => isEarlier(time, other));
  if (later !== undefined) return overtaken(`cluster ${name} of account ${accountId}`, trigger, later);
  const { baseline } = record;
  const document = baseline && (await getBaseline(main.table, baseline.name, baseline.version));
  const parsed = check(Section, document?.sections[CLUSTERS]);
  if (!parsed.success) {
    const message = `has no clusters: its baseline ${baseline ? formatBaseline(baseline) : 'none'} has no section clusters`;
    const sentence = `Account ${accountId} ${message}; assign one that has it.`;
    return { did: 'rejected', rejection: refusal('NoClusters', 'detail.accountId', message, sentence) };
  }
  const regions = regionsOf(record, document, config.region);
  const live = (record.clusters ?? []).filter((one) => isLive(one, items.status));
  const refused = rejectedFor(refusals(asked, { quotas: parsed.data, regions, live }));
  if (refused) return refused;
  const { requester, instanceType, count, release, ttl, idle } = asked;
  const cluster: WantedCluster = {
    ...{ name, request: cause.id, requester, region: asked.region ?? regions[0] },
    ...{ instanceType, count, release, requestedAt: time },
    until: new Date(Date.parse(time) + minutesOf(ttl) * 60_000).toISOString(),
    ...(idle && { idleMinutes: minutesOf(idle) }),
  };
  const others = withoutOld(record, items.status, time).filter((one) => one.name !== name);
  const next = changed(record, [...others, cluster], trigger);
  const isStillWanted = endUnchanged(main.table, ending, released);
  return saveOwingIf({ main }, next, record, runOwedBy(next, trigger), isStillWanted);
}

/**
 * Ends a cluster before its time: asks for a run that terminates it. A cluster that has ended is left as it is. Remembered whatever the
 * record says: the launch that it overtakes may still be on its way.
 */
export async function releaseCluster(
  { accountId, name }: ClusterReleaseRequest,
  trigger: Trigger,
  { main }: Deps,
): Promise<Outcome> {
  const { time } = trigger;
  // First, so that a launch is either in the record that is read next, or finds this.
  await rememberEnd(main.table, { accountId, what: 'cluster', name }, time);
  const items = await loadAccount(main.table, accountId);
  const cluster = items.record?.clusters?.find((one) => one.name === name);
  const known = cluster && knownBefore(items, trigger);
  if (known) return known;
  const record = writable(accountId, items.record, RETIRED);
  if ('reason' in record) return { did: 'rejected', rejection: record };
  if (cluster && isEarlier(time, cluster.requestedAt))
    return overtaken(`cluster ${name} of account ${accountId}`, trigger, cluster.requestedAt);
  if (cluster?.released) return { did: 'ignored', why: 'the cluster is released already' };
  if (cluster && !isLive(cluster, items.status))
    return { did: 'ignored', why: 'the cluster has ended already' };
  if (!cluster) return unknownCluster(accountId, name);
  const clusters = withoutOld(record, items.status, time).map((one) =>
    one === cluster ? { ...one, released: time } : one,
  );
  const next = changed(record, clusters, trigger);
  return saveOwing({ main }, next, record, runOwedBy(next, trigger));
}

/** What a request has already done, if the account has followed its event. */
function knownBefore({ record }: AccountItems, { cause: { id }, time }: Trigger): Outcome | undefined {
  const isFollowed = orderOf({ id, time }, record) === 'followed';
  const isOurs = record?.clusters?.some(({ request }) => request === id);
  return isFollowed || isOurs ? followedBefore(record) : undefined;
}

/** Why a cluster may not be launched, by the quotas of the baseline. Pure. */
function refusals(
  asked: ClusterRequest,
  given: {
    readonly quotas: Section;
    readonly regions: readonly string[];
    readonly live: readonly WantedCluster[];
  },
): (Rejection | undefined)[] {
  const { quotas, regions, live } = given;
  const { name, instanceType, ttl, region } = asked;
  const of = (reason: string, field: string, message: string) =>
    refusal(reason, `detail.${field}`, message, `detail.${field}: ${message}.`);
  const names = live.map((one) => one.name).join(', ');
  return [
    live.some((one) => one.name === name)
      ? of(
          'ClusterNameInUse',
          'name',
          `is the name of a cluster that has not ended: release ${name}, or take another name`,
        )
      : live.length >= quotas.most
        ? of(
            'TooManyClusters',
            'name',
            `is one cluster too many: the baseline allows ${quotas.most} at once (${names}); release one`,
          )
        : undefined,
    quotas.instanceTypes.includes(instanceType)
      ? undefined
      : of(
          'InstanceTypeNotAllowed',
          'instanceType',
          `must be one that the baseline allows: ${quotas.instanceTypes.join(', ')}`,
        ),
    minutesOf(ttl) > minutesOf(quotas.longest)
      ? of('TooLong', 'ttl', `must be at most ${quotas.longest}, the longest time that the baseline allows`)
      : undefined,
    region !== undefined && !regions.includes(region)
      ? of('RegionNotDesired', 'region', `must be a region of the account: ${regions.join(', ')}`)
      : undefined,
  ];
}

/** The clusters of a record without those that ended long ago. Pure. */
function withoutOld(
  { clusters = [] }: AccountRecord,
  status: AccountStatus | undefined,
  now: string,
): readonly WantedCluster[] {
  const ended = clusters.filter((one) => !isLive(one, status));
  const dropped = ended.filter(
    ({ until }, index) =>
      index < ended.length - MOST_ENDED || Date.parse(until) < Date.parse(now) - LISTED_MS,
  );
  return clusters.filter((one) => !dropped.includes(one));
}

function unknownCluster(accountId: string, name: string): Outcome {
  const message = 'is not the name of a cluster of the account';
  const sentence = `Account ${accountId} has no cluster ${name}: \`orgkeeper cluster list ${accountId}\` shows those that it has.`;
  return { did: 'rejected', rejection: refusal('UnknownCluster', 'detail.name', message, sentence) };
}

function changed(
  record: AccountRecord,
  clusters: readonly WantedCluster[],
  { cause }: Trigger,
): AccountRecord {
  return { ...record, clusters, generation: record.generation + 1, changedBy: cause.id };
}
