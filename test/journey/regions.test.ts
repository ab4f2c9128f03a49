import { isDeepStrictEqual } from 'node:util';
import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  GetResourcesCommand,
  ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Administrator, readIds, readWorld, SUBNET, type World } from '../../local/account-world.ts';
import { TAMPERINGS } from '../../local/tamperings/index.ts';
import { handIn, type Tampering } from '../../local/tamperings/tampering.ts';
import type { AccountView } from '../../shared/domain/account-view.ts';
import { publishShipped } from '../kit/journey/baselines.ts';
import { type BusEvent, type Listener, listen } from '../kit/journey/bus.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';
import { sequentialDepth, watchedRun } from '../kit/journey/sequence.ts';
import { until } from '../kit/wait.ts';

const [HOME, OTHER] = ['eu-west-1', 'us-west-2'] as const;
const REGIONS = [HOME, OTHER] as const;
type Region = (typeof REGIONS)[number];
const RETIREMENT = 'AccountRetirementRequested';
/** The parameter of the pooled account that names the other region's VPC. */
const NAME_OF_OTHER = '/orgkeeper/network/there';

let runtime: TestRuntime;
let fleet: Fleet;
let listener: Listener;
/** Kept by the shipped baseline in two regions. */
let id: string;
/** Kept with blocks from a pool, and a parameter that names the other region. */
let pooled: string;
const healthy = {} as Record<Region, World>;

beforeAll(async () => {
  runtime = await startTestRuntime({ context: { defaultBaseline: 'regional' } });
  fleet = fleetOf(runtime);
  listener = await listen(runtime);
  expect(runtime.region).toBe(HOME);
  await publish('regional', [HOME, OTHER], 1);
  await publish('pooled', [HOME, OTHER], 1, withPool);
  id = await fleet.createAccount('regional');
  const request = { name: 'pooled', email: 'pooled@example.com', baseline: 'pooled' };
  const eventId = await fleet.put('AccountCreationRequested', request);
  const { detail } = await listener.hear('registered', ({ 'detail-type': type, detail }) => {
    return type === 'AccountRegistered' && detail.cause?.id === eventId;
  });
  pooled = detail.accountId ?? '';
  await fleet.untilReady(id, pooled);
  for (const region of REGIONS) healthy[region] = await worldIn(region);
}, 240_000);
afterEach(() => runtime.clearFaults());
afterAll(() => runtime?.stop());

/** Publishes the shipped baseline under another name, with these regions. */
async function publish(
  name: string,
  regions: readonly Region[],
  version: number,
  change = (text: string) => text,
): Promise<void> {
  const published = await publishShipped(fleet, (text) =>
    change(text.replace('name: analytics\n', `name: ${name}\nregions: [${regions.join(', ')}]\n`)),
  );
  expect(published).toBe(`${name}@${version}\n`);
}

function withPool(text: string): string {
  const changed = text
    .replace(/^ {2}cidr: 10.0.0.0\/16$/m, '  cidrPool: { name: journey, cidr: 10.64.0.0/16, prefix: 20 }')
    .replace('name: public, cidr: 10.0.0.0/20,', 'name: public, prefix: 24, number: 1,');
  return `${changed}  - { name: ${NAME_OF_OTHER}, value: "\${regions.${OTHER}.vpc.id}" }\n`;
}

/** The administrator of accounts, at work in that region. */
const administrator = (region: Region): Administrator => ({ as: (account) => runtime.as(account, region) });
const worldIn = (region: Region) => readWorld(administrator(region), id);
const idsIn = (region: Region) => readIds(administrator(region), id);

async function parameterIn(region: Region, Name: string, account = id): Promise<string | undefined> {
  const client = new SSMClient(runtime.as(account, region));
  return (await client.send(new GetParameterCommand({ Name }))).Parameter?.Value;
}

