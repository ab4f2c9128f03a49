import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { openCallGate } from '../../controllers/engine/gate.ts';
import { divide, observeLeftovers, separateLeftovers } from '../../controllers/engine/leftovers.ts';
import type { Run, RunDeps } from '../../controllers/engine/model.ts';
import { executionRole } from '../../controllers/kinds/execution-role/kind.ts';
import type { AnyKind, KindAccount } from '../../controllers/kinds/kind.ts';
import { network } from '../../controllers/kinds/network/kind.ts';
import { parameters } from '../../controllers/kinds/parameters/kind.ts';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { AccountNotReady } from '../../shared/domain/errors.ts';
import type { Leftover } from '../../shared/domain/status.ts';
import { readStatus } from '../../shared/store/status-item.ts';
import { systemClock } from '../kit/clock.ts';
import { aConfig, aPass, aRecord, aStatus, MAIN, MEMBER } from '../kit/factories.ts';

const parameterArn = (region: string) => `arn:aws:ssm:${region}:${MEMBER}:parameter/orgkeeper/vpc`;
const ROLE = {
  'role.arn': `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`,
  'role.name': 'orgkeeper-execution',
};
const NETWORK = { 'vpc.id': 'vpc-1', 'vpc.cidr': '10.0.0.0/16', 'subnet.public.id': 'subnet-1' };
const PARAMETERS = { 'parameter./orgkeeper/vpc': parameterArn('eu-west-1') };
const outputs = { ...ROLE, ...NETWORK, ...PARAMETERS };
const baseline = { name: 'analytics', version: 3 };
const newer = { name: 'analytics', version: 4 };
const account: KindAccount = { accountId: MEMBER, partition: 'aws', region: 'eu-west-1', owner: MAIN };
const here = { region: 'eu-west-1', baseline };

/** The kinds that these accounts ever had. */
const kinds: readonly AnyKind[] = [executionRole, network, parameters];

/** What stands apart once an account is kept by these kinds, here or elsewhere. */
function divided(
  given: {
    kept?: readonly AnyKind[];
    region?: string;
    brings?: KindAccount['network'];
    entered?: boolean;
    leftovers?: readonly Leftover[];
    from?: Readonly<Record<string, string>>;
  } = {},
) {
  const { kept = kinds, region = here.region, brings, leftovers = [], from = outputs } = given;
  const entry = { entry: { roleArn: ROLE['role.arn'] } as KindAccount['entry'] };
  return divide({
    outputs: from,
    was: here,
    home: { region, baseline: newer },
    leftovers,
    kinds,
    managed: kept.map((kind) => ({ kind, section: {} })),
    account: { ...account, ...(brings && { network: brings }), ...(given.entered && entry) } as KindAccount,
  });
}

const of = (kind: string, made: Readonly<Record<string, string>>, region = 'eu-west-1'): Leftover => ({
  ...{ kind, region, baseline, outputs: made },
});

