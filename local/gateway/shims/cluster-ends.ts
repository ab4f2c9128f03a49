import type { Deviation, Shim } from '../shim.ts';
import { isObject, jsonReply, parseObject } from '../wire.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'does not say why a cluster ended',
  here: 'DescribeCluster says `USER_REQUEST` of a cluster that TerminateJobFlows ended; no cluster ends otherwise',
};

/** Adds the code of the last change of state to a cluster that somebody terminated. */
export const clusterEnds: Shim = {
  services: ['elasticmapreduce'],
  actions: ['DescribeCluster'],
  async answer(call, next) {
    const reply = await next(call);
    const { Cluster } = parseObject(reply.body) ?? {};
    if (reply.status !== 200 || !isObject(Cluster) || !isObject(Cluster.Status)) return reply;
    if (Cluster.Status.State !== 'TERMINATED') return reply;
    const StateChangeReason = { Code: 'USER_REQUEST', Message: 'Terminated by user request' };
    return jsonReply(call, { Cluster: { ...Cluster, Status: { ...Cluster.Status, StateChangeReason } } });
  },
};
