import { DescribeSecurityGroupsCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeClusterCommand,
  EMRClient,
  ListClustersCommand,
  RunJobFlowCommand,
  TerminateJobFlowsCommand,
} from '@aws-sdk/client-emr';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ClusterView, clusterViews } from '../../shared/domain/clusters.ts';
import { publishShipped } from '../kit/journey/baselines.ts';
import { type BusEvent, type Listener, listen } from '../kit/journey/bus.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';

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
const request = { instanceType: 'm5.xlarge', count: 3, release: 'emr-7.5.0', ttl: '8h' };
const launch = (name: string, ...more: string[]) => {
  const { instanceType, count, release, ttl } = request;
  const what = ['--name', name, '--instance-type', instanceType, '--count', `${count}`, '--release', release];
  return fleet.orgkeeper(
    'cluster',
    'launch',
    id,
    ...what,
    ...(more.includes('--ttl') ? [] : ['--ttl', ttl]),
    ...more,
  );
};
/** A request by an event, whose answer is awaited. */
const refused = async (detail: object) => {
  const event = await fleet.put('ClusterRequested', { accountId: id, ...request, ...detail });
  return (await listener.hear('RequestRejected', ({ detail }) => detail.cause?.id === event)).detail;
};
/** Runs the account again and again until the work is done, so that it does not wait for the tick of the minute. */
async function hastened<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  while (!isDone) await fleet.sweep(id);
  return done;
}
const cluster = async (name: string): Promise<ClusterView | undefined> => {
  const [record, status] = [await fleet.record(id), await fleet.status(id)];
  return record && clusterViews(record, status).find((one) => one.name === name);
};
/** Clusters that the account has, whether they live or not. */
const all = async () => (await emr().send(new ListClustersCommand({}))).Clusters ?? [];
const isOf =
  (type: string, name: string) =>
  ({ 'detail-type': detailType, detail }: BusEvent) =>
    detailType === type && detail.cluster === name;
const ended = async (name: string, reason: string) =>
  (
    await listener.hear(
      `ClusterEnded of ${name}`,
      (event) => isOf('ClusterEnded', name)(event) && event.detail.reason === reason,
    )
  ).detail;

