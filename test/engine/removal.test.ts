import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { openCallGate, skipReason } from '../../controllers/engine/gate.ts';
import { separateLeftovers } from '../../controllers/engine/leftovers.ts';
import type { Run, RunDeps } from '../../controllers/engine/model.ts';
import { announcements } from '../../controllers/engine/outbox.ts';
import { removeEverything } from '../../controllers/engine/removal.ts';
import { kindFinding, retiredStatus } from '../../controllers/engine/report.ts';
import { nextRun } from '../../controllers/engine/retry.ts';
import { executionRole } from '../../controllers/kinds/execution-role/kind.ts';
import type { AnyKind } from '../../controllers/kinds/kind.ts';
import type { MemberClients, MemberClientsOptions } from '../../shared/aws/member-clients.ts';
import type { AccountRecord, BaselineReference } from '../../shared/domain/account.ts';
import { ControllerError, ForeignResource } from '../../shared/domain/errors.ts';
import type { Home } from '../../shared/domain/status.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { addressKey } from '../../shared/store/addresses.ts';
import { systemClock } from '../kit/clock.ts';
import { aConfig, aPass, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

const HOME = { region: 'eu-west-1', baseline: { name: 'analytics', version: 3 } };
const retiring = aRecord({ lifecycle: 'retiring', generation: 4 });

/** Parameters name the network, and nothing names the role. */
const SECTIONS: Readonly<Record<string, unknown>> = {
  role: {},
  network: {},
  parameters: { value: '${network.id}' },
};

/** A kind whose things are `<name>.id`; removing them may fail once. */
function aKind(name: string, log: string[], failure?: Error, staysRecorded = false): AnyKind {
  return {
    name,
    section: z.any(),
    permissions: { read: [`ec2:Read-${name}`], write: [`ec2:Write-${name}`] },
    ...(name === 'role' && {
      entryRole: {
        trustPath: 'trustPolicy',
        read: () => ({ arn: 'arn', trust: {} }),
        arnIn: () => undefined,
        putBack: async () => {},
        former: (_, { former }) => (former ? [former] : []),
      },
    }),
    ...(name === 'network' && {
      pool: { of: () => undefined },
      broughtAlong: { supersedes: ({ 'network.id': found }, { network }) => network !== undefined && !found },
    }),
    outputNames: () => [`${name}.id`],
    render: (section) => section,
    observe: async () => ({ state: 'absent' }),
    outputs: () => ({}),
    scope: name === 'role' ? 'global' : 'regional',
    made: (recorded) => {
      const names = Object.keys(recorded).filter((output) => output.endsWith(`${name}.id`));
      return Object.fromEntries(names.map((output) => [output, recorded[output] ?? '']));
    },
    diff: () => ({ differences: [], blocked: [], unowned: [] }),
    apply: async () => {},
    remove: async (_wanted, { record }) => {
      log.push(name);
      if (failure) throw failure;
      if (staysRecorded) return;
      record({ [`${name}.id`]: undefined, [`madeAt.${name}.id`]: undefined });
    },
  };
}

/** What a removal did, with which sessions, and what it found. */
async function removal(
  options: {
    record?: Partial<AccountRecord>;
    paused?: boolean;
    networkFails?: Error;
    lease?: Error;
    keeps?: readonly string[];
    address?: string;
    former?: string;
    madeAt?: string;
    renderRole?: AnyKind['render'];
    /** Taking the network away leaves its id recorded. */
    staysRecorded?: boolean;
    /** No network is recorded. */
    noNetwork?: boolean;
    /** Where and by which baseline it was kept before; that baseline has every kind. */
    home?: Home;
  } = {},
) {
  const log: string[] = [];
  const policies: string[] = [];
  const regions: string[] = [];
  const record = { ...retiring, ...options.record };
  const role = { ...aKind('role', log), ...(options.renderRole && { render: options.renderRole }) };
  const kinds = [
    role,
    aKind('network', log, options.networkFails, options.staysRecorded),
    aKind('parameters', log),
  ];
  const config = aConfig();
  const { main, store } = fakeMain([
    { ...record, ...accountKey(MEMBER) },
    { ...aStatus(), ...statusKey(MEMBER) },
    ...(options.address
      ? [{ ...addressKey(MEMBER), accountId: MEMBER, pool: 'main', cidr: options.address, since: '' }]
      : []),
  ]);
  store.onCall = (command, input) => {
    if (options.lease) throw options.lease;
    if (!/^(BatchGet|Get|Query)/.test(command))
      log.push(JSON.stringify(input).includes('SET lease') ? 'lease' : 'address');
  };
  const deps = {
    ...systemClock,
    config,
    kinds,
    main,
    access: {
      async enter(_: AccountRecord, session: { policy?: string }) {
        policies.push(session.policy ?? '');
        return {};
      },
    },
    loadBaseline: async (reference: BaselineReference) =>
      options.home && { ...reference, sections: SECTIONS },
    clients: ({ region }: MemberClientsOptions) => {
      regions.push(region);
      return {} as MemberClients;
    },
  } as unknown as RunDeps;
  const { keeps = kinds.map(({ name }) => name), address } = options;
  const outputs = {
    'role.id': 'r',
    ...(!options.noNetwork && { 'network.id': 'n' }),
    'parameters.id': 'p',
    ...(address && { 'address.cidr': address }),
    ...(options.madeAt && { 'madeAt.network.id': options.madeAt }),
    ...(options.former && { former: options.former }),
  };
  const pass = {
    id: 'pass-2',
    record,
    before: aStatus({ outputs, ...(options.home && { home: options.home }) }),
    control: { fleetPaused: options.paused ?? false, pausedBaselines: [] },
    place: { record, config, outputs: { ...outputs }, clock: systemClock },
    regions: [record.regions?.[0] ?? config.region],
    elsewhere: new Map(),
    request: { until: new Date('9999-12-31') },
    stands: { home: options.home, leftovers: [], making: [] },
    gate: openCallGate(new Date('9999-12-31'), systemClock.now),
    calls: { reads: 0, writes: 0 },
  } as unknown as Run;
  const kept = kinds
    .filter(({ name }) => keeps.includes(name))
    .map((kind) => ({ kind, section: SECTIONS[kind.name] }));
  separateLeftovers(pass, deps, kept);
  const found = await removeEverything(pass, deps, kept);
  const conditions = found.outcomes.map((outcome) => kindFinding(outcome, found.hold));
  return { found, log, policies, regions, conditions, outputs: pass.place.outputs, stands: pass.stands };
}

describe('the run of a retiring account', () => {
  it('removes a role whose name Main may not assume', async () => {
    const section = executionRole.section.parse({
      name: 'bad-name',
      trustPolicy: { Statement: { Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole' } },
    });
    const { found } = await removal({
      renderRole: (_, lookup, account) => executionRole.render(section, lookup, account),
    });
    expect(found.retired).toBe(true);
  });

  it('removes units in reverse order, under the lease, each kind in a session of its own', async () => {
    const { found, log, policies, conditions, outputs } = await removal({ madeAt: '2026-11-20T10:00:00Z' });
    expect(log).toEqual(['lease', 'parameters', 'network', 'role']);
    expect(policies.map((policy) => JSON.parse(policy).Statement[1].Action)).toEqual([
      ['ec2:Write-parameters'],
      ['ec2:Write-network'],
      ['ec2:Write-role'],
    ]);
    expect(found.retired).toBe(true);
    expect(conditions.map(({ type, status, reason }) => [type, status, reason])).toEqual([
      ['Role', 'False', 'Removed'],
      ['Network', 'False', 'Removed'],
      ['Parameters', 'False', 'Removed'],
    ]);
    expect(found.outcomes[1]?.differences).toEqual([
      { kind: 'network', resource: 'network.id', path: '', actual: 'n', action: 'removed' },
    ]);
    expect(outputs).toEqual({});
  });

  it('stops at a resource that something else depends on, names what depends on it, and tries again after 15 minutes', async () => {
    const networkFails = new ForeignResource('eni-1 is in the way.', {
      reason: 'InUse',
      remedy: 'Delete it.',
    });
    const { found, log, conditions, outputs } = await removal({ networkFails });
    expect(log).toEqual(['lease', 'parameters', 'network']);
    expect(found.retired).toBe(false);
    expect(conditions.map(({ reason }) => reason)).toEqual(['WaitingForRemoval', 'InUse', 'Removed']);
    expect(conditions[1]?.message).toBe('eni-1 is in the way. Delete it.');
    expect(outputs).toEqual({ 'role.id': 'r', 'network.id': 'n' });
    const errors = found.outcomes.flatMap(({ state }) =>
      state.is === 'failed' && state.error instanceof ControllerError ? [state.error] : [],
    );
    const now = new Date('2026-11-20T10:00:00Z');
    expect(nextRun({ errors, pending: [], lastReceive: false, before: undefined }, now).dueAt).toBe(
      '2026-11-20T10:15:00.000Z',
    );
  });

  it('removes nothing while an unavailable baseline has made a leftover, and names the leftover', async () => {
    const { found, log, conditions } = await removal({
      keeps: ['role', 'parameters'],
      address: '10.0.0.0/22',
    });
    expect([log, found.retired]).toEqual([[], false]);
    expect(conditions.map(({ type, reason }) => [type, reason])).toEqual([
      ['Role', 'WaitingForRemoval'],
      ['Parameters', 'WaitingForRemoval'],
      ['Network', 'NotInBaseline'],
    ]);
  });

  it('removes a leftover as the baseline that made it says', async () => {
    const home = { region: 'eu-west-1', baseline: { name: 'wide', version: 2 } };
    const { found, log, conditions, stands } = await removal({
      keeps: ['role', 'parameters'],
      address: '10.0.0.0/22',
      home,
    });
    expect([log, found.retired]).toEqual([['lease', 'parameters', 'network', 'role', 'address'], true]);
    expect(conditions.map(({ type, reason }) => [type, reason])).toEqual([
      ['Role', 'Removed'],
      ['Network', 'Removed'],
      ['Parameters', 'Removed'],
    ]);
    expect(stands.leftovers).toEqual([]);
  });

  it('removes a leftover in a region that the account no longer has, in that region', async () => {
    const home = { region: 'us-west-2', baseline: { name: 'wide', version: 2 } };
    const { found, log, regions, conditions } = await removal({ home, address: '10.0.0.0/22' });
    expect(log).toEqual(['lease', 'parameters', 'parameters', 'network', 'network', 'role', 'address']);
    expect(regions).toEqual(['us-west-2', 'eu-west-1', 'us-west-2', 'eu-west-1', 'eu-west-1']);
    expect(conditions.map(({ type, region, reason }) => [type, region, reason])).toEqual([
      ['Role', undefined, 'Removed'],
      ['Network', undefined, 'Removed'],
      ['Network', 'us-west-2', 'Removed'],
      ['Parameters', undefined, 'Removed'],
      ['Parameters', 'us-west-2', 'Removed'],
    ]);
    expect(found.retired).toBe(true);
  });

  it('does not retire the account, and keeps its address block, while something in another region is in use', async () => {
    const home = { region: 'us-west-2', baseline: { name: 'wide', version: 2 } };
    const networkFails = new ForeignResource('in use', { reason: 'InUse' });
    const { found, log, stands } = await removal({ home, address: '10.0.0.0/22', networkFails });
    expect(log).not.toContain('address');
    expect(found.retired).toBe(false);
    expect(stands.leftovers).toMatchObject([{ kind: 'network', region: 'us-west-2' }]);
  });

  it('leaves the role that the owner made for Orgkeeper, and says so', async () => {
    const executionRoleArn = `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`;
    const { found, log, conditions } = await removal({ record: { executionRoleArn, origin: 'invited' } });
    expect(log).toEqual(['lease', 'parameters', 'network']);
    expect(found.retired).toBe(true);
    expect(conditions[0]).toMatchObject({
      reason: 'Left',
      message: expect.stringContaining(executionRoleArn),
    });
  });

  it.each([
    ['of its own', {}, 'Removed'],
    [
      "beside its owner's",
      { executionRoleArn: `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`, origin: 'invited' as const },
      'Left',
    ],
  ])(
    'may remove roles under earlier names of the baseline if the account has a role %s',
    async (_, record, reason) => {
      const { log, policies, conditions } = await removal({ record, former: 'arn:old' });
      expect(log).toEqual(['lease', 'parameters', 'network', 'role']);
      expect(JSON.parse(policies.at(-1) ?? '').Statement[1].Resource).toEqual(['*', 'arn:old']);
      expect(conditions[0]?.reason).toBe(reason);
    },
  );

  it.each([
    ['once its network is gone', {}, ['lease', 'parameters', 'network', 'role', 'address']],
    [
      'never where its own network came in the place of one of ours, before that was kept track of',
      { record: { network: { vpcId: 'vpc-1', subnetIds: [] } } },
      ['lease', 'parameters', 'network', 'role'],
    ],
    [
      'never while something of its network is recorded, which the kind did not take away',
      { staysRecorded: true },
      ['lease', 'parameters', 'network', 'role'],
    ],
    [
      'where its baseline has no network any more, and none was left',
      { keeps: ['role', 'parameters'], home: HOME, noNetwork: true },
      ['lease', 'parameters', 'role', 'address'],
    ],
  ])('returns the address block %s', async (_, options, calls) => {
    const { log, found } = await removal({ ...options, address: '10.0.0.0/22' });
    expect([log, found.retired]).toEqual([calls, true]);
  });

  it.each([
    ['the account is paused', { record: { paused: true } }],
    ['the fleet is paused', { paused: true }],
    ['it is observed only', { record: { mode: 'observe' as const } }],
  ])('removes nothing while %s', async (_, options) => {
    const { found, log, conditions, outputs } = await removal(options);
    expect([log, found.retired, Object.keys(outputs)]).toEqual([
      [],
      undefined,
      ['role.id', 'network.id', 'parameters.id'],
    ]);
    expect(conditions[0]?.message).toMatch(/^Nothing is removed: /);
  });

  it('removes nothing while another run has the lease', async () => {
    await expect(removal({ lease: new Error('taken') })).rejects.toThrow('taken');
  });
});

describe('a retired account', () => {
  const after = retiredStatus({
    ...aStatus({
      observedGeneration: 4,
      outputs: { a: 'b' },
      foreign: ['x'],
      dueAt: '2026-11-20T10:15:00.000Z',
    }),
    lastPass: aPass(),
  });

  it('has no recorded outputs that a later registration could count as its own', () => {
    expect(after).toMatchObject({ retired: true, ready: false, outputs: {}, foreign: [] });
    expect([after.readySince, after.dueAt, after.waiting]).toEqual([undefined, undefined, undefined]);
  });

  it('is announced once', () => {
    const passed = { ...after, lastPass: aPass({ result: 'corrected' }) };
    const said = announcements(retiring, aStatus(), passed);
    expect(said.map(({ detailType }) => detailType)).toEqual(['AccountRetired']);
    expect(announcements(retiring, passed, passed)).toEqual([]);
  });

  it('is announced as degraded, once, if something blocks its removal, and never as ready or drifted', () => {
    const failed = {
      ...aStatus({ observedGeneration: 4, ready: false }),
      conditions: [
        { type: 'P', status: 'False', reason: 'Removed', message: 'gone', changedAt: '' },
        { type: 'N', status: 'False', reason: 'InUse', message: 'eni-1', changedAt: '' },
      ] as const,
      lastPass: aPass({ result: 'failed' }),
    };
    expect(announcements(retiring, aStatus(), failed)).toMatchObject([
      { detailType: 'AccountDegraded', detail: { reason: 'InUse', message: 'eni-1' } },
    ]);
    expect(announcements(retiring, failed, failed)).toEqual([]);
  });

  it('has no further run, unless the announcement is owed or something is requested since', () => {
    const given = { record: retiring, sentAt: new Date(), config: aConfig() };
    expect(skipReason({ ...given, before: after })).toContain('retired');
    expect(
      skipReason({ ...given, before: { ...after, unannounced: [{ detailType: 'x', detail: {} }] } }),
    ).toBeUndefined();
    expect(skipReason({ ...given, before: { ...after, observedGeneration: 3 } })).toBeUndefined();
    expect(skipReason({ ...given, before: aStatus({ observedGeneration: 4, retired: true }) })).toBeDefined();
  });
});
