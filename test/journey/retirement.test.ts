import {
  CreateNetworkInterfaceCommand,
  CreateSubnetCommand,
  DeleteNetworkInterfaceCommand,
  DeleteSubnetCommand,
  DescribeInternetGatewaysCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { AttachRolePolicyCommand, CreateRoleCommand, GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetParametersByPathCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROLE, readWorld } from '../../local/account-world.ts';
import { publishShipped } from '../kit/journey/baselines.ts';
import { type Listener, listen } from '../kit/journey/bus.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';
import { until } from '../kit/wait.ts';

/** The shipped baseline, with blocks from a pool that has but two. */
const POOL = { name: 'journey', cidr: '10.64.0.0/19', prefix: 20 };
const INVITED = '111122223333';

let runtime: TestRuntime;
let fleet: Fleet;
let listener: Listener;
const ids = { first: '', second: '', third: '' };

beforeAll(async () => {
  runtime = await startTestRuntime({ context: { defaultBaseline: 'pooled' } });
  fleet = fleetOf(runtime);
  listener = await listen(runtime);
  expect(await publishShipped(fleet, withPool)).toBe('pooled@1\n');
  ids.first = await fleet.createAccount('first');
  ids.second = await fleet.createAccount('second');
  await fleet.untilReady(ids.first, ids.second);
}, 240_000);
afterAll(() => runtime?.stop());

function withPool(shipped: string): string {
  const pooled = shipped
    .replace('name: analytics\n', 'name: pooled\n')
    .replace(/^ {2}cidr: 10.0.0.0\/16$/m, `  cidrPool: { name: journey, cidr: ${POOL.cidr}, prefix: 20 }`)
    .replace('name: public, cidr: 10.0.0.0/20,', 'name: public, prefix: 24, number: 1,');
  expect(pooled).toMatch(/cidrPool[\s\S]*prefix: 24/);
  return pooled;
}

const ec2 = (account: string) => new EC2Client(runtime.as(account));
const ownVpcs = async (account: string) => {
  const Filters = [{ Name: 'tag-key', Values: ['orgkeeper:owner'] }];
  return (await ec2(account).send(new DescribeVpcsCommand({ Filters }))).Vpcs ?? [];
};
const holders = async () => {
  const { stdout } = await fleet.orgkeeper('addresses', '--json');
  const [pool] = JSON.parse(stdout) as { free: number; held: { cidr: string; accountId: string }[] }[];
  return { free: pool?.free, held: new Map(pool?.held.map((one) => [one.accountId, one.cidr])) };
};
const condition = async (account: string, type: string) =>
  (await fleet.view(account)).conditions.find((one) => one.type === type);
const remove = (account: string) =>
  fleet.orgkeeper('retire', account, '--resources', 'remove', '--yes', '--wait', '--timeout', '90');

describe('An address pool', () => {
  it('gives each account a block of its own, which its network has and a parameter publishes', async () => {
    const { held, free } = await holders();
    expect([...held.values()].toSorted()).toEqual(['10.64.0.0/20', '10.64.16.0/20']);
    expect(free).toBe(0);
    for (const id of [ids.first, ids.second]) {
      const [vpc, ...more] = await ownVpcs(id);
      expect([vpc?.CidrBlock, more]).toEqual([held.get(id), []]);
      const { parameters } = await readWorld(runtime, id);
      expect(parameters['/orgkeeper/network/vpc-cidr']?.value).toBe(held.get(id));
    }
  });

  it('costs a run without differences no further call: one read and one write of the table', async () => {
    await fleet.sweep(ids.first);
    await fleet.untilQuiet();
    await runtime.clearCalls();
    const [view] = await fleet.sweep(ids.first);
    await fleet.untilQuiet();
    expect(view?.lastPass).toMatchObject({ result: 'unchanged' });
    const calls = await runtime.calls({ service: 'dynamodb' });
    const pass = calls.filter(({ session }) => session === 'orgkeeper-reconcile');
    expect(pass.map(({ action }) => action)).toEqual(['BatchGetItem', 'PutItem']);
  });

  it('without a free block causes a clear condition, and the rest of the account is managed', async () => {
    ids.third = await fleet.createAccount('third');
    await fleet.untilAccounts('have no block', [ids.third], ({ state }) => state === 'failed');
    expect(await condition(ids.third, 'Network')).toMatchObject({
      status: 'False',
      reason: 'AddressPoolExhausted',
      message: expect.stringMatching(/journey.*all 2 blocks of \/20.*Retire accounts/),
    });
    expect(await condition(ids.third, 'ExecutionRole')).toMatchObject({ status: 'True' });
    expect(await ownVpcs(ids.third)).toEqual([]);
  }, 120_000);
});

describe('Retiring an account', () => {
  it('with its resources retained touches nothing, and another registration finds them again', async () => {
    const before = await readWorld(runtime, ids.first);
    await runtime.clearCalls();
    const { code } = await fleet.orgkeeper('retire', ids.first, '--resources', 'retain', '--wait');
    expect(code).toBe(0);
    expect(await fleet.view(ids.first)).toMatchObject({ state: 'retired', ready: false });
    await listener.hear('retired', ({ 'detail-type': type, detail }) => {
      return type === 'AccountRetired' && detail.accountId === ids.first;
    });
    expect((await holders()).held.has(ids.first)).toBe(true);
    const again = await fleet.orgkeeper('register', ids.first, '--name', 'first', '--wait');
    expect(again.code).toBe(0);
    expect(await fleet.view(ids.first)).toMatchObject({ state: 'active', ready: true });
    await listener.hear('ready again', ({ 'detail-type': type, detail }) => {
      const { accountId, cause } = detail;
      const again = cause?.detailType === 'AccountRegistrationRequested';
      return type === 'AccountReady' && accountId === ids.first && again;
    });
    expect(await readWorld(runtime, ids.first)).toEqual(before);
    expect(await runtime.calls({ account: ids.first, access: 'write' })).toEqual([]);
  }, 120_000);

  it('with its resources removed is refused while an unowned resource is in the way, and names it', async () => {
    const [vpc] = await ownVpcs(ids.first);
    const client = ec2(ids.first);
    const outputs = (await fleet.view(ids.first)).outputs;
    const { NetworkInterface } = await client.send(
      new CreateNetworkInterfaceCommand({ SubnetId: outputs['subnet.public.id'], Description: 'theirs' }),
    );
    const eni = NetworkInterface?.NetworkInterfaceId ?? '';
    const CidrBlock = vpc?.CidrBlock?.replace(/\.0\/20$/, '.0/24');
    const { Subnet } = await client.send(new CreateSubnetCommand({ VpcId: vpc?.VpcId, CidrBlock }));
    const subnet = Subnet?.SubnetId ?? '';

    const { code, stderr } = await remove(ids.first);
    expect(code).toBe(1);
    expect(stderr).toContain(`network interface ${eni} (theirs)`);
    expect(stderr).toContain(`subnet ${subnet}`);
    expect(await fleet.view(ids.first)).toMatchObject({ state: 'failed', ready: false });
    expect(await condition(ids.first, 'Network')).toMatchObject({ status: 'False', reason: 'InUse' });
    expect((await ownVpcs(ids.first)).map(({ VpcId }) => VpcId)).toEqual([vpc?.VpcId]);
    expect((await readWorld(runtime, ids.first)).role).toBeDefined();
    expect((await holders()).held.get(ids.first)).toBe(vpc?.CidrBlock);

    await client.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: eni }));
    await client.send(new DeleteSubnetCommand({ SubnetId: subnet }));
  }, 120_000);

  it('removes exactly what Orgkeeper made once nothing is in the way, and returns the address block', async () => {
    const ssm = new SSMClient(runtime.as(ids.first));
    await ssm.send(new PutParameterCommand({ Name: '/team/theirs', Value: 'stays', Type: 'String' }));
    const { code, stderr } = await remove(ids.first);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const world = await readWorld(runtime, ids.first);
    expect(world).toMatchObject({ role: undefined, parameters: {} });
    expect(await ownVpcs(ids.first)).toEqual([]);
    const client = ec2(ids.first);
    const { InternetGateways } = await client.send(new DescribeInternetGatewaysCommand({}));
    expect(InternetGateways).toEqual([]);
    const { VpcEndpoints = [] } = await client.send(new DescribeVpcEndpointsCommand({}));
    expect(VpcEndpoints.filter(({ State }) => !/delet/i.test(State ?? ''))).toEqual([]);
    const view = await fleet.view(ids.first);
    expect(view).toMatchObject({ state: 'retired', ready: false, outputs: {} });
    expect(view.lastPass?.differences).toContainEqual(
      expect.objectContaining({ kind: 'network', resource: 'vpc.id', action: 'removed' }),
    );
    await listener.hear('retired by removal', ({ 'detail-type': type, detail }) => {
      return type === 'AccountRetired' && detail.accountId === ids.first && detail.passId !== undefined;
    });
    expect((await holders()).held.has(ids.first)).toBe(false);
  }, 120_000);

  it('a second time, or by a sweep, does nothing', async () => {
    const before = await fleet.record(ids.first);
    await runtime.clearCalls();
    expect((await remove(ids.first)).code).toBe(0);
    await fleet.put('DriftSweepRequested', {});
    await fleet.untilQuiet();
    // That it was requested again is noted, so that an older registration on its way does not undo it; nothing else is.
    const after = await fleet.record(ids.first);
    const marks = {
      changedAt: after?.changedAt,
      followed: after?.followed,
      removal: { ...before?.removal, by: after?.removal?.by, at: after?.removal?.at },
    };
    expect(after).toEqual({ ...before, ...marks });
    expect(marks.followed).toEqual(expect.arrayContaining([...(before?.followed ?? [])]));
    expect(marks.followed).toHaveLength((before?.followed?.length ?? 0) + 1);
    expect(Date.parse(marks.changedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(before?.changedAt ?? ''));
    expect(await runtime.calls({ account: ids.first })).toEqual([]);
  }, 120_000);

  it('makes its address block free for the account that had none', async () => {
    await fleet.sweep(ids.third);
    await fleet.untilReady(ids.third);
    const { held } = await holders();
    expect([...held.keys()].toSorted()).toEqual([ids.second, ids.third].toSorted());
    expect((await ownVpcs(ids.third)).map(({ CidrBlock }) => CidrBlock)).toEqual([held.get(ids.third)]);
  }, 120_000);

  it('is undone by another registration, which makes all resources again', async () => {
    expect((await remove(ids.second)).code).toBe(0);
    const again = await fleet.orgkeeper('register', ids.first, '--name', 'first', '--wait');
    expect({ code: again.code, stderr: again.stderr }).toMatchObject({ code: 0 });
    const view = await fleet.view(ids.first);
    expect(view).toMatchObject({ state: 'active', ready: true });
    expect(view.conditions.find(({ type }) => type === 'Access')).toMatchObject({ reason: 'Verified' });
    const [vpc, ...more] = await ownVpcs(ids.first);
    expect([vpc?.VpcId, more]).toEqual([view.outputs['vpc.id'], []]);
    await until('it is announced as ready', async () => {
      const heard = await listener.heard(({ detail }) => detail.accountId === ids.first);
      return heard.at(-1)?.['detail-type'] === 'AccountReady' ? true : undefined;
    });
    expect(await fleet.deadLetters()).toBe(0);
  }, 180_000);
});