/** Moves the account to a version of its baseline, and waits until a pass has seen it there. */
async function assign(version: number): Promise<void> {
  const assigned = await fleet.orgkeeper('baseline', 'assign', `regional@${version}`, id, '--yes');
  expect(assigned).toMatchObject({ code: 0 });
  await fleet.untilAccounts(
    `have had a pass of version ${version}`,
    [id],
    ({ state }) => state !== 'pending',
  );
}

const retire = (account: string) =>
  fleet.orgkeeper('retire', account, '--resources', 'remove', '--yes', '--wait', '--timeout', '90');

/** The account as the command line shows it. */
async function shown(): Promise<AccountView> {
  const { code, stdout } = await fleet.orgkeeper('account', id, '--json');
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

/** What is said of an account: each condition without its message. */
const said = (conditions: AccountView['conditions']) =>
  conditions.map(({ type, region, status, reason }) => [type, region, status, reason]).toSorted();

type Said = readonly [status: string, reason: string];
const KEPT: Said = ['True', 'InDesiredState'];

/** What is said of an account in which all is well, but for what is said of the other region. */
const saying = (home: Region | undefined, network: Said, parameters: Said = network) =>
  [
    ['Access', undefined, 'True', 'Verified'],
    ['ExecutionRole', undefined, ...KEPT],
    ['Network', home, ...KEPT],
    ['Network', OTHER, ...network],
    ['Parameters', home, ...KEPT],
    ['Parameters', OTHER, ...parameters],
  ].toSorted();

/** What the people of an account do by hand to what stands in a region. */
const tamperings = TAMPERINGS.filter(
  ({ account, difference }) => account === 'edited' && difference.kind !== 'executionRole',
);
async function tamperWith(region: Region): Promise<void> {
  const hand = handIn(administrator(region), id, await idsIn(region));
  for (const { tamper } of tamperings) await tamper(hand);
  const tampered = await worldIn(region);
  for (const { changes } of tamperings) expect(changes(tampered)).not.toEqual(changes(healthy[region]));
}

type Difference = Tampering['difference'] & { readonly region?: string };
const byName = (differences: readonly Difference[]) =>
  differences
    .map(({ kind, region, resource, path, action }) => [kind, region, resource, path, action].join(' '))
    .toSorted();

/** What a pass must say of these tamperings, and of nothing else. */
const differencesIn = (region: Region) =>
  byName(tamperings.map(({ difference }) => ({ ...difference, region })));

/** The differences of the passes that the event caused; they are kept when another pass follows. */
async function differencesOf(eventId: string | undefined): Promise<string[]> {
  const { stdout } = await fleet.orgkeeper('history', id, '--json');
  const passes = JSON.parse(stdout) as NonNullable<AccountView['lastPass']>[];
  return byName(passes.filter(({ cause }) => cause.id === eventId).flatMap(({ differences }) => differences));
}

/** What carries our tags in a region, by ARN. */
async function oursIn(region: Region, account: string): Promise<unknown[]> {
  const tagging = new ResourceGroupsTaggingAPIClient(runtime.as(account, region));
  const TagFilters = [{ Key: 'orgkeeper:owner' }];
  const { ResourceTagMappingList = [] } = await tagging.send(new GetResourcesCommand({ TagFilters }));
  return ResourceTagMappingList.map(({ ResourceARN }) => ResourceARN);
}

/** What passes wrote into the account since the record was cleared, by region. */
async function writesIn(region: Region): Promise<string[]> {
  const calls = await runtime.calls({ account: id, access: 'write' });
  return calls.flatMap((call) => (call.session && call.region === region ? call.action : []));
}

describe('An account whose baseline lists two regions', () => {
  it('is announced as ready once', async () => {
    const isReady = ({ 'detail-type': type, detail }: BusEvent) =>
      type === 'AccountReady' && detail.accountId === id;
    await listener.hear('ready', isReady);
    expect(await listener.heard(isReady)).toHaveLength(1);
  });

  it.each(REGIONS)('has network and parameters in %s, which name the VPC of that region', async (region) => {
    const { vpcs, gateways, subnets, tables, endpoints, parameters } = healthy[region];
    expect(vpcs).toMatchObject([{ cidr: '10.0.0.0/16', dnsSupport: true, dnsHostnames: true }]);
    expect(gateways).toMatchObject([{ attachedTo: '<vpc>' }]);
    expect(subnets).toMatchObject({ [SUBNET]: { mapPublicIp: true, table: '<our table>' } });
    expect(tables).toMatchObject([{ routes: { '0.0.0.0/0': '<gateway> active' } }]);
    expect(endpoints).toMatchObject([{ service: `com.amazonaws.${region}.s3`, tables: ['<our table>'] }]);
    expect(Object.keys(parameters)).toHaveLength(7);
    const there = await idsIn(region);
    expect(await parameterIn(region, '/orgkeeper/network/vpc-id')).toBe(there.vpc);
    expect(await parameterIn(region, '/orgkeeper/network/subnets/public')).toBe(there.subnet);
    expect(there.vpc).not.toBe((await idsIn(region === HOME ? OTHER : HOME)).vpc);
  });

  it('shows the outputs of the home region under their old names, those of the other under its name, and regions in conditions', async () => {
    const { outputs, regions, conditions } = await shown();
    const [home, other] = [await idsIn(HOME), await idsIn(OTHER)];
    expect(outputs).toMatchObject({ 'vpc.id': home.vpc, 'subnet.public.id': home.subnet });
    expect(outputs['role.arn']).toBe(healthy[HOME].role?.arn);
    expect(Object.keys(regions ?? {})).toEqual([OTHER]);
    expect(regions?.[OTHER]?.outputs).toMatchObject({
      'vpc.id': other.vpc,
      'subnet.public.id': other.subnet,
    });
    expect(Object.keys(outputs).filter((name) => name.startsWith('regions.'))).toEqual([]);
    expect(said(conditions)).toEqual(saying(HOME, KEPT));
  });

  it('without differences costs at most ten reads for the second region, in parallel, and nothing else', async () => {
    const { view, calls } = await watchedRun(id, id, { fleet, runtime });
    expect(view?.lastPass).toMatchObject({ result: 'unchanged' });
    const readsIn = (region: Region) =>
      calls.filter((call) => call.account === id && call.region === region && call.service !== 'iam');
    const iam = calls.filter(({ account, service }) => account === id && service === 'iam');
    const { length: away } = readsIn(OTHER);
    expect(away).toBeGreaterThan(4);
    expect(away).toBeLessThanOrEqual(10);
    expect(readsIn(HOME).length).toBe(away);
    expect(view?.lastPass?.calls).toEqual({ reads: 2 * away + iam.length, writes: 0 });
    expect(away + iam.length).toBeLessThanOrEqual(14);
    expect(calls.filter(({ action }) => action === 'AssumeRole').length).toBeLessThanOrEqual(1);
    const dynamo = calls.filter(({ service }) => service === 'dynamodb');
    expect(dynamo.map(({ access }) => access).sort()).toEqual(['read', 'write']);
    expect(sequentialDepth(calls)).toBeLessThanOrEqual(5);
  }, 120_000);

  it('is corrected in the region that somebody changed, which the differences name, and not touched in the other', async () => {
    await tamperWith(OTHER);
    await runtime.clearCalls();
    const [view] = await fleet.sweep(id);
    expect(view).toMatchObject({ ready: true, lastPass: { result: 'corrected' } });
    expect(await worldIn(OTHER)).toEqual(healthy[OTHER]);
    expect(await worldIn(HOME)).toEqual(healthy[HOME]);
    expect(await writesIn(HOME)).toEqual([]);
    expect(await writesIn(OTHER)).toContain('ModifyVpcAttribute');
    expect(await differencesOf(view?.lastPass?.cause.id)).toEqual(differencesIn(OTHER));
  }, 120_000);

  it('has a history, unlike an account that nobody knows', async () => {
    expect((await fleet.orgkeeper('history', id)).stdout).toContain('corrected');
    const { stdout } = await fleet.orgkeeper('history', '--since', '1h', '--json');
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({ accountId: id, result: 'corrected' }),
    );
    expect(JSON.parse((await fleet.orgkeeper('sweeps', '--json')).stdout)).toContainEqual(
      expect.objectContaining({
        accounts: 1,
        cause: expect.objectContaining({ detailType: 'DriftSweepRequested' }),
      }),
    );
    const report = JSON.parse((await fleet.orgkeeper('report', '--format', 'json')).stdout);
    expect(report.accounts).toContainEqual(expect.objectContaining({ accountId: id, ready: true }));
    expect(report.runs).toContainEqual(expect.objectContaining({ accountId: id, result: 'corrected' }));
    expect(await fleet.orgkeeper('history', '999999999999')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('999999999999'),
    });
  });
});

