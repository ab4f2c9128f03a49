import { describe, expect, it } from '@jest/globals';
import type { KnownCall } from '../../local/gateway/shim.ts';
import { createClusterStates } from '../../local/gateway/shims/cluster-states.ts';
import { jsonReply } from '../../local/gateway/wire.ts';

const CREATED = 1_795_000_000;
const callOf = (action: string, params: Record<string, unknown>): KnownCall => ({
  ...{ method: 'POST', url: '/', headers: { 'content-type': 'application/x-amz-json-1.1' } },
  ...{ body: Buffer.from(JSON.stringify(params)), accessKeyId: 'a', sessionToken: undefined },
  ...{
    service: 'elasticmapreduce',
    region: 'eu-west-1',
    action,
    params,
    abandoned: () => false,
    sourceIp: '127.0.0.1',
  },
  caller: { account: '456789012345' } as KnownCall['caller'],
});

/** What EMR says of two clusters, of which the second was terminated 100 s after both were made, so many seconds after that they were made. */
function emr(after: number, plan?: { startSeconds?: number; endSeconds?: number }) {
  const states = createClusterStates(() => (CREATED + after) * 1_000);
  if (plan) states.plan(plan);
  const cluster = (Id: string, EndDateTime?: number) => ({
    Id,
    Status: {
      State: EndDateTime ? 'TERMINATED' : 'WAITING',
      Timeline: { CreationDateTime: CREATED, ...(EndDateTime && { EndDateTime }) },
    },
  });
  const all = [cluster('j-1'), ...(after >= 100 ? [cluster('j-2', CREATED + 100)] : [cluster('j-2')])];
  const asked = async (action: string, params: Record<string, unknown>) => {
    const reply = await states.shim.answer(callOf(action, params), async (call) => {
      const wanted = call.params.ClusterStates as string[] | undefined;
      return call.action === 'DescribeCluster'
        ? jsonReply(call, { Cluster: all.find(({ Id }) => Id === call.params.ClusterId) })
        : jsonReply(call, { Clusters: all.filter(({ Status }) => wanted?.includes(Status.State) ?? true) });
    });
    return JSON.parse(reply.body.toString('utf8'));
  };
  return {
    states,
    state: async (ClusterId: string) => (await asked('DescribeCluster', { ClusterId })).Cluster.Status,
    listed: async (...ClusterStates: string[]) =>
      (await asked('ListClusters', { ClusterStates })).Clusters.map(({ Id = '' }) => Id),
  };
}

describe('A cluster of EMR in the local runtime', () => {
  const plan = { startSeconds: 60, endSeconds: 30 };

  it.each([
    [1, 'STARTING'],
    [31, 'BOOTSTRAPPING'],
    [60, 'WAITING'],
  ])('starts as slowly as planned: after %i s it is %s', async (after, State) => {
    const { state, listed } = emr(after, plan);
    expect(await state('j-1')).toMatchObject({ State });
    expect(await listed(State)).toEqual(['j-1', 'j-2']);
    expect(await listed('RUNNING')).toEqual([]);
  });

  it('ends as slowly as planned, and is listed as terminating until then', async () => {
    const ending = emr(129, plan);
    expect(await ending.state('j-2')).toMatchObject({ State: 'TERMINATING' });
    expect((await ending.state('j-2')).Timeline.EndDateTime).toBeUndefined();
    expect(await ending.listed('WAITING', 'TERMINATING')).toEqual(['j-1', 'j-2']);
    expect(await ending.listed('TERMINATED')).toEqual([]);
    const over = emr(130, plan);
    expect(await over.state('j-2')).toMatchObject({ State: 'TERMINATED' });
    expect(await over.listed('WAITING', 'TERMINATING')).toEqual(['j-1']);
  });

  it('is at once what it is in the emulator without a plan, and once the plan is cleared', async () => {
    expect(await emr(1).state('j-1')).toMatchObject({ State: 'WAITING' });
    const cleared = emr(1, plan);
    cleared.states.clear();
    expect(await cleared.state('j-1')).toMatchObject({ State: 'WAITING' });
    expect(await cleared.listed('WAITING')).toEqual(['j-1', 'j-2']);
  });
});