describe('Clusters of an account', () => {
  it('take work once their launch was waited for, with their tags, in the subnet of the account', async () => {
    // The other one does not delay it.
    await fleet.put('ClusterRequested', { accountId: id, ...request, name: 'ad-hoc' });
    const { code, stdout } = await hastened(launch('nightly', '--idle', '90m', '--wait', '--json'));
    expect(code).toBe(0);
    const view = JSON.parse(stdout) as ClusterView;
    expect(view).toMatchObject({ accountId: id, name: 'nightly', state: 'ready', count: 3 });
    const { Cluster } = await emr().send(new DescribeClusterCommand({ ClusterId: view.clusterId }));
    const tags = Object.fromEntries((Cluster?.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
    expect(tags).toEqual({
      'orgkeeper:owner': runtime.accounts.main,
      'orgkeeper:name': 'nightly',
      'orgkeeper:account': id,
      'orgkeeper:requester': 'cli-cluster-launch',
      'orgkeeper:request': expect.any(String),
    });
    const { outputs } = await fleet.view(id);
    expect(Cluster?.Ec2InstanceAttributes?.Ec2SubnetId).toBe(outputs['subnet.public.id']);
    const { detail } = await listener.hear('ClusterReady', isOf('ClusterReady', 'nightly'));
    expect(detail).toMatchObject({ accountId: id, clusterId: view.clusterId, region: runtime.region });
  }, 120_000);

  it('are launched through the execution role of the account, entered with its ExternalId', async () => {
    const launches = await runtime.calls({ account: id, action: 'RunJobFlow' });
    const role = `arn:aws:iam::${id}:role/orgkeeper-execution`;
    expect(launches.map(({ principal }) => principal)).toEqual([role, role]);
    const sessions = new Set(launches.map(({ session }) => session));
    const entered = (await runtime.calls({ action: 'AssumeRole' })).filter(
      ({ params, status }) =>
        status === 200 && params.RoleArn === role && sessions.has(String(params.RoleSessionName)),
    );
    const { externalId } = (await fleet.record(id)) ?? {};
    expect(new Set(entered.map(({ params }) => params.ExternalId))).toEqual(new Set([externalId]));
  });

  it('are listed with those of all accounts, and by account for scripts', async () => {
    const [every, one] = await Promise.all([
      fleet.orgkeeper('cluster', 'list'),
      fleet.orgkeeper('cluster', 'list', id, '--json'),
    ]);
    expect(every).toMatchObject({ code: 0, stdout: expect.stringMatching(/nightly +ready +j-/) });
    expect((JSON.parse(one.stdout) as ClusterView[]).map(({ name }) => name)).toEqual(['ad-hoc', 'nightly']);
  }, 60_000);

  it('have roles whose names begin with analysis-', async () => {
    const { Roles = [] } = await new IAMClient(runtime.as(id)).send(new ListRolesCommand({}));
    const names = Roles.map(({ RoleName = '' }) => RoleName).filter((name) => /clusters/.test(name));
    expect(names.toSorted()).toEqual(
      ['instances', 'service'].map((use) => `analysis-clusters-${use}-${runtime.region}`),
    );
  });

  it('are refused beyond the quotas of the baseline, and the launch fails', async () => {
    const { code, stderr } = await launch('third', '--ttl', '25h', '--wait');
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('TooLong') });
    const tooLong = await listener.hear('TooLong', ({ detail }) => detail.reason === 'TooLong');
    expect(tooLong.detail).toMatchObject({ accountId: id, problems: [{ path: 'detail.ttl' }] });
    expect(await refused({ name: 'third', instanceType: 'p5.48xlarge' })).toMatchObject({
      ...{ accountId: id, reason: 'InstanceTypeNotAllowed' },
      problems: [{ path: 'detail.instanceType' }],
    });
  }, 60_000);

  it('are refused without an event where the request itself is wrong', async () => {
    const wrong = [
      [['--ttl', '0h'], 'detail.ttl'],
      [['--idle', '169h'], 'detail.idle'],
    ] as const;
    const answers = await Promise.all(wrong.map(([more]) => launch('third', ...more)));
    for (const [index, [, path]] of wrong.entries())
      expect(answers[index]).toMatchObject({ code: 1, stderr: expect.stringContaining(path) });
  }, 60_000);

  it('make the account wait for nothing: it is ready, and a sweep changes nothing', async () => {
    await fleet.untilReady(id);
    await fleet.untilQuiet();
    const [view] = await fleet.sweep(id);
    expect(view).toMatchObject({ ready: true, lastPass: { result: 'unchanged' } });
  }, 60_000);

  it('that somebody terminated by hand are said to have ended, and are not launched again', async () => {
    const { clusterId = '' } = (await cluster('nightly')) ?? {};
    const before = (await all()).length;
    await emr().send(new TerminateJobFlowsCommand({ JobFlowIds: [clusterId] }));
    await fleet.sweep(id);
    expect(await ended('nightly', 'TerminatedByHand')).toMatchObject({ accountId: id, clusterId });
    expect(await cluster('nightly')).toMatchObject({ state: 'ended', reason: 'TerminatedByHand' });
    await fleet.sweep(id);
    expect((await all()).length).toBe(before);
    const { conditions } = await fleet.view(id);
    expect(conditions.find(({ type }) => type === 'Clusters')).toMatchObject({
      status: 'True',
      message: expect.stringContaining('nightly has ended (TerminatedByHand'),
    });
  }, 90_000);

  it('end when they are released, and their names are free again', async () => {
    const release = (name: string) => fleet.orgkeeper('cluster', 'release', id, name, '--wait', '--json');
    const [released, unknown] = await hastened(Promise.all([release('ad-hoc'), release('nobody')]));
    expect(released.code).toBe(0);
    expect(JSON.parse(released.stdout)).toMatchObject({ name: 'ad-hoc', state: 'ended', reason: 'Released' });
    expect(await ended('ad-hoc', 'Released')).toMatchObject({ accountId: id });
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('UnknownCluster') });
    const { clusterId } = (await cluster('ad-hoc')) ?? {};
    await fleet.put('ClusterRequested', { accountId: id, ...request, name: 'ad-hoc' });
    await fleet.untilAccounts('have another', [id], ({ outputs }) => {
      const other = outputs['clusters.ad-hoc.id'];
      return other !== undefined && other !== clusterId;
    });
  }, 120_000);

  it('that carry our tags and were never requested are announced, and stay for an hour', async () => {
    const { JobFlowId } = await emr().send(
      new RunJobFlowCommand({
        Name: 'orgkeeper-nobody',
        ReleaseLabel: 'emr-7.5.0',
        Instances: { KeepJobFlowAliveWhenNoSteps: true, MasterInstanceType: 'm5.xlarge', InstanceCount: 1 },
        Tags: [{ Key: 'orgkeeper:owner', Value: runtime.accounts.main }],
      }),
    );
    await fleet.sweep(id);
    const { detail } = await listener.hear('ClusterOrphaned', (event) => {
      return event['detail-type'] === 'ClusterOrphaned';
    });
    expect(detail).toMatchObject({ accountId: id, clusterId: JobFlowId });
    const { Cluster } = await emr().send(new DescribeClusterCommand({ ClusterId: JobFlowId }));
    expect(Cluster?.Status?.State).toBe('WAITING');
  }, 60_000);

  it('do not outlive their account: retained resources are refused, and removal terminates them', async () => {
    const retained = await fleet.orgkeeper('retire', id, '--resources', 'retain', '--wait');
    expect(retained).toMatchObject({ code: 1, stderr: expect.stringContaining('ClustersRunning') });
    expect(await fleet.view(id)).toMatchObject({ state: 'active' });
    const removed = await fleet.orgkeeper('retire', id, '--resources', 'remove', '--yes', '--wait');
    expect(removed).toMatchObject({ code: 0 });
    await ended('ad-hoc', 'Retired');
    const states = (await all()).map(({ Status }) => Status?.State);
    expect(new Set(states)).toEqual(new Set(['TERMINATED']));
    const { Roles = [] } = await new IAMClient(runtime.as(id)).send(new ListRolesCommand({}));
    expect(Roles.filter(({ RoleName }) => /clusters/.test(RoleName ?? ''))).toEqual([]);
    expect(await refused({ name: 'late' })).toMatchObject({ reason: 'AccountRetired' });
  }, 120_000);

  it('leave no security groups of EMR, which refer to each other, in the way of the network', async () => {
    const made = await runtime.calls({ account: id, action: 'RevokeSecurityGroupIngress' });
    expect(made.length).toBeGreaterThan(0);
    const ec2 = new EC2Client(runtime.as(id));
    const Filters = [{ Name: 'group-name', Values: ['ElasticMapReduce-*'] }];
    const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
    expect(SecurityGroups).toEqual([]);
  }, 60_000);
});
