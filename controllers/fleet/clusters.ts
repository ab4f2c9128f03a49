import type { AccountRecord } from '../../shared/domain/account.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { isLive, minutesOf, type WantedCluster } from '../../shared/domain/clusters.ts';
import { Conflict } from '../../shared/domain/errors.ts';
import { isEarlier, laterOf, orderOf } from '../../shared/domain/order.ts';
import { check } from '../../shared/domain/plain-words.ts';
import { regionsOf } from '../../shared/domain/region.ts';
import type { ClusterReleaseRequest, ClusterRequest } from '../../shared/domain/requests.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import { type AccountItems, getRecord, loadAccount } from '../../shared/store/accounts.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { rememberedRelease, rememberRelease } from '../../shared/store/released-clusters.ts';
import { CLUSTERS, Section } from '../kinds/clusters/section.ts';
import {
  type FleetDeps,
  type Outcome,
  overtaken,
  type Rejection,
  refusal,
  rejectedFor,
  type Trigger,
} from './outcome.ts';
import { followedBefore, owedBy, saveOwing } from './owed.ts';
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
  const remembered = await rememberedRelease(main.table, accountId, name);
  const released = latestOf(remembered, releaseOf(record, name));
  const since = isEarlier(time, released) ? released : record.registeredAt;
  if (isEarlier(time, since)) return overtaken(`cluster ${name} of account ${accountId}`, trigger, since);
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
  return save({ ...record, clusters: [...others, cluster] }, record, trigger, main);
}

/** Ends a cluster before its time: asks for a run that terminates it. A cluster that has ended is left as it is. */
export async function releaseCluster(
  { accountId, name }: ClusterReleaseRequest,
  trigger: Trigger,
  { main }: Deps,
): Promise<Outcome> {
  const { time } = trigger;
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
  if (!cluster) return unknownCluster(accountId, name, trigger, main);
  const clusters = withoutOld(record, items.status, time).map((one) =>
    one === cluster ? { ...one, released: time } : one,
  );
  return save({ ...record, clusters }, record, trigger, main);
}

/** What a request has already done, if the account has followed its event. */
function knownBefore({ record }: AccountItems, { cause: { id }, time }: Trigger): Outcome | undefined {
  const isFollowed = orderOf({ id, time }, record) === 'followed';
  const isOurs = record?.clusters?.some(({ request }) => request === id);
  return isFollowed || isOurs ? followedBefore(record) : undefined;
}

function releaseOf({ clusters = [] }: AccountRecord, name: string): string | undefined {
  return clusters.find((one) => one.name === name)?.released;
}

function latestOf(one: string | undefined, other: string | undefined): string | undefined {
  return one === undefined ? other : laterOf(one, other);
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

/**
 * Refuses a release, and remembers it: the launch that it overtakes may still be on its way.
 * @throws Conflict if that launch was followed meanwhile
 */
async function unknownCluster(
  accountId: string,
  name: string,
  { time }: Trigger,
  { table }: FleetDeps['main'],
): Promise<Outcome> {
  await rememberRelease(table, accountId, name, time);
  const record = await getRecord(table, accountId);
  if (record?.clusters?.some((one) => one.name === name))
    throw new Conflict(`The cluster ${name} of account ${accountId} was launched meanwhile.`);
  const message = 'is not the name of a cluster of the account';
  const sentence = `Account ${accountId} has no cluster ${name}: \`orgkeeper cluster list ${accountId}\` shows those that it has.`;
  return { did: 'rejected', rejection: refusal('UnknownCluster', 'detail.name', message, sentence) };
}

function save(
  content: AccountRecord,
  read: AccountRecord,
  trigger: Trigger,
  main: FleetDeps['main'],
): Promise<Outcome> {
  const record = { ...content, generation: read.generation + 1, changedBy: trigger.cause.id };
  return saveOwing({ main }, record, read, { announce: [], work: owedBy(record, trigger).work });
}