describe('divide', () => {
  it.each<[string, Parameters<typeof divided>[0], Leftover[]]>([
    ['nothing, of an account that is kept as before', {}, []],
    [
      'the network that its baseline dropped',
      { kept: [executionRole, parameters] },
      [of('network', NETWORK)],
    ],
    ['the parameters that it dropped', { kept: [executionRole, network] }, [of('parameters', PARAMETERS)]],
    ['the role that it dropped', { kept: [network, parameters] }, [of('executionRole', ROLE, 'global')]],
    ['no role that is its owner\u2019s', { kept: [network, parameters], entered: true }, []],
    [
      'the regional kinds of the earlier region, and no global kind',
      { region: 'us-west-2' },
      [of('network', NETWORK), of('parameters', PARAMETERS)],
    ],
    [
      'the network that was made before the account got a network of its owner',
      { brings: { vpcId: 'vpc-9', subnetIds: [] } },
      [of('network', NETWORK)],
    ],
    ['no network of its owner that is ours by its tags', { brings: { vpcId: 'vpc-1', subnetIds: [] } }, []],
  ])('makes a leftover of %s', (_, given, expected) => {
    const { leftovers, outputs: left } = divided(given);
    expect(leftovers).toEqual(expected);
    const apart = Object.assign({}, ...expected.map((one) => one.outputs));
    expect({ ...left, ...apart }).toEqual(outputs);
    expect(Object.keys(left).filter((name) => name in apart)).toEqual([]);
  });

  it.each<[string, Parameters<typeof divided>[0], string[]]>([
    ['another region', { region: 'us-west-2', from: ROLE }, ['network eu-west-1', 'parameters eu-west-1']],
    ['a baseline without it', { kept: [executionRole, parameters], from: ROLE }, ['network eu-west-1']],
  ])(
    'makes a leftover without ids of a run that was killed before %s was requested',
    (_, given, expected) => {
      const { leftovers } = divided(given);
      expect(leftovers.map(({ kind, region }) => `${kind} ${region}`)).toEqual(expected);
      expect(leftovers.map((one) => one.outputs)).toEqual(expected.map(() => ({})));
    },
  );

  it('prefers recorded ids to the possibility of unrecorded resources', () => {
    const known = [of('network', NETWORK)];
    const { leftovers } = divided({ region: 'us-west-2', from: ROLE, leftovers: known });
    expect(leftovers.filter(({ kind }) => kind === 'network')).toEqual(known);
  });

  it('returns a leftover to the outputs when it is desired again, and not before', () => {
    const leftovers = [of('network', NETWORK), of('parameters', PARAMETERS)];
    const elsewhere = divided({ region: 'us-west-2', from: ROLE, leftovers });
    expect(elsewhere).toEqual({ outputs: ROLE, leftovers });
    expect(divided({ from: ROLE, leftovers })).toEqual({ outputs, leftovers: [] });
  });

  it('finds the region of a leftover in a status without regions by the region of its parameters', () => {
    const record = aRecord({ regions: ['us-west-2'], baseline: newer });
    const before = readStatus({ ...aStatus({ outputs, lastPass: aPass({ baseline }) }) });
    const pass = {
      ...{ record, before, place: { outputs: { ...outputs } }, regions: ['us-west-2'], elsewhere: new Map() },
      stands: { home: before?.home, leftovers: [], making: [] },
    } as unknown as Run;
    separateLeftovers(pass, { config: aConfig(), kinds } as unknown as RunDeps, []);
    expect(pass.stands.leftovers.map(({ kind, region }) => [kind, region])).toEqual([
      ['executionRole', 'global'],
      ['network', 'eu-west-1'],
      ['parameters', 'eu-west-1'],
    ]);
    expect(pass.stands.home).toEqual({ region: 'us-west-2', baseline: newer });
  });
});

const NOWHERE = new AccountNotReady('There is no endpoint.', { reason: 'RegionUnavailable' });
const FOREIGN = { state: 'unowned', message: 'It is theirs.', remedy: '' } as const;

type Outputs = Readonly<Record<string, string>>;

/** Looks at a leftover network of a fake kind, which is as this says. */
async function looked(
  observe: AnyKind['observe'],
  section: unknown = {},
  made: Outputs = NETWORK,
  setting?: AnyKind['setting'],
) {
  const kind = {
    ...{ name: 'network', scope: 'regional', section: z.object({}) },
    render: () => ({}),
    made: network.made,
    outputs: (actual: Record<string, string>) => actual,
    observe,
    ...(setting && { setting, made: (all: Outputs) => all }),
  } as unknown as AnyKind;
  const leftover = of('network', made, 'us-west-2');
  const pass = {
    record: aRecord(),
    place: { outputs: {}, config: aConfig(), clock: systemClock },
    regions: [here.region],
    gate: openCallGate(new Date('9999-12-31'), systemClock.now),
    elsewhere: new Map(),
    stands: { home: here, leftovers: [leftover], making: [] },
  } as unknown as Run;
  const deps = {
    ...systemClock,
    config: aConfig(),
    kinds: [kind],
    loadBaseline: async () => section && { ...baseline, sections: { network: section } },
  } as unknown as RunDeps;
  const regions: (string | undefined)[] = [];
  const look = async ({ record }: Run) => {
    regions.push(record.regions?.[0]);
    return {} as MemberClients;
  };
  const found = await observeLeftovers(pass, deps, { look, but: [] });
  return { found, regions, leftovers: pass.stands.leftovers };
}

