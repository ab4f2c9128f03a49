import {
  CLUSTERS,
  clusterOutputs,
  type KnownCluster,
  knownCluster,
  knownClusterNames,
  type WantedCluster,
} from '../../../shared/domain/clusters.ts';
import { InvalidDesiredState, NotYetConsistent } from '../../../shared/domain/errors.ts';
import { interpolate, interpolateDeep, namesIn } from '../../../shared/domain/interpolate.ts';
import type { Announcement, Difference } from '../../../shared/domain/status.ts';
import { withoutNames } from '../comparison.ts';
import { POLICY_VARIABLE } from '../iam-role/section.ts';
import type { Blocked, Kind, KindContext, WritingContext } from '../kind.ts';
import { beyondQuotas, type Fate, type Orphan, SOON, secondsToNextLook } from './fates.ts';
import type { Clusters, FoundClusters } from './model.ts';
import { observeClusters, orphanOutput, seeClusters } from './observe.ts';
import {
  compareFixed,
  compareRoles,
  difference,
  hasRoles,
  intendedRoles,
  removedRoles,
  roleArns,
  rolesOf,
  unownedRole,
  unseenPolicy,
} from './roles.ts';
import { Section } from './section.ts';
import { launch, tag, tagsOfCluster, terminate } from './write.ts';
import { removeRoles, writeRoles } from './write-roles.ts';

