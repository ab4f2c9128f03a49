import { DeleteTagsCommand, DescribeVpcsCommand, ModifySubnetAttributeCommand } from '@aws-sdk/client-ec2';
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readIds, readWorld, SUBNET, type World } from '../../local/account-world.ts';
import { settleForeigners } from '../../local/tamperings/foreigners.ts';
import { TAMPERINGS } from '../../local/tamperings/index.ts';
import { handIn, type Tampering } from '../../local/tamperings/tampering.ts';
import type { AccountView } from '../../shared/domain/account-view.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';

const ACCOUNTS = ['edited', 'emptied', 'untagged'] as const;
type Name = Tampering['account'];

/** One account, as it was before, while and after somebody's hand was in it. */
interface Kept {
  readonly id: string;
  readonly healthy: World;
  readonly tampered: World;
  readonly repaired: World;
  /** What `account ID --json` prints. */
  readonly shown: AccountView;
}

let runtime: TestRuntime;
let fleet: Fleet;
let foreign: Awaited<ReturnType<typeof settleForeigners>>;
const kept = {} as Record<Name, Kept>;

beforeAll(async () => {
  runtime = await startTestRuntime();
  fleet = fleetOf(runtime);
  const ids = await Promise.all(ACCOUNTS.map((name) => fleet.createAccount(name)));
  await fleet.untilReady(...ids);
  const hands = await Promise.all(ids.map(async (id) => handIn(runtime, id, await readIds(runtime, id))));
  for (const [index, hand] of hands.entries()) {
    if (ACCOUNTS[index] === 'untagged') foreign = await settleForeigners(hand);
  }
  const healthy = await Promise.all(ids.map((id) => readWorld(runtime, id)));
  for (const { account, tamper } of TAMPERINGS) {
    const hand = hands[ACCOUNTS.indexOf(account)];
    if (hand) await tamper(hand);
  }
  const tampered = await Promise.all(ids.map((id) => readWorld(runtime, id)));
  await fleet.sweep(...ids);
  const repaired = await Promise.all(ids.map((id) => readWorld(runtime, id)));
  const shown = await Promise.all(ids.map((id) => fleet.orgkeeper('account', id, '--json')));
  for (const [index, name] of ACCOUNTS.entries()) {
    kept[name] = {
      id: ids[index] ?? '',
      healthy: healthy[index] as World,
      tampered: tampered[index] as World,
      repaired: repaired[index] as World,
      shown: JSON.parse(shown[index]?.stdout || '{}'),
    };
  }
}, 240_000);
afterAll(() => runtime?.stop());

