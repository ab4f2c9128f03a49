import { DescribeClusterCommand, EMRClient, ListClustersCommand } from '@aws-sdk/client-emr';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clusterViews } from '../../shared/domain/clusters.ts';
import { publishShipped } from '../kit/journey/baselines.ts';
import { type Listener, listen } from '../kit/journey/bus.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';
import { until } from '../kit/wait.ts';

let runtime: TestRuntime;
let fleet: Fleet;
let listener: Listener;
let id: string;

beforeAll(async () => {
  runtime = await startTestRuntime({ context: { defaultBaseline: 'lab' } });
  fleet = fleetOf(runtime);
  listener = await listen(runtime);
  const section =
    'clusters: { most: 3, instanceTypes: [m5.xlarge], longest: 24h, subnet: "${subnet.public.id}" }';
  await publishShipped(fleet, (text) => `${text.replace('name: analytics\n', 'name: lab\n')}\n${section}\n`);
  id = await fleet.createAccount('genomics');
  await fleet.untilReady(id);
}, 240_000);
afterAll(() => runtime?.stop());

const emr = () => new EMRClient(runtime.as(id));
const all = async () => (await emr().send(new ListClustersCommand({}))).Clusters ?? [];
const request = { instanceType: 'm5.xlarge', count: 3, release: 'emr-7.5.0' };
const cluster = async () => {
  const [record, status] = [await fleet.record(id), await fleet.status(id)];
  return record && clusterViews(record, status)[0];
};

/** The states in which the cluster is seen, in order, until one of them. */
async function statesUntil(last: string): Promise<string[]> {
  const seen: string[] = [];
  await until(
    `the cluster is ${last}`,
    async () => {
      const state = (await cluster())?.state;
      if (state && seen.at(-1) !== state) seen.push(state);
      return state === last ? true : undefined;
    },
    { seconds: 240, everyMs: 500, seen: () => seen },
  );
  return seen;
}

describe('A cluster that EMR starts and terminates slowly, and whose launch nobody answered', () => {
  it('is launched once, takes work, and ends when its time is over, without a sweep', async () => {
    await runtime.planClusters({ startSeconds: 20, endSeconds: 20 });
    await runtime.fault({ account: id, action: 'RunJobFlow', effect: { kind: 'close', when: 'after' } });
    await fleet.put('ClusterRequested', { accountId: id, ...request, name: 'short', ttl: '3m' });
    const starting = await statesUntil('ready');
    // The tick of the minute may see the cluster only when it has started.
    expect(['requested,starting,ready', 'starting,ready', 'requested,ready']).toContain(starting.join());
    expect(await all()).toHaveLength(1);
    const ready = await listener.hear(
      'ClusterReady',
      (event) => event['detail-type'] === 'ClusterReady' && event.detail.cluster === 'short',
    );
    expect(await statesUntil('ended')).toEqual(['ready', 'ending', 'ended']);
    const { detail } = await listener.hear(
      'ClusterEnded',
      (event) => event['detail-type'] === 'ClusterEnded' && event.detail.cluster === 'short',
    );
    const { clusterId } = ready.detail;
    expect(detail).toMatchObject({ clusterId, reason: 'TimeOver' });
    const { Cluster } = await emr().send(new DescribeClusterCommand({ ClusterId: String(clusterId) }));
    expect(Cluster?.Status?.State).toBe('TERMINATED');
    expect(await all()).toHaveLength(1);
    const launches = await runtime.calls({ account: id, action: 'RunJobFlow' });
    expect(launches).toHaveLength(1);
  }, 420_000);
});