/** The EMR clusters that people requested for an account: each runs until its time is over, and is then terminated. */
export const clusters: Kind<Section, Clusters, FoundClusters> = {
  name: CLUSTERS,
  scope: 'regional',
  entersBy: 'executionRole',
  section: Section,
  namesForAws: POLICY_VARIABLE,
  permissions: {
    read: [
      'elasticmapreduce:DescribeCluster',
      'elasticmapreduce:ListClusters',
      'iam:GetInstanceProfile',
      'iam:GetRole',
      'iam:GetRolePolicy',
      'iam:ListAttachedRolePolicies',
      'iam:ListRolePolicies',
    ],
    write: [
      'elasticmapreduce:AddTags',
      'elasticmapreduce:RunJobFlow',
      'elasticmapreduce:TerminateJobFlows',
      'iam:AddRoleToInstanceProfile',
      'iam:AttachRolePolicy',
      'iam:CreateInstanceProfile',
      'iam:CreateRole',
      'iam:DeleteInstanceProfile',
      'iam:DeleteRole',
      'iam:DeleteRolePermissionsBoundary',
      'iam:DeleteRolePolicy',
      'iam:DetachRolePolicy',
      'iam:PutRolePermissionsBoundary',
      'iam:PutRolePolicy',
      'iam:RemoveRoleFromInstanceProfile',
      'iam:TagRole',
      'iam:UpdateAssumeRolePolicy',
    ],
    // The scoped IAM permissions of an execution role lack these.
    tried: [
      'iam:DeleteRolePermissionsBoundary',
      'iam:ListAttachedRolePolicies',
      'iam:ListRolePolicies',
      'iam:PutRolePermissionsBoundary',
      'iam:UpdateAssumeRolePolicy',
    ],
    onAnyResource: ['elasticmapreduce:AddTags', 'elasticmapreduce:RunJobFlow'],
    resources: ({ roles }, { partition, accountId, region }) => [
      ...roleArns(roles),
      `arn:${partition}:elasticmapreduce:${region}:${accountId}:cluster/*`,
      `arn:${partition}:iam::${accountId}:role/aws-service-role/elasticmapreduce.amazonaws.com*/AWSServiceRoleForEMRCleanup*`,
    ],
  },
  outputNames: () => [],
  access: ({ roles }) => ({ roles: intendedRoles(roles) }),

  render(section, lookup, account) {
    const { most, instanceTypes, longest } = section;
    const policy = section.instancePolicy && checkedPolicy(section.instancePolicy);
    return {
      clusters: account.clusters ?? [],
      quotas: { most, instanceTypes, longest },
      ...{ accountId: account.accountId, owner: account.owner, applications: section.applications },
      subnet: interpolate(section.subnet, lookup),
      roles: rolesOf(account, {
        policy: policy && interpolateDeep(policy, lookup),
        boundary: section.permissionsBoundary && interpolate(section.permissionsBoundary, lookup),
      }),
    };
  },

  async observe(wanted, context) {
    const found = await observeClusters(wanted, context);
    const { fates, orphans, roles } = found;
    const name = unownedRole(wanted, roles);
    if (name !== undefined)
      return {
        state: 'unowned',
        message: `The account has the role ${name}, which Orgkeeper did not make, so it stays, and no cluster is launched.`,
        remedy: 'Delete the role in the account.',
      };
    const isAbsent = fates.every(({ is }) => is === 'launch') && orphans.length === 0 && !hasRoles(roles);
    return isAbsent ? { state: 'absent' } : { state: 'present', actual: found };
  },

  outputs: ({ fates, orphans }) =>
    Object.fromEntries([
      ...fates.flatMap((fate) => entries(clusterOutputs(fate.cluster.name, knownOf(fate)))),
      ...orphans.map(({ seen, since }) => [orphanOutput(seen.id), since]),
    ]),

  made: (recorded) =>
    Object.fromEntries(
      knownClusterNames(recorded).flatMap((name) => {
        const known = knownCluster(recorded, name);
        return known && known.state !== 'ended' ? entries(clusterOutputs(name, known)) : [];
      }),
    ),

  diff(wanted, actual) {
    const { fates, orphans, roles, now } = actual ?? nothingOf(wanted);
    const living = fates.filter(({ is }) => is !== 'ended');
    const missing = namesIn(wanted.subnet);
    const isBlocked = living.length > 0 && missing.length > 0;
    const usesRoles = !isBlocked && living.some(needsRoles);
    const isIdle = living.length === 0 && orphans.length === 0;
    const ofRoles = () => {
      if (isIdle) return roles ? removedRoles(wanted, roles) : [];
      return usesRoles ? compareRoles(wanted, roles ?? NO_ROLES) : [];
    };
    const warnings = [...orphans.map(orphaned), ...(usesRoles && roles ? unseenPolicy(wanted, roles) : [])];
    const launching = living.length > 0 ? SOON : undefined;
    const again = now ? secondsToNextLook(fates, orphans, now) : launching;
    return {
      differences: [
        ...ofRoles(),
        ...fates.flatMap((fate) =>
          isBlocked && fate.is === 'launch' ? [] : differencesOfFate(fate, wanted),
        ),
        ...orphans.filter(({ isOver }) => isOver).map(terminatedOrphan),
      ],
      blocked: [
        ...(isBlocked ? [waiting(fates, missing)] : []),
        ...(usesRoles && roles ? compareFixed(wanted, roles) : []),
      ],
      unowned: [],
      ...noteOf(fates, wanted),
      warnings,
      warningsAsFound: warnings,
      ...(again !== undefined && { runAgainAfterSeconds: again }),
    };
  },

  async apply({ wanted, actual, differences }, context) {
    const { fates, orphans, roles } = actual ?? nothingOf(wanted);
    const failures: unknown[] = [];
    // A cluster that cannot be ended or launched must not keep others from it.
    const each = async (resource: string, work: () => Promise<void>) => {
      const own = differences.filter((one) => one.resource === resource);
      if (own.length === 0) return;
      try {
        await work();
        context.wrote(own);
      } catch (error) {
        failures.push(error);
      }
    };
    for (const fate of fates) {
      if (fate.is === 'terminate') await each(clusterNamed(fate.cluster), () => end(fate, context));
      if (fate.is === 'keep')
        await each(clusterNamed(fate.cluster), () =>
          tag(fate.seen, tagsOfCluster(wanted, fate.cluster), context),
        );
    }
    for (const orphan of orphans) await each(orphanNamed(orphan), () => terminate(orphan.seen, context));
    const living = fates.filter(({ is }) => is !== 'ended');
    if (living.length === 0 && orphans.length === 0) {
      if (differences.length > 0) await removeRoles(wanted, context);
      context.wrote(differences);
    } else await writeRoles(wanted, roles, differences, context);
    for (const fate of fates)
      if (fate.is === 'launch')
        await each(clusterNamed(fate.cluster), () => launch(wanted, fate.cluster, context));
    if (failures.length > 0) throw failures[0];
  },

  async remove(wanted, context) {
    const { recorded } = context;
    const names = knownClusterNames(recorded);
    const ids = names.flatMap((name) => {
      const { id, state } = knownCluster(recorded, name) ?? {};
      return id && state !== 'ended' ? [id] : [];
    });
    const seen = await seeClusters(wanted, ids, context);
    const live = seen.filter(({ state }) => state === 'starting' || state === 'ready');
    for (const one of live) await terminate(one, context);
    const left = live.length > 0 ? await seeClusters(wanted, ids, context) : seen;
    const ending = left.filter(({ state }) => state !== 'ended').map(({ id }) => id);
    if (ending.length > 0)
      throw new NotYetConsistent(`AWS is terminating ${ending.join(', ')}.`, {
        reason: 'ClustersEnding',
        retryAfterSeconds: 60,
      });
    await removeRoles(wanted, context);
    for (const name of names) context.record(clusterOutputs(name, undefined));
    const orphans = Object.keys(recorded).filter((output) => output.startsWith(orphanOutput('')));
    context.record(Object.fromEntries(orphans.map((output) => [output, undefined])));
  },

  announcements(before, after) {
    return [
      ...[...new Set([...knownClusterNames(before), ...knownClusterNames(after)])].flatMap((name) =>
        clusterAnnouncements(name, before, after),
      ),
      ...Object.entries(after).flatMap(([output, since]) => {
        if (!output.startsWith(orphanOutput('')) || before[output] !== undefined) return [];
        const clusterId = output.slice(orphanOutput('').length);
        return [{ detailType: 'ClusterOrphaned', detail: { clusterId, since } }];
      }),
    ];
  },
};

