import {
  AddTagsCommand,
  RunJobFlowCommand,
  type RunJobFlowCommandOutput,
  TerminateJobFlowsCommand,
} from '@aws-sdk/client-emr';
import { clusterOutputs, type WantedCluster } from '../../../shared/domain/clusters.ts';
import {
  AccessDenied,
  ForeignResource,
  InvalidDesiredState,
  NotYetConsistent,
  ServiceFault,
} from '../../../shared/domain/errors.ts';
import { type KindContext, NAME_TAG, OWNER_TAG, UNANSWERED, UNANSWERED_SECONDS } from '../kind.ts';
import { REQUEST_TAG, type SeenCluster } from './fates.ts';
import type { Clusters } from './model.ts';
import { MOST_SAID, nameInEmr } from './observe.ts';
import { ACCOUNT_TAG } from './roles.ts';

/** The tags of a cluster, which EMR gives to its instances, too: for cost reports, and to find it again. Pure. */
export function tagsOfCluster(
  { owner, accountId }: Pick<Clusters, 'owner' | 'accountId'>,
  { name, requester, request }: WantedCluster,
): Record<string, string> {
  return {
    [OWNER_TAG]: owner,
    [NAME_TAG]: name,
    [ACCOUNT_TAG]: accountId,
    'orgkeeper:requester': requester,
    [REQUEST_TAG]: request,
  };
}

/**
 * Launches a cluster and records its id. RunJobFlow has no client token: it is sent once, and after a call that nobody answered
 * the cluster is looked for by its tags before it is launched again.
 * @throws NotYetConsistent if nobody answered, or IAM does not show the roles yet; InvalidDesiredState if EMR refuses the cluster,
 * which has ended then
 */
export async function launch(wanted: Clusters, cluster: WantedCluster, context: KindContext): Promise<void> {
  const { name, request, instanceType, count, release, idleMinutes } = cluster;
  const { service, instances } = wanted.roles;
  const command = new RunJobFlowCommand({
    Name: nameInEmr(name),
    ReleaseLabel: release,
    Applications: wanted.applications.map((Name) => ({ Name })),
    Instances: {
      MasterInstanceType: instanceType,
      ...(count > 1 && { SlaveInstanceType: instanceType }),
      InstanceCount: count,
      Ec2SubnetId: wanted.subnet,
      KeepJobFlowAliveWhenNoSteps: true,
      TerminationProtected: false,
    },
    ServiceRole: service.name,
    JobFlowRole: instances.name,
    VisibleToAllUsers: true,
    ...(idleMinutes !== undefined && { AutoTerminationPolicy: { IdleTimeout: idleMinutes * 60 } }),
    Tags: tagList(tagsOfCluster(wanted, cluster)),
  });
  const id = await answered(
    () => context.eventually(() => onceRolesShow(() => context.clients.elasticmapreduceOnce.send(command))),
    cluster,
    context,
  );
  context.record(clusterOutputs(name, { request, id, state: 'starting' }));
}

/** EMR checks the roles before it launches, and may not see new ones for some seconds. */
const ROLES_UNSEEN = /instance ?profile|service ?role/i;

/** Refusals by EMR, of which nothing was launched. */
function isRefusal(error: unknown): error is Error {
  return error instanceof Error && /^(Validation|InvalidRequest)Exception$/.test(error.name);
}

/** @throws NotYetConsistent if EMR does not see the roles yet */
async function onceRolesShow<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const isDenied = error instanceof AccessDenied;
    if (!(isDenied || isRefusal(error)) || !ROLES_UNSEEN.test(error.message)) throw error;
    const message = `EMR does not see the roles of the clusters yet: ${error.message}`;
    throw new NotYetConsistent(message, { cause: error, reason: 'RolesSettling' });
  }
}

/** The id of the launched cluster; what no answer, and a refusal, mean. */
async function answered(
  call: () => Promise<RunJobFlowCommandOutput>,
  { name, request }: WantedCluster,
  context: KindContext,
): Promise<string> {
  try {
    const { JobFlowId } = await call();
    if (JobFlowId) return JobFlowId;
    throw new ServiceFault(`EMR answered the launch of the cluster ${name} without an id.`);
  } catch (error) {
    if (error instanceof ServiceFault) {
      const message = `Nobody answered whether the cluster ${name} was launched; looking again before launching it.`;
      throw new NotYetConsistent(message, {
        reason: UNANSWERED,
        retryAfterSeconds: UNANSWERED_SECONDS,
        cause: error,
      });
    }
    if (!isRefusal(error)) throw error;
    const message = error.message.slice(0, MOST_SAID);
    context.record(clusterOutputs(name, { request, state: 'ended', reason: 'LaunchRefused', message }));
    throw new InvalidDesiredState(`EMR refused to launch the cluster ${name}: ${message}`, [], {
      cause: error,
      reason: 'LaunchRefused',
      remedy: 'Request another one, of a release and an instance type that EMR has in the region.',
    });
  }
}

/** Adds the tags that somebody took off or changed. */
export async function tag(
  seen: SeenCluster,
  tags: Readonly<Record<string, string>>,
  { clients: { elasticmapreduce } }: KindContext,
): Promise<void> {
  await elasticmapreduce.send(new AddTagsCommand({ ResourceId: seen.id, Tags: tagList(tags) }));
}

/** Terminates a cluster of ours; one that has ended already is left as it is. @throws ForeignResource if it is protected */
export async function terminate({ id }: SeenCluster, { clients }: KindContext): Promise<void> {
  try {
    await clients.elasticmapreduce.send(new TerminateJobFlowsCommand({ JobFlowIds: [id] }));
  } catch (error) {
    if (!(error instanceof Error && /termination protect/i.test(error.message))) throw error;
    throw new ForeignResource(`Somebody protected the cluster ${id} from termination, so it goes on.`, {
      reason: 'TerminationProtected',
      remedy: 'Take the termination protection off it; then it is terminated.',
      retryAfterSeconds: 300,
      cause: error,
    });
  }
}

function tagList(tags: Readonly<Record<string, string>>) {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
