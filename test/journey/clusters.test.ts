import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import {
  DescribeClusterCommand,
  EMRClient,
  ListClustersCommand,
  RunJobFlowCommand,
  TerminateJobFlowsCommand,
} from '@aws-sdk/client-emr';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ClusterView } from '../../shared/domain/clusters.ts';
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
  const shipped = await readFile(new URL('../../infra/baselines/analytics.yaml', import.meta.url), 'utf8');
  const section =
    'clusters: { most: 3, instanceTypes: [m5.xlarge], longest: 24h, subnet: "${subnet.public.id}" }';
  const file = join(await mkdtemp(join(tmpdir(), 'orgkeeper-')), 'lab.yaml');
  await writeFile(file, `${shipped.replace('name: analytics\n', 'name: lab\n')}\n${section}\n`);
  expect(await fleet.orgkeeper('baseline', 'publish', file)).toMatchObject({ code: 0 });
  id = await fleet.createAccount('genomics');
  await fleet.untilReady(id);
}, 240_000);
afterAll(() => runtime?.stop());

const emr = () => new EMRClient(runtime.as(id));
const launch = (name: string, ...more: string[]) => {
  const what = ['--name', name, '--count', '3', '--release', 'emr-7.5.0'];
  const type = more.includes('--instance-type') ? [] : ['--instance-type', 'm5.xlarge'];
  const ttl = more.includes('--ttl') ? [] : ['--ttl', '8h'];
  return fleet.orgkeeper('cluster', 'launch', id, ...what, ...type, ...ttl, ...more);
};
const listed = async (): Promise<ClusterView[]> =>
  JSON.parse((await fleet.orgkeeper('cluster', 'list', id, '--json')).stdout);
const cluster = async (name: string) => (await listed()).find((one) => one.name === name);
/** Clusters that the account has, whether they live or not. */
const all = async () => (await emr().send(new ListClustersCommand({}))).Clusters ?? [];
const isOf =
  (type: string, name: string) =>
  ({ 'detail-type': detailType, detail }: BusEvent) =>
    detailType === type && detail.cluster === name;
const ended = async (name: string) =>
  (await listener.hear(`ClusterEnded of ${name}`, isOf('ClusterEnded', name), 90)).detail;

describe('Clusters of an account', () => {
  it('take work once their launch was waited for, with their tags, in the subnet of the account', async () => {
    // Its time is over when the other scenes are.
    expect(await launch('short', '--ttl', '1m')).toMatchObject({ code: 0 });
    const { code, stdout } = await launch('nightly', '--idle', '90m', '--wait', '--json');
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

  it('are listed with those of all accounts', async () => {
    const { code, stdout } = await fleet.orgkeeper('cluster', 'list');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/nightly +ready +j-/) });
  });

  it('have roles whose names begin with analysis-', async () => {
    const { Roles = [] } = await new IAMClient(runtime.as(id)).send(new ListRolesCommand({}));
    const names = Roles.map(({ RoleName = '' }) => RoleName).filter((name) => /clusters/.test(name));
    expect(names.toSorted()).toEqual(
      ['instances', 'service'].map((use) => `analysis-clusters-${use}-${runtime.region}`),
    );
  });

  it.each([
    ['TooLong', 'detail.ttl', ['--ttl', '25h']],
    ['InstanceTypeNotAllowed', 'detail.instanceType', ['--instance-type', 'p5.48xlarge']],
  ])(
    'are refused with %s beyond the quotas of the baseline, and the launch fails',
    async (reason, path, more) => {
      const { code, stderr } = await launch('third', ...more, '--wait');
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(reason) });
      const { detail } = await listener.hear(reason, ({ detail }) => detail.reason === reason);
      expect(detail).toMatchObject({ accountId: id, problems: [{ path }] });
    },
    60_000,
  );

  it('are refused without an event where the request itself is wrong', async () => {
    for (const [more, said] of [
      [['--ttl', '0h'], 'detail.ttl'],
      [['--idle', '169h'], 'detail.idle'],
    ] as const) {
      const { code, stderr } = await launch('third', ...more);
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(said) });
    }
  });

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
    expect(await ended('nightly')).toMatchObject({ accountId: id, clusterId, reason: 'TerminatedByHand' });
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
    expect(await launch('ad-hoc', '--wait')).toMatchObject({ code: 0 });
    const released = await fleet.orgkeeper('cluster', 'release', id, 'ad-hoc', '--wait', '--json');
    expect(released.code).toBe(0);
    expect(JSON.parse(released.stdout)).toMatchObject({ name: 'ad-hoc', state: 'ended', reason: 'Released' });
    expect(await ended('ad-hoc')).toMatchObject({ reason: 'Released' });
    expect(await launch('ad-hoc', '--wait')).toMatchObject({ code: 0 });
    const unknown = await fleet.orgkeeper('cluster', 'release', id, 'nobody', '--wait');
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('UnknownCluster') });
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

  it('end when their time is over, without a sweep', async () => {
    const { clusterId } = (await cluster('short')) ?? {};
    expect(await ended('short')).toMatchObject({ clusterId, reason: 'TimeOver' });
    const { Cluster } = await emr().send(new DescribeClusterCommand({ ClusterId: clusterId }));
    expect(Cluster?.Status?.State).toBe('TERMINATED');
  }, 120_000);

  it('do not outlive their account: retained resources are refused, and removal terminates them', async () => {
    const retained = await fleet.orgkeeper('retire', id, '--resources', 'retain', '--wait');
    expect(retained).toMatchObject({ code: 1, stderr: expect.stringContaining('ClustersRunning') });
    expect(await fleet.view(id)).toMatchObject({ state: 'active' });
    await fleet.orgkeeper('retire', id, '--resources', 'remove', '--yes');
    expect(await ended('ad-hoc')).toMatchObject({ reason: expect.stringMatching(/Released|Retired/) });
    await listener.hear(
      'the end of the account',
      (event) => isOf('ClusterEnded', 'ad-hoc')(event) && event.detail.reason === 'Retired',
    );
    const states = (await all()).map(({ Status }) => Status?.State);
    expect(new Set(states)).toEqual(new Set(['TERMINATED']));
    const { Roles = [] } = await new IAMClient(runtime.as(id)).send(new ListRolesCommand({}));
    expect(Roles.filter(({ RoleName }) => /clusters/.test(RoleName ?? ''))).toEqual([]);
  }, 120_000);

  it('leave the security groups that EMR made, which the retirement names', async () => {
    const ec2 = new EC2Client(runtime.as(id));
    await fleet.untilAccounts('name them', [id], ({ conditions }) =>
      conditions.some(({ type, reason }) => type === 'Network' && reason === 'InUse'),
    );
    const Filters = [{ Name: 'group-name', Values: ['ElasticMapReduce-*'] }];
    const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
    expect(SecurityGroups.length).toBeGreaterThan(0);
    for (const { GroupId, IpPermissions = [] } of SecurityGroups)
      if (IpPermissions.length > 0)
        await ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
    for (const { GroupId } of SecurityGroups) await ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
    const again = await fleet.orgkeeper('retire', id, '--resources', 'remove', '--yes', '--wait');
    expect(again).toMatchObject({ code: 0 });
    const late = await launch('late', '--wait');
    expect(late).toMatchObject({ code: 1, stderr: expect.stringContaining('AccountRetired') });
  }, 120_000);
});