const NO_ROLES = { service: undefined, instances: undefined, policy: undefined, profile: undefined };

/** Where nothing is there: every requested cluster is to be launched. */
function nothingOf({
  clusters,
}: Clusters): Partial<FoundClusters> & Pick<FoundClusters, 'fates' | 'orphans'> {
  return { fates: clusters.map((cluster) => ({ is: 'launch', cluster })), orphans: [] };
}

/** The account's name and the values of a registration are text of others: no policy may hold them. */
const OF_OTHERS = /^(values\.|account\.(name|email)$)/;

function checkedPolicy(policy: NonNullable<Section['instancePolicy']>): typeof policy {
  const [first] = namesIn(JSON.stringify(policy)).filter((name) => OF_OTHERS.test(name));
  if (first === undefined) return policy;
  const message = `must not hold \${${first}}, which whoever registers an account chooses`;
  throw new InvalidDesiredState(`The policy of the instances ${message}.`, [
    { path: 'clusters.instancePolicy', message },
  ]);
}

function entries(outputs: Readonly<Record<string, string | undefined>>): [string, string][] {
  return Object.entries(outputs).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
}

/** What is recorded of a cluster from now on. */
function knownOf(fate: Fate): KnownCluster | undefined {
  const { request } = fate.cluster;
  switch (fate.is) {
    case 'launch':
      return undefined;
    case 'unlisted':
      return { request, id: fate.id, state: 'starting' };
    case 'keep':
    case 'terminate':
    case 'ending':
      return { request, id: fate.seen.id, state: fate.seen.state };
    case 'ended':
      return fate.known;
  }
}

/** A cluster that starts or lives needs its roles; one that is terminated as well, until it has ended. */
function needsRoles({ is }: Fate): boolean {
  return is === 'launch' || is === 'unlisted' || is === 'keep';
}

const clusterNamed = ({ name }: WantedCluster) => `cluster ${name}`;
const orphanNamed = ({ seen }: Orphan) => `cluster ${seen.id}`;