describe('Forgetting an account', () => {
  it('is refused while the account is managed, and names the step before', async () => {
    const { code, stderr } = await fleet.orgkeeper('forget', ids.first, '--yes');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `orgkeeper: Account ${ids.first} is active, and only retired accounts are forgotten: \`orgkeeper retire ${ids.first} --resources retain|remove\` first.\n`,
    });
  });

  it('leaves only the place of a retired account in the organization, and the account is not onboarded again', async () => {
    expect((await fleet.orgkeeper('forget', ids.second, '--yes')).code).toBe(0);
    await fleet.put('DriftSweepRequested', {});
    await fleet.untilQuiet();
    const { lastPass, outputs, state } = await fleet.view(ids.second);
    expect({ lastPass, outputs, state }).toEqual({ lastPass: undefined, outputs: {}, state: 'unmanaged' });
    expect(await ownVpcs(ids.second)).toEqual([]);
  }, 120_000);
});

describe('An invited account with a wrong ExternalId', () => {
  const right = 'the-right-external-id';
  const executionRoleArn = `arn:aws:iam::${INVITED}:role/${ROLE}`;
  const registration = { accountId: INVITED, name: 'lab', executionRoleArn, baseline: 'analytics' };

  it('fails, and is ready after another registration with the right one', async () => {
    const iam = new IAMClient(runtime.as(INVITED));
    const principal = (name: string) => `arn:aws:iam::${runtime.accounts.main}:role/orgkeeper-${name}`;
    const AWS = [
      principal('WorkflowLoopRunnerRole'),
      principal('ApiHandlerRole'),
      `arn:aws:iam::${INVITED}:root`,
    ];
    const Condition = { StringEquals: { 'sts:ExternalId': right } };
    const Statement = [{ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole', Condition }];
    const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.send(new CreateRoleCommand({ RoleName: ROLE, AssumeRolePolicyDocument }));
    const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess';
    await iam.send(new AttachRolePolicyCommand({ RoleName: ROLE, PolicyArn }));

    await fleet.put('AccountRegistrationRequested', { ...registration, externalId: 'a-wrong-external-id' });
    await fleet.untilAccounts('are refused', [INVITED], ({ conditions }) =>
      conditions.some(({ type, status }) => type === 'Access' && status !== 'True'),
    );
    await fleet.put('AccountRegistrationRequested', { ...registration, externalId: right });
    await fleet.untilReady(INVITED);
  }, 180_000);

  it('keeps the role of its owner when it is retired, and loses what Orgkeeper made', async () => {
    const { code, stderr } = await remove(INVITED);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(await condition(INVITED, 'ExecutionRole')).toMatchObject({
      reason: 'Left',
      message: expect.stringContaining(executionRoleArn),
    });
    const { Role } = await new IAMClient(runtime.as(INVITED)).send(new GetRoleCommand({ RoleName: ROLE }));
    expect(Role?.Arn).toBe(executionRoleArn);
    expect(await ownVpcs(INVITED)).toEqual([]);
    expect((await readWorld(runtime, INVITED)).parameters).toEqual({});
  }, 120_000);

  it('is forgotten completely, since it is in no organization', async () => {
    expect((await fleet.orgkeeper('forget', INVITED, '--yes')).code).toBe(0);
    expect(await fleet.record(INVITED)).toBeUndefined();
    expect((await fleet.orgkeeper('account', INVITED)).code).toBe(1);
  }, 60_000);
});

describe('An account that is registered with another region', () => {
  const [HERE, THERE] = ['eu-west-1', 'us-west-2'];
  const vpcsIn = async (region: string) => {
    const Filters = [{ Name: 'tag-key', Values: ['orgkeeper:owner'] }];
    const client = new EC2Client(runtime.as(ids.third, region));
    return (await client.send(new DescribeVpcsCommand({ Filters }))).Vpcs ?? [];
  };
  const parametersIn = async (region: string) => {
    const client = new SSMClient(runtime.as(ids.third, region));
    const { Parameters } = await client.send(
      new GetParametersByPathCommand({ Path: '/orgkeeper', Recursive: true }),
    );
    return Parameters?.length;
  };

  it('names its resources in the earlier region, which keeps its block: the new region gets none while the pool is empty', async () => {
    const block = (await holders()).held.get(ids.third);
    const { code, stderr } = await fleet.orgkeeper(
      ...['register', ids.third, '--name', 'third', '--region', THERE, '--wait', '--timeout', '45'],
    );
    expect(code).toBe(1);
    expect(stderr).toContain(`What Orgkeeper made of network in ${HERE} by pooled@1 still exists`);
    const { conditions } = await fleet.view(ids.third);
    const said = conditions.map(({ type, region, reason }) => [type, region, reason]);
    expect(said).toEqual(
      expect.arrayContaining([
        ['Network', undefined, 'AddressPoolExhausted'],
        ['Network', HERE, 'NotInBaseline'],
        ['Parameters', HERE, 'NotInBaseline'],
      ]),
    );
    expect([(await vpcsIn(HERE)).length, (await vpcsIn(THERE)).length]).toEqual([1, 0]);
    expect((await holders()).held.get(ids.third)).toBe(block);
  }, 120_000);

  it('is retired once the resources of the earlier region are removed, too, and returns its block', async () => {
    const { code, stderr } = await remove(ids.third);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    for (const region of [HERE, THERE]) {
      expect([region, await vpcsIn(region), await parametersIn(region)]).toEqual([region, [], 0]);
    }
    expect((await holders()).held.has(ids.third)).toBe(false);
    expect(await fleet.view(ids.third)).toMatchObject({ state: 'retired', outputs: {} });
  }, 120_000);
});