describe('A region', () => {
  const denied = (service: string, code: string) => ({
    service,
    effect: { kind: 'error', code, message: 'with an explicit deny in a policy', status: 403 } as const,
  });
  const cases: readonly {
    what: string;
    faults: readonly Parameters<TestRuntime['fault']>[0][];
    condition: Said;
    byItself: boolean;
  }[] = [
    {
      what: 'denies everything',
      faults: [
        denied('ec2', 'UnauthorizedOperation'),
        denied('ssm', 'AccessDeniedException'),
        denied('tagging', 'AccessDeniedException'),
      ],
      condition: ['False', 'AccessDenied'],
      // Tried again by itself, too, but not while a test waits.
      byItself: false,
    },
    {
      what: 'does not answer or fails',
      faults: [{ service: 'ec2', effect: { kind: 'close', when: 'before' } }, { effect: { kind: 'broken' } }],
      condition: ['Unknown', 'ServiceFault'],
      byItself: true,
    },
  ];

  it.each(cases)(
    'that $what does not stop the other one, and is named until that is over',
    async (given) => {
      const heard = (await listener.heard()).length;
      await tamperWith(HOME);
      await tamperWith(OTHER);
      const planned = { account: id, region: OTHER, caller: 'role', count: 'all' } as const;
      for (const fault of given.faults) await runtime.fault({ ...planned, ...fault });

      const [view] = await fleet.sweep(id);
      expect(await worldIn(HOME)).toEqual(healthy[HOME]);
      expect(await differencesOf(view?.lastPass?.cause.id)).toEqual(differencesIn(HOME));
      const { ready, state, conditions, outputs, regions } = await shown();
      expect({ ready, state }).toEqual({ ready: false, state: 'failed' });
      expect(said(conditions)).toEqual(saying(HOME, given.condition));
      // What stands there is known all the same.
      expect(outputs['vpc.id']).toBe((await idsIn(HOME)).vpc);
      expect(regions?.[OTHER]?.outputs['vpc.id']).toBe((await idsIn(OTHER)).vpc);

      await runtime.clearFaults();
      if (!given.byItself) await fleet.sweep(id);
      await fleet.untilReady(id);
      expect(await worldIn(OTHER)).toEqual(healthy[OTHER]);
      expect(await worldIn(HOME)).toEqual(healthy[HOME]);
      await until('it is announced', async () => {
        const events = (await listener.heard()).slice(heard).filter(({ detail }) => detail.accountId === id);
        return isDeepStrictEqual(
          events.map(({ 'detail-type': type, detail }) => [type, detail.reason]),
          [
            ['DriftCorrected', undefined],
            ['AccountDegraded', given.condition[1]],
            ['DriftCorrected', undefined],
            ['AccountReady', undefined],
          ],
        )
          ? true
          : undefined;
      });
    },
    120_000,
  );

  it('that the baseline drops keeps its resources, and a condition names them with the region', async () => {
    const Name = '/team/theirs';
    const theirs = new PutParameterCommand({ Name, Value: 'stays', Type: 'String' });
    await new SSMClient(runtime.as(id, OTHER)).send(theirs);
    await publish('regional', [HOME], 2);
    await fleet.untilQuiet();
    await runtime.clearCalls();
    await assign(2);
    const { ready, conditions, outputs, regions } = await shown();
    expect({ ready, regions }).toEqual({ ready: false, regions: undefined });
    expect(said(conditions)).toEqual(saying(undefined, ['False', 'NotInBaseline']));
    expect(outputs['vpc.id']).toBe((await idsIn(HOME)).vpc);
    expect([await writesIn(HOME), await writesIn(OTHER)]).toEqual([[], []]);
    expect(await worldIn(OTHER)).toEqual(healthy[OTHER]);
    expect(await worldIn(HOME)).toEqual(healthy[HOME]);
  }, 120_000);

  it('that the baseline lists again is managed again with its resources', async () => {
    await runtime.clearCalls();
    await assign(1);
    const { ready, conditions, regions } = await shown();
    expect({ ready, conditions: said(conditions) }).toEqual({ ready: true, conditions: saying(HOME, KEPT) });
    expect(regions?.[OTHER]?.outputs['vpc.id']).toBe((await idsIn(OTHER)).vpc);
    expect([await writesIn(HOME), await writesIn(OTHER)]).toEqual([[], []]);
    expect(await worldIn(OTHER)).toEqual(healthy[OTHER]);
  }, 120_000);

  it('that becomes the home region exchanges places with the other, and nothing in the account changes', async () => {
    const [home, other] = [await idsIn(HOME), await idsIn(OTHER)];
    await publish('regional', [OTHER, HOME], 3);
    await fleet.untilQuiet();
    await runtime.clearCalls();
    await assign(3);
    const { ready, outputs, regions, conditions } = await shown();
    expect({ ready, conditions: said(conditions) }).toEqual({ ready: true, conditions: saying(HOME, KEPT) });
    expect([outputs['vpc.id'], regions?.[HOME]?.outputs['vpc.id']]).toEqual([other.vpc, home.vpc]);
    expect(Object.keys(regions ?? {})).toEqual([HOME]);
    expect([await writesIn(HOME), await writesIn(OTHER)]).toEqual([[], []]);
    expect(await worldIn(OTHER)).toEqual(healthy[OTHER]);
    expect(await worldIn(HOME)).toEqual(healthy[HOME]);
  }, 120_000);

  it('that is dropped is cleared when a person requests that, and the other one is not touched', async () => {
    await assign(2);
    const clear = (region: Region) =>
      fleet.orgkeeper(
        ...['retire', id, '--resources', 'remove', '--region', region],
        ...['--yes', '--wait', '--timeout', '90'],
      );
    const refused = await clear(HOME);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('RegionDesired')]);
    const heard = (await listener.heard()).length;
    await fleet.untilQuiet();
    await runtime.clearCalls();

    expect(await clear(OTHER)).toMatchObject({ code: 0 });
    const nothing = { vpcs: [], gateways: [], subnets: {}, tables: [], endpoints: [], parameters: {} };
    expect(await worldIn(OTHER)).toEqual({ ...nothing, role: healthy[OTHER].role });
    expect(await oursIn(OTHER, id)).toEqual([]);
    expect(await parameterIn(OTHER, '/team/theirs')).toBe('stays');
    expect([await worldIn(HOME), await writesIn(HOME)]).toEqual([healthy[HOME], []]);
    const { ready, conditions, regions } = await shown();
    const here = saying(undefined, KEPT).filter(([, region]) => region !== OTHER);
    expect({ ready, regions, conditions: said(conditions) }).toEqual({ ready: true, conditions: here });
    const corrected = await listener.hear('the removal', ({ 'detail-type': type, detail }) => {
      return type === 'DriftCorrected' && detail.accountId === id && detail.cause?.detailType === RETIREMENT;
    });
    const { differences = [] } = corrected.detail as { differences?: Difference[] };
    expect(new Set(differences.map(({ region, action }) => `${region} ${action}`))).toEqual(
      new Set([`${OTHER} removed`]),
    );
    const since = (await listener.heard()).slice(heard);
    expect(since.map(({ 'detail-type': type }) => type)).toContain('AccountReady');

    await runtime.clearCalls();
    expect(await clear(OTHER)).toMatchObject({ code: 0 });
    expect(await writesIn(OTHER)).toEqual([]);
  }, 120_000);

  it('that was cleared and is listed again gets its resources again', async () => {
    await assign(3);
    await fleet.untilReady(id);
    expect(await worldIn(OTHER)).toEqual(healthy[OTHER]);
    expect(await worldIn(HOME)).toEqual(healthy[HOME]);
  }, 120_000);

  it('that was the home region and is dropped is cleared with the other when the account is retired with its resources removed', async () => {
    await assign(2);
    const { conditions } = await shown();
    expect(said(conditions)).toEqual(saying(undefined, ['False', 'NotInBaseline']));
    expect(await retire(id)).toMatchObject({ code: 0 });
    for (const region of REGIONS) {
      const nothing = { role: undefined, vpcs: [], gateways: [], subnets: {}, tables: [], endpoints: [] };
      expect(await worldIn(region)).toEqual({ ...nothing, parameters: {} });
      expect(await oursIn(region, id)).toEqual([]);
    }
    expect(await parameterIn(OTHER, '/team/theirs')).toBe('stays');
    const { state, outputs, regions } = await shown();
    expect({ state, outputs, regions }).toEqual({ state: 'retired', outputs: {}, regions: undefined });
  }, 120_000);
});