describe('observeLeftovers', () => {
  it('names the resources that still exist, in their own region', async () => {
    const { found, regions, leftovers } = await looked(async () => ({ state: 'present', actual: NETWORK }));
    expect(regions).toEqual(['us-west-2']);
    expect(found).toMatchObject([
      { type: 'Network', status: 'False', region: 'us-west-2', reason: 'NotInBaseline' },
    ]);
    expect(leftovers).toMatchObject([{ outputs: NETWORK }]);
  });

  it.each([
    ['names a setting that is not again what it was', 'off', ['NotInBaseline']],
    ['forgets one that is', 'on', []],
  ])('%s', async (_, before, reasons) => {
    const setting = { output: 'lamp.before', textOf: (actual: string) => actual };
    const made = { 'lamp.before': before };
    const { found, leftovers } = await looked(
      async () => ({ state: 'present', actual: 'on' }),
      {},
      made,
      setting,
    );
    expect(found.map(({ reason }) => reason)).toEqual(reasons);
    expect(leftovers.map((one) => one.outputs)).toEqual(reasons.map(() => made));
  });

  it.each<[string, AnyKind['observe'], unknown, Outputs]>([
    ['does not exist any more', async () => ({ state: 'absent' }), {}, NETWORK],
    ['nobody recorded, and does not exist', async () => ({ state: 'absent' }), {}, {}],
    ['nobody recorded, and is somebody else\u2019s', async () => FOREIGN, {}, {}],
    ['nobody recorded, in a region that does not exist', () => Promise.reject(NOWHERE), {}, {}],
    ['nobody recorded, and no baseline had', async () => ({ state: 'absent' }), null, {}],
  ])('forgets a leftover that %s', async (_, observe, section, made) => {
    const { found, leftovers } = await looked(observe, section, made);
    expect([found, leftovers]).toEqual([[], []]);
  });

  it('names no leftover without ids that could not be searched, and searches it again', async () => {
    const { found, leftovers } = await looked(() => Promise.reject(new Error('throttled')), {}, {});
    expect(found).toEqual([]);
    expect(leftovers).toMatchObject([{ kind: 'network', region: 'us-west-2', outputs: {} }]);
  });

  it('finds a leftover without ids by its tags', async () => {
    const { found, leftovers } = await looked(async () => ({ state: 'present', actual: NETWORK }), {}, {});
    expect(found).toMatchObject([{ reason: 'NotInBaseline' }]);
    expect(leftovers).toMatchObject([{ kind: 'network', region: 'us-west-2', outputs: NETWORK }]);
  });

  it.each<[string, AnyKind['observe'], unknown, string]>([
    ['cannot be observed', () => Promise.reject(new Error('denied')), {}, 'denied'],
    ['no available baseline describes', async () => ({ state: 'absent' }), null, 'not available'],
    [
      'is of a baseline that is no longer valid',
      async () => ({ state: 'absent' }),
      'nonsense',
      'not available',
    ],
    ['somebody else tagged as theirs', async () => FOREIGN, {}, 'It is theirs.'],
  ])('counts a leftover that %s as existing, and says why', async (_, observe, section, why) => {
    const { found, leftovers } = await looked(observe, section);
    expect(found).toMatchObject([{ reason: 'NotInBaseline', message: expect.stringContaining(why) }]);
    expect(leftovers).toHaveLength(1);
  });
});