function differencesOfFate(fate: Fate, wanted: Clusters): Difference[] {
  const resource = clusterNamed(fate.cluster);
  switch (fate.is) {
    case 'launch': {
      const { instanceType, count, release, until } = fate.cluster;
      return [difference(resource, '', { desired: { instanceType, count, release, until } })];
    }
    case 'terminate':
      return [difference(resource, '', { actual: fate.seen.id })];
    case 'keep':
      return Object.entries(tagsOfCluster(wanted, fate.cluster))
        .filter(([key, value]) => fate.seen.tags[key] !== value)
        .map(([key, desired]) =>
          difference(resource, `tags.${key}`, { desired, actual: fate.seen.tags[key] }),
        );
    case 'unlisted':
    case 'ending':
    case 'ended':
      return [];
  }
}

function terminatedOrphan(orphan: Orphan): Difference {
  return difference(orphanNamed(orphan), '', { actual: orphan.seen.id });
}

function orphaned({ seen, since }: Orphan): string {
  return (
    `Orphaned: the cluster ${seen.id} carries the tags of what Orgkeeper makes, and no request for it is known since ${since}; ` +
    'it is terminated an hour after that, unless its tags are taken off'
  );
}

/** Without its subnet no cluster can be launched. */
function waiting(fates: readonly Fate[], missing: readonly string[]): Blocked {
  const [first] = fates.filter(({ is }) => is === 'launch');
  const resource = first ? clusterNamed(first.cluster) : 'clusters';
  const reported = difference(resource, 'subnet', { desired: missing[0] }, 'reported');
  return { ...withoutNames('A cluster', missing), difference: reported };
}

/** What lives, and what ended without being asked to. */
function noteOf(fates: readonly Fate[], { quotas }: Clusters): { readonly note?: string } {
  const said = fates.flatMap((fate) => {
    const { name, until } = fate.cluster;
    switch (fate.is) {
      case 'keep': {
        const beyond = beyondQuotas(fate.cluster, quotas);
        const how = beyond ? ` (${beyond.replace(/\.$/, '')})` : '';
        return `${name} is ${fate.seen.state} until ${until}${how}`;
      }
      case 'ended': {
        const { reason = '', message } = fate.known;
        if (reason === 'TimeOver' || reason === 'Released') return [];
        return `${name} has ended (${reason}${message ? `: ${message.replace(/\.$/, '')}` : ''})`;
      }
      default:
        return [];
    }
  });
  return said.length > 0 ? { note: `Clusters: ${said.join('; ')}.` } : {};
}

async function end(
  { cluster, seen }: Extract<Fate, { is: 'terminate' }>,
  context: WritingContext,
): Promise<void> {
  await terminate(seen, context);
  const { name, request } = cluster;
  context.record(clusterOutputs(name, { request, id: seen.id, state: 'ending' }));
}

/** What changed of one cluster since the run before: it takes work, or has ended; one that is recorded no more was removed. */
function clusterAnnouncements(
  name: string,
  before: KindContext['recorded'],
  after: KindContext['recorded'],
): Announcement[] {
  const now = knownCluster(after, name);
  const then = knownCluster(before, name);
  const removed = then && then.state !== 'ended' && then.request !== now?.request ? [then] : [];
  const ended = ({ id, reason, message }: KnownCluster): Announcement => ({
    detailType: 'ClusterEnded',
    detail: { ...named(name, id), reason, ...(message && { message }) },
  });
  const owed = removed.map((one) => ended({ ...one, reason: 'Retired' }));
  const last = then?.request === now?.request ? then : undefined;
  if (!now || last?.state === now.state) return owed;
  if (now.state === 'ready') owed.push({ detailType: 'ClusterReady', detail: named(name, now.id) });
  if (now.state === 'ended')
    owed.push(ended({ ...now, ...(now.id === undefined && last?.id && { id: last.id }) }));
  return owed;
}

function named(cluster: string, clusterId: string | undefined) {
  return { cluster, ...(clusterId && { clusterId }) };
}
