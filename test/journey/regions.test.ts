import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  EC2Client,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';

const THERE = 'us-west-2';

let runtime: TestRuntime;
let fleet: Fleet;
let home: string;
let id: string;

beforeAll(async () => {
  runtime = await startTestRuntime({ context: { defaultBaseline: 'two-regions' } });
  fleet = fleetOf(runtime);
  home = runtime.region;
  const file = join(await mkdtemp(join(tmpdir(), 'orgkeeper-')), 'two-regions.yaml');
  await writeFile(file, await baseline());
  expect(await fleet.orgkeeper('baseline', 'publish', file)).toMatchObject({ code: 0 });
  id = await fleet.createAccount('far-and-near');
  await fleet.untilReady(id);
}, 240_000);
afterAll(() => runtime?.stop());

/** The shipped baseline in two regions, with blocks from a pool, and a parameter that names the other region. */
async function baseline(): Promise<string> {
  const shipped = await readFile(new URL('../../infra/baselines/analytics.yaml', import.meta.url), 'utf8');
  const text = shipped
    .replace('name: analytics\n', `name: two-regions\nregions: [${home}, ${THERE}]\n`)
    .replace(/^ {2}cidr: 10.0.0.0\/16$/m, '  cidrPool: { name: journey, cidr: 10.64.0.0/16, prefix: 20 }')
    .replace('name: public, cidr: 10.0.0.0/20,', 'name: public, prefix: 24, number: 1,');
  return `${text}  - { name: /orgkeeper/network/there, value: "\${regions.${THERE}.vpc.id}" }\n`;
}

const ec2 = (region: string) => new EC2Client(runtime.as(id, region));
const vpcsIn = async (region: string) => {
  const Filters = [{ Name: 'tag-key', Values: ['orgkeeper:owner'] }];
  return (await ec2(region).send(new DescribeVpcsCommand({ Filters }))).Vpcs ?? [];
};
const parameterIn = async (region: string, Name: string) => {
  const found = await new SSMClient(runtime.as(id, region)).send(new GetParameterCommand({ Name }));
  return found.Parameter?.Value;
};
const hostnames = async (region: string) => {
  const [vpc] = await vpcsIn(region);
  const attribute = new DescribeVpcAttributeCommand({ VpcId: vpc?.VpcId, Attribute: 'enableDnsHostnames' });
  return (await ec2(region).send(attribute)).EnableDnsHostnames?.Value;
};
const switchOffHostnames = async (region: string) => {
  const [vpc] = await vpcsIn(region);
  const off = new ModifyVpcAttributeCommand({ VpcId: vpc?.VpcId, EnableDnsHostnames: { Value: false } });
  await ec2(region).send(off);
  expect(await hostnames(region)).toBe(false);
};
const conditions = async () =>
  (await fleet.view(id)).conditions
    .map(({ type, region = '', status }) => `${type} ${region} ${status}`)
    .toSorted();

describe('An account in two regions', () => {
  it('has a network and parameters in each, with a block of its own', async () => {
    const [[here, ...more], [there, ...others]] = await Promise.all([vpcsIn(home), vpcsIn(THERE)]);
    expect([more, others]).toEqual([[], []]);
    expect(here?.CidrBlock).not.toBe(there?.CidrBlock);
    expect(await parameterIn(home, '/orgkeeper/network/vpc-id')).toBe(here?.VpcId);
    expect(await parameterIn(THERE, '/orgkeeper/network/vpc-id')).toBe(there?.VpcId);
    expect(await parameterIn(home, '/orgkeeper/network/there')).toBe(there?.VpcId);
    const { outputs } = (await fleet.status(id)) ?? {};
    expect(outputs).toMatchObject({ 'vpc.id': here?.VpcId, [`regions.${THERE}.vpc.id`]: there?.VpcId });
    expect(await conditions()).toEqual(
      [
        'Access  True',
        'ExecutionRole  True',
        ...[home, THERE].flatMap((region) => [`Network ${region} True`, `Parameters ${region} True`]),
      ].toSorted(),
    );
  });

  it('is repaired in the one where somebody changed it', async () => {
    await switchOffHostnames(THERE);
    const [view] = await fleet.sweep(id);
    expect(await hostnames(THERE)).toBe(true);
    expect(view).toMatchObject({ ready: true, lastPass: { result: 'corrected' } });
    expect(view?.lastPass?.differences).toEqual([
      expect.objectContaining({ kind: 'network', region: THERE, action: 'updated' }),
    ]);
  });

  it('is corrected and saved in one while the other is down', async () => {
    await switchOffHostnames(home);
    await runtime.fault({
      account: id,
      region: THERE,
      caller: 'role',
      count: 'all',
      effect: { kind: 'broken' },
    });
    await fleet.sweep(id);
    expect(await hostnames(home)).toBe(true);
    expect(await conditions()).toEqual(
      expect.arrayContaining([`Network ${home} True`, `Network ${THERE} Unknown`, `Parameters ${home} True`]),
    );
    await runtime.clearFaults();
    await fleet.untilReady(id);
  }, 240_000);

  it('is cleared in both when it is retired with its resources removed', async () => {
    const { code, stderr } = await fleet.orgkeeper(
      ...['retire', id, '--resources', 'remove', '--yes', '--wait', '--timeout', '120'],
    );
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    expect([await vpcsIn(home), await vpcsIn(THERE)]).toEqual([[], []]);
    const [pool] = JSON.parse((await fleet.orgkeeper('addresses', '--json')).stdout);
    expect(pool.held).toEqual([]);
  }, 180_000);
});