describe('An account in two regions with address blocks of a pool', () => {
  const vpcIn = async (region: Region) => {
    const Filters = [{ Name: 'tag-key', Values: ['orgkeeper:owner'] }];
    const client = new EC2Client(runtime.as(pooled, region));
    const { Vpcs = [] } = await client.send(new DescribeVpcsCommand({ Filters }));
    expect(Vpcs).toHaveLength(1);
    return { id: Vpcs[0]?.VpcId, cidr: Vpcs[0]?.CidrBlock };
  };
  const held = async () => {
    const { stdout } = await fleet.orgkeeper('addresses', '--json');
    const [pool] = JSON.parse(stdout) as { held: { cidr: string; accountId: string; region?: string }[] }[];
    return pool?.held.map(({ cidr, accountId, region }) => [accountId, region, cidr]).toSorted();
  };

  it('has a block of its own in each region, and a parameter that names the VPC of the other', async () => {
    const [home, other] = [await vpcIn(HOME), await vpcIn(OTHER)];
    expect(home.cidr).not.toBe(other.cidr);
    expect(await held()).toEqual([
      [pooled, HOME, home.cidr],
      [pooled, OTHER, other.cidr],
    ]);
    for (const [region, { id, cidr }] of [
      [HOME, home],
      [OTHER, other],
    ] as const) {
      expect(await parameterIn(region, '/orgkeeper/network/vpc-id', pooled)).toBe(id);
      expect(await parameterIn(region, '/orgkeeper/network/vpc-cidr', pooled)).toBe(cidr);
      expect(await parameterIn(region, NAME_OF_OTHER, pooled)).toBe(other.id);
    }
  });

  it('keeps both blocks in their regions when its registration makes the other region its home', async () => {
    const before = [await vpcIn(HOME), await vpcIn(OTHER), await held()];
    const { code, stderr } = await fleet.orgkeeper(
      ...['register', pooled, '--name', 'pooled', '--region', OTHER, '--region', HOME, '--wait'],
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect([await vpcIn(HOME), await vpcIn(OTHER), await held()]).toEqual(before);
    const { outputs, regions } = await fleet.view(pooled);
    const ids = [(await vpcIn(OTHER)).id, (await vpcIn(HOME)).id];
    expect([outputs['vpc.id'], regions?.[HOME]?.outputs['vpc.id']]).toEqual(ids);
  }, 120_000);

  it('is cleared in both regions when it is retired with its resources removed, and returns both blocks', async () => {
    const { code, stderr } = await retire(pooled);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    for (const region of REGIONS) expect(await oursIn(region, pooled)).toEqual([]);
    expect(await held()).toEqual([]);
    expect(await fleet.deadLetters()).toBe(0);
  }, 120_000);
});
