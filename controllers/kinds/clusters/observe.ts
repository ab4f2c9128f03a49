import {
  type Cluster,
  type ClusterState,
  DescribeClusterCommand,
  ListClustersCommand,
} from '@aws-sdk/client-emr';
import pLimit from 'p-limit';
import { unlessGone } from '../../../shared/aws/gone.ts';
import { pagesOf } from '../../../shared/aws/pages.ts';
import {
  clusterOutputs,
  type KnownCluster,
  knownCluster,
  knownClusterNames,
} from '../../../shared/domain/clusters.ts';
import { type KindContext, OWNER_TAG } from '../kind.ts';
import { fatesOf, type SeenCluster } from './fates.ts';
import type { Clusters, FoundClusters } from './model.ts';
import { readRoles } from './roles.ts';

/** What the name of each cluster of ours begins with. Whose a cluster is, its tags say. */
const PREFIX = 'orgkeeper-';
/** Clusters that are described at once: EMR limits the rate of an account. */
const AT_ONCE = 10;
const ORPHAN = /^clusters\.orphans\.(j-[A-Z0-9]+)$/;

/** The name in EMR of a cluster. */
export function nameInEmr(name: string): string {
  return `${PREFIX}${name}`;
}

/** The output that says since when an orphan is known. */
export function orphanOutput(id: string): string {
  return `clusters.orphans.${id}`;
}

/** Reads the clusters of ours and the roles, and forgets what is recorded of clusters that no record names any more. */
export async function observeClusters(wanted: Clusters, context: KindContext): Promise<FoundClusters> {
  const { recorded } = context;
  const now = context.now();
  const names = knownClusterNames(recorded);
  const known = Object.fromEntries(
    names.flatMap((name) => {
      const one = knownCluster(recorded, name);
      return one ? [[name, one] as const] : [];
    }),
  );
  const requests = new Set(wanted.clusters.map(({ request }) => request));
  const ids = Object.values(known).flatMap(({ request, id, state }) =>
    id && state !== 'ended' && requests.has(request) ? [id] : [],
  );
  const [seen, roles] = await Promise.all([
    seeClusters(wanted, ids, context),
    readRoles(wanted.roles, context),
  ]);
  const since = Object.entries(recorded).flatMap(([output, at]) => {
    const id = ORPHAN.exec(output)?.[1];
    return id === undefined ? [] : [[id, at] as const];
  });
  const { fates, orphans } = fatesOf({
    ...{
      wanted: wanted.clusters,
      quotas: wanted.quotas,
      seen,
      known,
      orphans: Object.fromEntries(since),
      now,
    },
  });
  const dropped = names.filter((name) => wanted.clusters.every((one) => one.name !== name));
  const gone = since.filter(([id]) => orphans.every((one) => one.seen.id !== id));
  const forgotten = [
    ...dropped.map((name) => clusterOutputs(name, undefined)),
    ...gone.map(([id]) => ({ [orphanOutput(id)]: undefined })),
  ];
  if (forgotten.length > 0) context.record(Object.assign({}, ...forgotten));
  return { fates, orphans, roles, known, now };
}

/** The clusters of ours that AWS has, and those with these ids. The listing has no tags, so each live cluster costs a call. */
export async function seeClusters(
  { owner }: Pick<Clusters, 'owner'>,
  ids: readonly string[],
  context: KindContext,
): Promise<SeenCluster[]> {
  const listed = await liveIds(context);
  const described = await pLimit(AT_ONCE).map(new Set([...listed, ...ids]), (id) => describe(id, context));
  return described.flatMap((cluster) => {
    const seen = cluster && seenOf(cluster);
    return seen && (ids.includes(seen.id) || seen.tags[OWNER_TAG] === owner) ? [seen] : [];
  });
}

const LIVE: ClusterState[] = ['STARTING', 'BOOTSTRAPPING', 'RUNNING', 'WAITING', 'TERMINATING'];

/** The ids of all clusters that have not ended. */
async function liveIds({ clients: { elasticmapreduce } }: KindContext): Promise<string[]> {
  const ids: string[] = [];
  const pages = pagesOf(
    (Marker) =>
      elasticmapreduce.send(new ListClustersCommand({ ClusterStates: LIVE, ...(Marker && { Marker }) })),
    (page) => page.Marker,
  );
  for await (const { Clusters = [] } of pages) for (const { Id } of Clusters) if (Id) ids.push(Id);
  return ids;
}

async function describe(
  ClusterId: string,
  { clients: { elasticmapreduce } }: KindContext,
): Promise<Cluster | undefined> {
  const command = new DescribeClusterCommand({ ClusterId });
  return (await unlessGone('cluster', () => elasticmapreduce.send(command)))?.Cluster;
}

const STATES: Readonly<Record<string, KnownCluster['state']>> = {
  STARTING: 'starting',
  BOOTSTRAPPING: 'starting',
  RUNNING: 'ready',
  WAITING: 'ready',
  TERMINATING: 'ending',
  TERMINATED: 'ended',
  TERMINATED_WITH_ERRORS: 'ended',
};

function seenOf({ Id, Status, Tags = [] }: Cluster): SeenCluster | undefined {
  const state = STATES[Status?.State ?? ''];
  if (Id === undefined || state === undefined) return undefined;
  const { Code, Message } = Status?.StateChangeReason ?? {};
  const endedAt = Status?.Timeline?.EndDateTime?.toISOString();
  return {
    id: Id,
    state,
    tags: Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])),
    failed: Status?.State === 'TERMINATED_WITH_ERRORS',
    ...(Code && { code: Code }),
    ...(Message && { message: Message.slice(0, MOST_SAID) }),
    ...(endedAt && { endedAt }),
  };
}

/** Characters of AWS's words about an end, which are stored with the status. */
export const MOST_SAID = 300;