describe('One DriftSweepRequested', () => {
  it.each(TAMPERINGS)('corrects aws $command, and names the change', ({ account, changes, difference }) => {
    const { id, healthy, tampered, repaired, shown } = kept[account];
    expect(changes(tampered)).not.toEqual(changes(healthy));
    expect(changes(repaired)).toEqual(changes(healthy));
    const path = difference.path.replace('ACCOUNT', id);
    expect(shown.lastPass?.differences).toContainEqual(expect.objectContaining({ ...difference, path }));
  });

  it.each(ACCOUNTS)('leaves the %s account exactly as it was, and ready', (name) => {
    const { healthy, repaired, shown } = kept[name];
    expect(repaired).toEqual(healthy);
    expect(shown).toMatchObject({ ready: true, state: 'active', lastPass: { result: 'corrected' } });
    expect(shown.conditions.map(({ type, status }) => `${type} ${status}`).sort()).toEqual([
      'Access True',
      'ExecutionRole True',
      'Network True',
      'Parameters True',
    ]);
  });

  it('names no difference that nobody made', () => {
    const names = ({ kind, resource, path }: { kind: string; resource: string; path: string }) =>
      [kind, resource, path].join(' ');
    const { id, shown } = kept.edited;
    const expected = TAMPERINGS.filter(({ account }) => account === 'edited')
      .map(({ difference }) => names(difference).replace('ACCOUNT', id))
      .sort();
    expect(shown.lastPass?.differences.map(names).sort()).toEqual(expected);
  });

  it('leaves alone what others made, inside our VPC too, and reports it once', async () => {
    const { id, healthy, repaired, shown } = kept.untagged;
    expect(repaired.subnets['10.0.128.0/24']).toEqual(healthy.subnets['10.0.128.0/24']);
    expect(repaired.tables.map(({ routes }) => routes['192.168.0.0/16'])).toContain('<gateway> active');
    expect(repaired.vpcs[0]?.tags.team).toBe('red');
    const { ec2, iam, ssm } = handIn(runtime, id, await readIds(runtime, id));
    const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [foreign.vpc] }));
    expect(Vpcs[0]).toMatchObject({ CidrBlock: '10.9.0.0/16' });
    expect(Vpcs[0]?.Tags ?? []).toEqual([]);
    expect((await iam.send(new GetRoleCommand({ RoleName: 'team' }))).Role?.RoleName).toBe('team');
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/team/secret' }));
    expect(Parameter?.Value).toBe('theirs');
    const touching = (await runtime.calls({ account: id, access: 'write' })).filter(
      ({ session, params }) =>
        session &&
        [foreign.subnet, foreign.table, foreign.vpc].some((it) => JSON.stringify(params).includes(it)),
    );
    expect(touching).toEqual([]);
    const reported = shown.lastPass?.differences.filter(({ action }) => action === 'reported') ?? [];
    expect(reported.map(({ resource, path }) => `${resource} ${path}`.trim()).sort()).toEqual(
      [
        `route table ${foreign.table}`,
        'route table public routes.192.168.0.0/16',
        `subnet ${foreign.subnet}`,
      ].sort(),
    );
  });

  it('finds no further difference in a second sweep, and writes nothing', async () => {
    const ids = ACCOUNTS.map((name) => kept[name].id);
    await runtime.clearCalls();
    const views = await fleet.sweep(...ids);
    expect(views.map(({ lastPass }) => [lastPass?.result, lastPass?.differences])).toEqual(
      ids.map(() => ['unchanged', []]),
    );
    const calls = await runtime.calls({ access: 'write' });
    expect(calls.filter(({ account }) => ids.includes(account))).toEqual([]);
  }, 120_000);
});

describe('A change by hand that is excepted', () => {
  it('stays, is reported, and does not keep the rest from being corrected; once the exception ends, it is corrected', async () => {
    const { id, healthy } = kept.emptied;
    const path = 'network:subnet.public.mapPublicIpOnLaunch';
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const because = ['--until', until, '--because', 'the vendor migrates'];
    const orgkeeper = async (...argv: string[]) => {
      const { code, stdout, stderr } = await fleet.orgkeeper(...argv);
      expect({ argv, code, stderr }).toMatchObject({ code: 0 });
      return stdout;
    };
    await orgkeeper('except', id, '--path', path, ...because, '--wait');
    const { ec2, ids } = handIn(runtime, id, await readIds(runtime, id));
    const SubnetId = ids.subnet;
    await ec2.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value: false } }));
    await ec2.send(new DeleteTagsCommand({ Resources: [SubnetId], Tags: [{ Key: 'Name' }] }));
    const [swept] = await fleet.sweep(id);
    const subnet = healthy.subnets[SUBNET];
    expect((await readWorld(runtime, id)).subnets[SUBNET]).toEqual({ ...subnet, mapPublicIp: false });
    expect(swept).toMatchObject({
      ready: true,
      excepted: [{ kind: 'network', path: 'mapPublicIpOnLaunch', actual: false, exceptedUntil: until }],
    });
    expect(swept?.conditions.find(({ type }) => type === 'Network')).toMatchObject({
      ...{ status: 'True', reason: 'Excepted' },
    });
    expect(await orgkeeper('plan', id)).toContain(`excepted until ${until}`);
    expect(JSON.parse(await orgkeeper('exceptions', id, '--json'))).toMatchObject([{ path, leaves: [path] }]);
    expect(await orgkeeper('exceptions')).toContain(path);
    await orgkeeper('exceptions', 'end', id, '--path', path, '--wait');
    expect(await readWorld(runtime, id)).toEqual(healthy);
  }, 120_000);
});
