import { z } from 'zod';
import type { Deviation, KnownCall, Shim } from '../shim.ts';
import { isObject, jsonReply, parseObject } from '../wire.ts';

/** How long EMR takes with each cluster, which the emulator starts and ends at once. */
export const ClusterPlan = z.strictObject({
  /** Half of it STARTING, half BOOTSTRAPPING. */
  startSeconds: z.number().min(0).default(0),
  /** TERMINATING, after which the cluster has ended. */
  endSeconds: z.number().min(0).default(0),
});
type ClusterPlan = z.infer<typeof ClusterPlan>;

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'starts and terminates a cluster of EMR at once',
  here: 'if a test plans it, a cluster is STARTING, BOOTSTRAPPING and TERMINATING for a while',
};

/** Clusters that start and end as slowly as planned. */
export interface ClusterStates {
  readonly shim: Shim;
  plan(plan: z.input<typeof ClusterPlan>): void;
  clear(): void;
}

/** Starts without a plan: the states are those of the emulator. */
export function createClusterStates(now: () => number = Date.now): ClusterStates {
  let planned: ClusterPlan | undefined;

  /** The status as AWS would show it now. */
  function shown(status: Record<string, unknown>, { startSeconds, endSeconds }: ClusterPlan) {
    const timeline = isObject(status.Timeline) ? status.Timeline : {};
    const secondsSince = (time: unknown) => {
      return now() / 1_000 - (typeof time === 'number' ? time : Date.parse(`${time}`) / 1_000);
    };
    if (timeline.EndDateTime) {
      if (secondsSince(timeline.EndDateTime) >= endSeconds) return status;
      const { EndDateTime: _, ...before } = timeline;
      return { ...status, State: 'TERMINATING', Timeline: before };
    }
    const age = secondsSince(timeline.CreationDateTime);
    if (age >= startSeconds) return status;
    return { ...status, State: age < startSeconds / 2 ? 'STARTING' : 'BOOTSTRAPPING' };
  }

  function cluster<T extends Record<string, unknown>>(one: T, plan: ClusterPlan): T {
    return isObject(one.Status) ? { ...one, Status: shown(one.Status, plan) } : one;
  }

  const shim: Shim = {
    services: ['elasticmapreduce'],
    actions: ['DescribeCluster', 'ListClusters'],
    async answer(call, next) {
      const plan = planned;
      if (!plan) return next(call);
      if (call.action === 'DescribeCluster') {
        const reply = await next(call);
        const { Cluster } = parseObject(reply.body) ?? {};
        return isObject(Cluster) ? jsonReply(call, { Cluster: cluster(Cluster, plan) }) : reply;
      }
      // A cluster may be listed by a state that the emulator knows nothing of, so that all are asked for.
      const { ClusterStates, ...others } = call.params;
      const reply = await next(withParams(call, others));
      const answer = parseObject(reply.body) ?? {};
      if (!Array.isArray(answer.Clusters)) return reply;
      const all = answer.Clusters.filter(isObject).map((one) => cluster(one, plan));
      const isWanted = ({ Status }: Record<string, unknown>) =>
        !Array.isArray(ClusterStates) || (isObject(Status) && ClusterStates.includes(Status.State));
      return jsonReply(call, { ...answer, Clusters: all.filter(isWanted) });
    },
  };
  return {
    shim,
    plan: (plan) => {
      planned = ClusterPlan.parse(plan);
    },
    clear: () => {
      planned = undefined;
    },
  };
}

function withParams(call: KnownCall, params: Record<string, unknown>): KnownCall {
  return { ...call, params, body: Buffer.from(JSON.stringify(params)) };
}
