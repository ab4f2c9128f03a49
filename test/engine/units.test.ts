import { GetRegionOptStatusCommand } from '@aws-sdk/client-account';
import { describe, expect, it, jest } from '@jest/globals';
import { z } from 'zod';
import type { RunDeps } from '../../controllers/engine/model.ts';
import { reconcile } from '../../controllers/engine/run.ts';
import { type AnyKind, WAITING_FOR_OUTPUTS } from '../../controllers/kinds/kind.ts';
import type { Session } from '../../shared/aws/access.ts';
import type { MemberClientsOptions } from '../../shared/aws/member-clients.ts';
import type { AccountRecord, BaselineReference } from '../../shared/domain/account.ts';
import { AccountNotReady, ForeignResource, QuotaExceeded, ServiceFault } from '../../shared/domain/errors.ts';
import type { Pause } from '../../shared/domain/pause.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import { accountKey, getStatus } from '../../shared/store/accounts.ts';
import { addressKey } from '../../shared/store/addresses.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { changeControl } from '../../shared/store/controls.ts';
import { systemClock, useTestTime } from '../kit/clock.ts';
import { aBaselineItem, aConfig, aRecord, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { memberAnswering } from '../kit/kind-context.ts';
import { on } from '../kit/sdk.ts';

/**
 * The units of an account in several regions: a global role, and in each region a network whose id the region's parameters
 * publish. The kinds are small; the run, the table and the graph are the real ones.
 */

const HOME = 'eu-west-1';
const REGIONS = [HOME, 'us-east-1', 'ap-southeast-2'];
const GLOBAL = 'global';

interface Thing {
  readonly id: string;
  value: string;
}

/** An account in memory: by `<kind> <region>` what stands there, and what was done, in order. */
function account(regions: readonly string[] = REGIONS) {
  const things = new Map<string, Thing>();
  const log: string[] = [];
  const entered: string[] = [];
  const before: Partial<Record<'observe' | 'apply' | 'remove', (unit: string) => unknown>> = {};
  const { main, store } = fakeMain();
  const record = (given: Partial<AccountRecord> = {}) =>
    store.put({ ...aRecord({ regions, ...given }), ...accountKey(MEMBER) });
  record();
  const sections = {
    role: {},
    network: { value: '10.0.0.0/16' },
    parameters: { value: '${vpc.id} of ${region} by ${owner.id}' },
  };
  store.put({ ...aBaselineItem(), sections });

  function kind(name: string, scope: AnyKind['scope'], output: string | undefined): AnyKind {
    const regionOf = (clients: unknown) =>
      scope === 'global' ? GLOBAL : (clients as { region: string }).region;
    const call = (clients: unknown, command: string, writes: boolean) =>
      (clients as { call(command: string, writes: boolean): void }).call(command, writes);
    const outputs = (thing: Thing) => (output ? { [output]: thing.id } : { [`${name}.made`]: thing.id });
    return {
      name,
      scope,
      ...(name === 'network' && { pool: { of: () => undefined } }),
      section: z.object({ value: z.string().default('') }),
      permissions: { read: ['ec2:DescribeVpcs'], write: ['ec2:CreateVpc'] },
      outputNames: () => (output ? [output] : []),
      render: ({ value }, lookup) =>
        value.replace(/\$\{([^}]+)\}/g, (name: string, key: string) => lookup(key) ?? name),
      async observe(_, { clients }) {
        const unit = `${name} ${regionOf(clients)}`;
        call(clients, 'ec2:DescribeVpcs', false);
        log.push(`observe ${unit}`);
        await before.observe?.(unit);
        const thing = things.get(unit);
        return thing ? { state: 'present', actual: { ...thing } } : { state: 'absent' };
      },
      outputs,
      made: (recorded) => {
        const name = Object.keys(outputs({ id: '', value: '' }))[0] ?? '';
        return recorded[name] ? { [name]: recorded[name] } : {};
      },
      diff(wanted, actual) {
        log.push(`compare ${name}`);
        const action = actual ? 'updated' : 'created';
        const difference = { kind: name, resource: name, path: '', action } as const;
        const waits = { reason: WAITING_FOR_OUTPUTS, message: wanted, difference };
        const unowned: never[] = [];
        if (wanted.includes('${')) return { differences: [], blocked: [waits], unowned };
        return { differences: actual?.value === wanted ? [] : [difference], blocked: [], unowned };
      },
      async apply({ wanted }, { clients, record }) {
        const region = regionOf(clients);
        const unit = `${name} ${region}`;
        call(clients, 'ec2:CreateVpc', true);
        await before.apply?.(unit);
        const thing = { id: `${name}-${region}`, value: wanted };
        things.set(unit, thing);
        record(outputs(thing));
        log.push(`apply ${unit}`);
      },
      async remove(_, { clients, record }) {
        const unit = `${name} ${regionOf(clients)}`;
        await before.remove?.(unit);
        if (things.delete(unit)) log.push(`remove ${unit}`);
        record(
          Object.fromEntries(Object.keys(outputs({ id: '', value: '' })).map((key) => [key, undefined])),
        );
      },
    };
  }

  const deps = {
    ...systemClock,
    config: aConfig({ region: HOME }),
    main,
    access: {
      // The real one remembers a session by its policy: asked for again, the same one is no further AssumeRole.
      enter: async (_: AccountRecord, { own, policy = '' }: Session) => {
        if (own) entered.push('writing');
        else if (!entered.includes(policy)) entered.push(policy);
      },
      evict: () => undefined,
    },
    kinds: [
      kind('role', 'global', 'owner.id'),
      kind('network', 'regional', 'vpc.id'),
      kind('parameters', 'regional', undefined),
    ],
    loadBaseline: ({ name, version }: BaselineReference) => getBaseline(store.table, name, version),
    clients: ({ region, onCall }: MemberClientsOptions) => ({
      region,
      account: memberAnswering(
        on(GetRegionOptStatusCommand, () => ({ RegionOptStatus: 'DISABLED' as const })),
      ).account,
      call: (command: string, writes: boolean) => onCall?.({ command, writes }),
    }),
  } as unknown as RunDeps;

  async function run(): Promise<AccountStatus> {
    const now = new Date();
    const cause = { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'e' };
    const message = { accountId: MEMBER, cause, requestedAt: now.toISOString() };
    const until = new Date(now.getTime() + 300_000);
    await reconcile({ message, sentAt: now, until, lastReceive: false }, deps);
    const status = await getStatus(store.table, MEMBER);
    if (!status) throw new Error('the run saved no status');
    return status;
  }

  return { things, log, entered, before, record, run, store, baseline: sections };
}

/** Conditions as `Type region: Status Reason`. */
function said({ conditions }: AccountStatus): string[] {
  return conditions
    .map(({ type, region, status, reason }) => `${type} ${region ?? '-'}: ${status} ${reason}`)
    .sort();
}

const good = (units: readonly string[]) => units.map((unit) => `${unit}: True InDesiredState`);

useTestTime();

describe('an account in three regions', () => {
  it('gets a network and parameters in each region, and its role once', async () => {
    const { run, things, log } = account();
    const status = await run();
    expect([...things.keys()].sort()).toEqual([
      'network ap-southeast-2',
      'network eu-west-1',
      'network us-east-1',
      'parameters ap-southeast-2',
      'parameters eu-west-1',
      'parameters us-east-1',
      'role global',
    ]);
    expect(log.filter((one) => one === 'apply role global')).toHaveLength(1);
    expect(status.ready).toBe(true);
    expect(said(status)).toEqual(
      good([
        'Network ap-southeast-2',
        'Network eu-west-1',
        'Network us-east-1',
        'Parameters ap-southeast-2',
        'Parameters eu-west-1',
        'Parameters us-east-1',
        'Role -',
      ]),
    );
  });

  it('is written no further after a pause: units that are being written finish, and no other begins', async () => {
    const { run, things, before, store, log } = account();
    before.apply = async (unit) => {
      if (unit !== 'network us-east-1') return;
      await changeControl(store.table, (control) => ({ ...control, fleetPaused: true }));
      log.push('paused');
    };
    const status = await run();
    const begun = log.slice(log.indexOf('paused') + 1).filter((one) => one.startsWith('apply'));
    expect(begun.filter((one) => one.includes('parameters'))).toEqual([]);
    expect([...things.keys()].filter((unit) => unit.startsWith('parameters'))).toEqual([]);
    expect(said(status)).toEqual(
      expect.arrayContaining([
        'Network us-east-1: True InDesiredState',
        ...REGIONS.map((region) => `Parameters ${region}: False Paused`),
        'Role -: True InDesiredState',
      ]),
    );
  });

  it('fills in the outputs and the name of the region that a section is for', async () => {
    const { run, things } = account();
    await run();
    const published = (region: string) => things.get(`parameters ${region}`)?.value;
    expect(REGIONS.map(published)).toEqual(
      REGIONS.map((region) => `network-${region} of ${region} by role-global`),
    );
  });

  it('records outputs of the home region under their names, and others under their region', async () => {
    const { outputs } = await account().run();
    expect(outputs).toMatchObject({
      'owner.id': 'role-global',
      'vpc.id': 'network-eu-west-1',
      'regions.us-east-1.vpc.id': 'network-us-east-1',
      'regions.ap-southeast-2.vpc.id': 'network-ap-southeast-2',
    });
  });

  it('lets a section name the output of another region', async () => {
    const { run, things, store, baseline } = account();
    const sections = { ...baseline, parameters: { value: '${regions.us-east-1.vpc.id}' } };
    store.put({ ...aBaselineItem(), sections });
    await run();
    expect(REGIONS.map((region) => things.get(`parameters ${region}`)?.value)).toEqual(
      Array(3).fill('network-us-east-1'),
    );
  });

  it('names the region of each difference', async () => {
    const { run, things } = account();
    await run();
    const network = things.get('network us-east-1');
    if (network) network.value = 'tampered';
    const { lastPass, ready } = await run();
    expect(lastPass?.differences).toEqual([
      { kind: 'network', resource: 'network', path: '', action: 'updated', region: 'us-east-1' },
    ]);
    expect([ready, things.get('network us-east-1')?.value]).toEqual([true, '10.0.0.0/16']);
  });
});

describe('the order of units', () => {
  it('follows the outputs that sections name: a network before the parameters of its region', async () => {
    const { run, log } = account();
    await run();
    for (const region of REGIONS)
      expect(log.indexOf(`apply network ${region}`)).toBeLessThan(log.indexOf(`apply parameters ${region}`));
    const lastObserved = log.findLastIndex((one) => one.startsWith('observe'));
    expect(lastObserved).toBeLessThan(log.findIndex((one) => one.startsWith('apply')));
  });

  it('does not let one region wait for another', async () => {
    const { run, before, things } = account();
    let finish: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      finish = resolve;
    });
    before.apply = (unit) => (unit === `network ${HOME}` ? slow : undefined);
    const running = run();
    await jest.advanceTimersByTimeAsync(1_000);
    expect([...things.keys()]).toContain('parameters us-east-1');
    expect([...things.keys()]).not.toContain(`parameters ${HOME}`);
    finish();
    expect((await running).ready).toBe(true);
  });
});

describe('a region that fails', () => {
  it('does not stop the others, and the units that depend on it wait', async () => {
    const { run, before, things } = account();
    before.observe = (unit) => {
      if (unit === 'network us-east-1')
        throw new AccountNotReady('us-east-1 is not enabled.', { reason: 'RegionNotEnabled' });
    };
    const status = await run();
    expect(said(status)).toEqual([
      ...good(['Network ap-southeast-2', 'Network eu-west-1']),
      'Network us-east-1: False RegionNotEnabled',
      ...good(['Parameters ap-southeast-2', 'Parameters eu-west-1']),
      'Parameters us-east-1: False WaitingForOutputs',
      ...good(['Role -']),
    ]);
    expect([...things.keys()]).toContain('parameters eu-west-1');
    expect([...things.keys()]).not.toContain('parameters us-east-1');
    expect(status.ready).toBe(false);
  });

  it('is abandoned if it does not answer, while the others are corrected and saved', async () => {
    const { run, before, things } = account();
    before.observe = (unit) => (unit.endsWith('us-east-1') ? new Promise(() => undefined) : undefined);
    const running = run();
    await jest.advanceTimersByTimeAsync(240_000);
    const status = await running;
    const conditions = said(status);
    expect(conditions).toContain('Network us-east-1: Unknown RegionSilent');
    expect(conditions).toEqual(expect.arrayContaining(good(['Network eu-west-1', 'Parameters eu-west-1'])));
    expect([...things.keys()]).toContain('parameters ap-southeast-2');
    expect(
      Date.parse(status.lastPass?.finishedAt ?? '') - Date.parse(status.lastPass?.startedAt ?? ''),
    ).toBeLessThan(200_000);
  });

  it('is corrected by the next run', async () => {
    const { run, before, record } = account();
    before.observe = (unit) => {
      if (unit === 'network us-east-1') throw new AccountNotReady('not yet');
    };
    await run();
    before.observe = () => undefined;
    record();
    expect((await run()).ready).toBe(true);
  });
});

describe('a region in which writing fails', () => {
  it('says so, reports what was not written, and leaves the others corrected', async () => {
    const { run, before } = account();
    before.apply = (unit) => {
      if (unit === 'network us-east-1') throw new QuotaExceeded('no more VPCs in us-east-1');
    };
    const status = await run();
    expect(said(status)).toEqual([
      ...good(['Network ap-southeast-2', 'Network eu-west-1']),
      'Network us-east-1: False QuotaExceeded',
      ...good(['Parameters ap-southeast-2', 'Parameters eu-west-1']),
      'Parameters us-east-1: False WaitingForOutputs',
      ...good(['Role -']),
    ]);
    const network = status.lastPass?.differences.filter(({ kind }) => kind === 'network') ?? [];
    expect(network.map(({ region, action }) => `${region} ${action}`).sort()).toEqual([
      'ap-southeast-2 created',
      'eu-west-1 created',
      'us-east-1 reported',
    ]);
    expect(status.outputs['regions.us-east-1.vpc.id']).toBeUndefined();
  });

  it('is abandoned if it does not answer a write, and the others are saved', async () => {
    const { run, before } = account();
    before.apply = (unit) => (unit === 'network us-east-1' ? new Promise(() => undefined) : undefined);
    const running = run();
    await jest.advanceTimersByTimeAsync(260_000);
    const conditions = said(await running);
    expect(conditions).toContain('Network us-east-1: Unknown RegionSilent');
    expect(conditions).toEqual(expect.arrayContaining(good(['Network eu-west-1', 'Parameters eu-west-1'])));
  });
});

describe('a unit that was abandoned while it was written', () => {
  it('is not written until AWS would list what the unanswered call made', async () => {
    const { run, before, record, things } = account();
    before.apply = (unit) => (unit === 'network us-east-1' ? new Promise(() => undefined) : undefined);
    const running = run();
    await jest.advanceTimersByTimeAsync(260_000);
    const { lastPass } = await running;
    before.apply = () => undefined;
    record();
    jest.setSystemTime(Date.parse(lastPass?.finishedAt ?? '') + 5_000);
    expect(said(await run())).toContain('Network us-east-1: Unknown RegionSilent');
    expect([...things.keys()]).not.toContain('network us-east-1');
    jest.setSystemTime(Date.now() + 16_000);
    expect((await run()).ready).toBe(true);
  });
});

describe('a home region that is exchanged with another', () => {
  it('changes the names of the outputs, and no resource', async () => {
    const { run, record, log } = account();
    await run();
    record({ regions: ['us-east-1', HOME, 'ap-southeast-2'], generation: 4 });
    log.length = 0;
    const status = await run();
    expect(status.outputs).toMatchObject({
      'vpc.id': 'network-us-east-1',
      'regions.eu-west-1.vpc.id': 'network-eu-west-1',
      'regions.ap-southeast-2.vpc.id': 'network-ap-southeast-2',
    });
    expect([status.ready, status.leftovers ?? []]).toEqual([true, []]);
    expect(log.filter((one) => !/^(observe|compare)/.test(one))).toEqual([]);
  });
});

describe('an account that gets more regions', () => {
  it('keeps its resources, and gets those of the new regions', async () => {
    const { run, record, things, log } = account([HOME]);
    const alone = await run();
    expect(Object.keys(alone.outputs).filter((name) => name.startsWith('regions.'))).toEqual([]);
    record({ regions: REGIONS, generation: 4 });
    log.length = 0;
    const status = await run();
    expect([status.ready, status.outputs['vpc.id']]).toEqual([true, 'network-eu-west-1']);
    expect(log.filter((one) => one.startsWith('apply') && one.endsWith(HOME))).toEqual([]);
    expect(things.size).toBe(7);
  });
});

describe('an account in mode observe', () => {
  it('is observed in every region, and written in none', async () => {
    const { run, record, things } = account();
    record({ mode: 'observe' });
    const status = await run();
    expect(things.size).toBe(0);
    expect(said(status)).toContain('Network us-east-1: False Drifted');
    expect(status.lastPass?.result).toBe('drifted');
  });
});

describe('a region that is dropped from the list', () => {
  it('keeps its resources, and its condition names the region', async () => {
    const { run, record, things } = account();
    await run();
    record({ regions: [HOME, 'us-east-1'], generation: 4 });
    const status = await run();
    const dropped = said(status).filter((one) => one.includes('ap-southeast-2'));
    expect(dropped).toEqual([
      'Network ap-southeast-2: False NotInBaseline',
      'Parameters ap-southeast-2: False NotInBaseline',
    ]);
    expect([...things.keys()]).toContain('network ap-southeast-2');
    expect(Object.keys(status.outputs).some((name) => name.includes('ap-southeast-2'))).toBe(false);
    expect(status.leftovers?.map(({ kind, region }) => `${kind} ${region}`).sort()).toEqual([
      'network ap-southeast-2',
      'parameters ap-southeast-2',
    ]);
  });

  it('is managed with its resources again when it is listed again', async () => {
    const { run, record, log } = account();
    await run();
    record({ regions: [HOME, 'us-east-1'], generation: 4 });
    await run();
    record({ generation: 5 });
    log.length = 0;
    const status = await run();
    expect([status.ready, status.leftovers ?? []]).toEqual([true, []]);
    expect(log.filter((one) => one.startsWith('apply'))).toEqual([]);
  });
});

describe('a dropped region that does not answer', () => {
  it('does not stop the other regions, and its resources count as existing', async () => {
    const { run, record, before } = account();
    await run();
    record({ regions: [HOME, 'us-east-1'], generation: 4 });
    before.observe = (unit) => (unit.endsWith('ap-southeast-2') ? new Promise(() => undefined) : undefined);
    const running = run();
    await jest.advanceTimersByTimeAsync(240_000);
    const conditions = said(await running);
    expect(conditions).toContain('Network ap-southeast-2: False NotInBaseline');
    expect(conditions).toEqual(expect.arrayContaining(good(['Network eu-west-1', 'Network us-east-1'])));
  });
});

describe('a retiring account', () => {
  it('is cleared in the other regions if one region fails, and retired when that one is cleared', async () => {
    const { run, record, before, things } = account();
    await run();
    record({ lifecycle: 'retiring', generation: 4 });
    before.remove = (unit) => {
      if (unit === 'parameters us-east-1') throw new ServiceFault('us-east-1 is down');
    };
    const status = await run();
    expect([...things.keys()].sort()).toEqual(['network us-east-1', 'parameters us-east-1', 'role global']);
    expect(status.retired).toBeUndefined();
    expect(said(status)).toContain('Parameters us-east-1: Unknown ServiceFault');
    before.remove = () => undefined;
    expect([(await run()).retired, things.size]).toEqual([true, 0]);
  });

  it.each([
    ['one region does not answer is', ['us-east-1'], REGIONS],
    ['two regions do not answer is', ['us-east-1', HOME], REGIONS],
    ['a dropped region does not answer is', ['ap-southeast-2'], [HOME, 'us-east-1']],
  ])(
    'with a region of which %s cleared in the others, within the time limit of one unit',
    async (_, silent, regions) => {
      const { run, record, before, things } = account();
      await run();
      record({ lifecycle: 'retiring', generation: 4, regions });
      const isSilent = (unit: string) => silent.some((region) => unit.endsWith(region));
      before.remove = (unit) => (isSilent(unit) ? new Promise(() => undefined) : undefined);
      const running = run();
      await jest.advanceTimersByTimeAsync(180_000);
      const status = await running;
      expect(status.retired).toBeUndefined();
      expect([...things.keys()].sort()).toEqual(
        [
          ...silent.flatMap((region) => [`network ${region}`, `parameters ${region}`]),
          'role global',
        ].toSorted(),
      );
      for (const region of silent) {
        expect(said(status)).toContain(`Parameters ${region}: Unknown RegionSilent`);
        expect(said(status)).toContain(`Network ${region}: False WaitingForRemoval`);
      }
      before.remove = () => undefined;
      expect([(await run()).retired, things.size]).toEqual([true, 0]);
    },
  );

  it('is cleared in the other regions if one was disabled, and its condition says so', async () => {
    const { run, record, before, things } = account();
    await run();
    record({ lifecycle: 'retiring', generation: 4 });
    before.remove = (unit) => {
      if (unit.endsWith('us-east-1'))
        throw new AccountNotReady('AuthFailure', { reason: 'CredentialsUnknown' });
    };
    expect(said(await run())).toContain('Parameters us-east-1: False RegionNotEnabled');
    expect([...things.keys()].sort()).toEqual(['network us-east-1', 'parameters us-east-1', 'role global']);
  });

  it('keeps the role while a network is in use, and loses the parameters that name the network', async () => {
    const { run, record, before, things } = account([HOME]);
    await run();
    record({ lifecycle: 'retiring', generation: 4, regions: [HOME] });
    before.remove = (unit) => {
      if (unit.startsWith('network')) throw new ForeignResource('eni-1 is in it', { reason: 'InUse' });
    };
    expect(said(await run())).toEqual([
      'Network -: False InUse',
      'Parameters -: False Removed',
      'Role -: False WaitingForRemoval',
    ]);
    expect([...things.keys()].sort()).toEqual(['network eu-west-1', 'role global']);
  });

  it('keeps the rest if it is paused while it is cleared, and says so', async () => {
    const { run, record, before, things } = account();
    await run();
    record({ lifecycle: 'retiring', generation: 4 });
    before.remove = (unit) => {
      if (unit === `parameters ${HOME}`) record({ lifecycle: 'retiring', generation: 4, paused: true });
    };
    const status = await run();
    expect([...things.keys()]).toEqual(expect.arrayContaining(['network eu-west-1', 'role global']));
    expect(said(status)).toEqual(
      expect.arrayContaining([`Network ${HOME}: False Paused`, 'Role -: False Paused']),
    );
  });

  it('is cleared in every region, parameters before the network that they name', async () => {
    const { run, record, things, log } = account();
    await run();
    record({ lifecycle: 'retiring', generation: 4 });
    const status = await run();
    expect([...things.keys()]).toEqual([]);
    expect(status.retired).toBe(true);
    for (const region of REGIONS)
      expect(log.indexOf(`remove parameters ${region}`)).toBeLessThan(
        log.indexOf(`remove network ${region}`),
      );
  });
});

describe('a region in which a killed run has made resources', () => {
  const AWAY = 'ap-southeast-2';
  const left = [HOME, 'us-east-1'];

  /** A run that makes the network of the region, and is killed then. */
  async function killed(one: ReturnType<typeof account>): Promise<void> {
    one.before.apply = (unit) => {
      if (unit !== `network ${AWAY}`) return undefined;
      one.things.set(unit, { id: `network-${AWAY}`, value: '10.0.0.0/16' });
      return new Promise(() => undefined);
    };
    void one.run();
    await jest.advanceTimersByTimeAsync(1_000);
    jest.clearAllTimers();
    jest.setSystemTime(Date.now() + 400_000);
    one.before.apply = () => undefined;
    expect([...one.things.keys()]).toContain(`network ${AWAY}`);
  }
  const ofNetwork = (status: AccountStatus) =>
    said(status).filter((each) => each.startsWith(`Network ${AWAY}`));
  /** Where a run that has not ended may have made things, as the table has it. */
  const making = ({ store }: ReturnType<typeof account>) =>
    store.items('account#').find(({ sk }) => sk === 'status')?.making;
  const baseline = { name: 'analytics', version: 3 };

  it.each([
    ['the first run of the account', undefined],
    ['a run after it was added to others', left],
  ])('%s is named when it is dropped, and cleared when a person requests that', async (_, before) => {
    const one = account(before ?? REGIONS);
    if (before) {
      await one.run();
      one.record({ regions: REGIONS, generation: 4 });
    }
    await killed(one);
    const places = before ? [AWAY] : REGIONS;
    expect(making(one)).toEqual(places.map((region) => ({ region, baseline })));
    one.record({ regions: left, generation: 5 });
    const status = await one.run();
    expect(ofNetwork(status)).toEqual([`Network ${AWAY}: False NotInBaseline`]);
    expect(said(status).some((each) => each.startsWith(`Parameters ${AWAY}`))).toBe(false);
    expect([status.leftovers?.map(({ kind, region }) => `${kind} ${region}`), status.making]).toEqual([
      [`network ${AWAY}`],
      undefined,
    ]);
    one.record({ regions: left, clearing: [AWAY], generation: 6 });
    expect([(await one.run()).ready, one.things.size]).toEqual([true, 5]);
  });

  it('is found by the next run if it is still desired, and is no longer searched once it is as desired', async () => {
    const one = account();
    await killed(one);
    const status = await one.run();
    expect([status.ready, status.making, status.outputs[`regions.${AWAY}.vpc.id`]]).toEqual([
      ...[true, undefined],
      `network-${AWAY}`,
    ]);
  });

  it('stays known while it does not answer, and is named when it is dropped', async () => {
    const one = account();
    await killed(one);
    one.before.observe = (unit) => {
      if (unit.endsWith(AWAY)) throw new ServiceFault(`${AWAY} is down`);
    };
    expect((await one.run()).making).toEqual([{ region: AWAY, baseline }]);
    one.record({ regions: left, generation: 5 });
    const down = await one.run();
    expect([ofNetwork(down), down.leftovers?.length]).toEqual([[], 2]);
    one.before.observe = () => undefined;
    expect(ofNetwork(await one.run())).toEqual([`Network ${AWAY}: False NotInBaseline`]);
  });

  it('is cleared when the account is retired with its resources removed', async () => {
    const one = account();
    await killed(one);
    one.record({ regions: left, lifecycle: 'retiring', generation: 5 });
    expect([(await one.run()).retired, one.things.size]).toEqual([true, 0]);
  });

  it('is not recorded by a run that has nothing new to make', async () => {
    const one = account();
    await one.run();
    const drifted = one.things.get(`network ${AWAY}`);
    if (drifted) drifted.value = 'tampered';
    one.before.apply = () => new Promise(() => undefined);
    void one.run();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(making(one)).toBeUndefined();
    jest.clearAllTimers();
  });
});

describe('a dropped region whose clearing a person requested', () => {
  const AWAY = 'ap-southeast-2';
  const left = [HOME, 'us-east-1'];
  /** An account that has dropped a region, and has had a run since. */
  async function dropped() {
    const one = account();
    await one.run();
    one.record({ regions: left, generation: 4 });
    await one.run();
    one.log.length = 0;
    const clear = (given: Partial<AccountRecord> = {}) =>
      one.record({ regions: left, clearing: [AWAY], generation: 5, ...given });
    clear();
    return { ...one, clear };
  }

  it('is cleared, parameters before the network that they name, and everything else stays', async () => {
    const { run, things, log } = await dropped();
    const status = await run();
    expect(log.filter((one) => one.startsWith('remove'))).toEqual([
      `remove parameters ${AWAY}`,
      `remove network ${AWAY}`,
    ]);
    expect(things.size).toBe(5);
    expect([status.ready, status.leftovers ?? []]).toEqual([true, []]);
    expect(said(status).filter((one) => one.includes(AWAY))).toEqual([]);
    expect(status.lastPass?.result).toBe('corrected');
    expect(status.lastPass?.differences).toEqual([
      {
        ...{ kind: 'network', region: AWAY, resource: 'vpc.id', path: '', action: 'removed' },
        actual: `network-${AWAY}`,
      },
      {
        ...{ kind: 'parameters', region: AWAY, resource: 'parameters.made', path: '', action: 'removed' },
        actual: `parameters-${AWAY}`,
      },
    ]);
  });

  it('causes no calls in later runs, and is managed again when it is listed again', async () => {
    const { run, log, clear, entered, things } = await dropped();
    await run();
    log.length = 0;
    entered.length = 0;
    expect((await run()).lastPass?.result).toBe('unchanged');
    expect([log.filter((one) => one.includes(AWAY)), entered.includes('writing')]).toEqual([[], false]);
    clear({ regions: REGIONS, clearing: [AWAY], generation: 6 });
    expect((await run()).ready).toBe(true);
    expect((await run()).ready).toBe(true);
    expect(things.size).toBe(7);
  });

  it('keeps a resource that something else depends on, says so, and is tried again after 15 minutes', async () => {
    const { run, things, before } = await dropped();
    before.remove = (unit) => {
      if (unit === `network ${AWAY}`) throw new ForeignResource('eni-1 is in it.', { reason: 'InUse' });
    };
    const status = await run();
    expect(said(status).filter((one) => one.includes(AWAY))).toEqual([`Network ${AWAY}: False InUse`]);
    expect([...things.keys()].filter((unit) => unit.endsWith(AWAY))).toEqual([`network ${AWAY}`]);
    expect(status.leftovers).toMatchObject([{ kind: 'network', region: AWAY }]);
    const waits = Date.parse(status.dueAt ?? '') - Date.parse(status.lastPass?.finishedAt ?? '');
    expect([waits, status.lastPass?.result]).toEqual([15 * 60_000, 'failed']);
    before.remove = () => undefined;
    const after = await run();
    expect([after.ready, things.size]).toEqual([true, 5]);
  });

  it('delays the run by the time limit of one unit if it does not answer, and does not stop the other regions', async () => {
    const { run, things, before } = await dropped();
    const drifted = things.get(`network ${HOME}`);
    if (drifted) drifted.value = 'tampered';
    before.remove = () => new Promise(() => undefined);
    const running = run();
    await jest.advanceTimersByTimeAsync(180_000);
    const status = await running;
    expect(said(status)).toEqual(
      expect.arrayContaining([
        ...good([`Network ${HOME}`, 'Network us-east-1']),
        `Network ${AWAY}: False WaitingForRemoval`,
        `Parameters ${AWAY}: Unknown RegionSilent`,
      ]),
    );
    expect(things.get(`network ${HOME}`)?.value).toBe('10.0.0.0/16');
    before.remove = () => undefined;
    expect([(await run()).ready, things.size]).toEqual([true, 5]);
  });

  it.each<[string, Partial<AccountRecord>, string]>([
    ['paused', { paused: true }, 'Paused'],
    ['paused for a time', { paused: true, pause: pausedUntil(60_000) }, 'Paused'],
    ['observed only', { mode: 'observe' }, 'Drifted'],
  ])('stays as it is while the account is %s, and says so', async (_, given, reason) => {
    const { run, things, clear } = await dropped();
    clear(given);
    const status = await run();
    expect(things.size).toBe(7);
    expect(said(status).filter((one) => one.includes(AWAY))).toEqual([
      `Network ${AWAY}: False ${reason}`,
      `Parameters ${AWAY}: False ${reason}`,
    ]);
    expect(status.leftovers).toHaveLength(2);
    clear({ generation: 6 });
    expect([(await run()).ready, things.size]).toEqual([true, 5]);
  });

  it('is cleared while a pause is stored whose time is over', async () => {
    const { run, things, clear } = await dropped();
    clear({ paused: true, pause: pausedUntil(-1) });
    expect([(await run()).ready, things.size]).toEqual([true, 5]);
  });

  it('does not clear what the baseline dropped in a region that the account still has', async () => {
    const { run, things, store, baseline, clear } = await dropped();
    const { parameters: _, ...sections } = baseline;
    store.put({ ...aBaselineItem({ version: 4 }), sections });
    clear({ clearing: [HOME], baseline: { name: 'analytics', version: 4 }, generation: 6 });
    const status = await run();
    expect(things.size).toBe(7);
    expect(said(status)).toContain(`Parameters ${HOME}: False NotInBaseline`);
  });

  it('does not clear another dropped region', async () => {
    const { run, things, clear } = await dropped();
    clear({ regions: [HOME], generation: 6 });
    const status = await run();
    expect([...things.keys()].filter((unit) => unit.endsWith('us-east-1'))).toHaveLength(2);
    expect(said(status).filter((one) => /us-east-1|ap-/.test(one))).toEqual([
      'Network us-east-1: False NotInBaseline',
      'Parameters us-east-1: False NotInBaseline',
    ]);
  });

  it('is cleared completely by the run after a killed one', async () => {
    const { run, things, before } = await dropped();
    before.remove = (unit) => {
      if (unit !== `network ${AWAY}`) return undefined;
      jest.clearAllTimers();
      return new Promise(() => undefined);
    };
    void run();
    await jest.advanceTimersByTimeAsync(1_000);
    expect([...things.keys()].filter((unit) => unit.endsWith(AWAY))).toEqual([`network ${AWAY}`]);
    before.remove = () => undefined;
    jest.setSystemTime(Date.now() + 400_000);
    expect([(await run()).ready, things.size]).toEqual([true, 5]);
  });

  it('returns its address block once its network is removed, and not before', async () => {
    const { run, store, before } = await dropped();
    const block = (region: string, cidr: string) => ({
      ...{ accountId: MEMBER, region, pool: 'main', cidr, since: '2026-11-20T09:00:00Z' },
    });
    const blocks = [block(HOME, '10.0.0.0/20'), block(AWAY, '10.0.16.0/20')];
    store.put({ ...addressKey(MEMBER), accountId: MEMBER, version: 2, blocks });
    const held = () => store.items('account#').find(({ sk }) => sk === 'address')?.blocks;
    before.remove = () => {
      throw new ForeignResource('eni-1 is in it.', { reason: 'InUse' });
    };
    await run();
    expect(held()).toEqual(blocks);
    before.remove = () => undefined;
    await run();
    expect(held()).toEqual([blocks[0]]);
  });
});

describe('each unit of a run', () => {
  const compared = (log: readonly string[]) => log.filter((one) => one.startsWith('compare')).length;

  it('is compared once, whether it is written, left as it is, or in its desired state', async () => {
    const { run, record, log, things } = account();
    await run();
    expect(compared(log)).toBe(7);
    log.length = 0;
    await run();
    expect(compared(log)).toBe(7);
    record({ mode: 'observe', generation: 4 });
    things.clear();
    log.length = 0;
    await run();
    expect(compared(log)).toBe(7);
  });
});

describe('a run that finds no difference', () => {
  async function cost(regions: readonly string[]) {
    const one = account(regions);
    await one.run();
    one.entered.length = 0;
    one.log.length = 0;
    const before = { ...one.store.calls };
    let atOnce = 0;
    let most = 0;
    one.before.observe = async () => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
    };
    const { lastPass } = await one.run();
    const calls = Object.entries(one.store.calls).map(([name, count]) => [name, count - (before[name] ?? 0)]);
    const table = Object.fromEntries(calls.filter(([, count]) => count !== 0));
    return {
      most,
      sessions: one.entered.length,
      table,
      reads: lastPass?.calls.reads,
      writes: lastPass?.calls.writes,
    };
  }

  it('opens one session and saves once however many regions there are, with all reads at once', async () => {
    const single = await cost([HOME]);
    const triple = await cost(REGIONS);
    expect(single).toMatchObject({ sessions: 1, reads: 3, writes: 0, most: 3 });
    expect(triple).toMatchObject({ sessions: 1, reads: 7, writes: 0, most: 7 });
    expect(triple.table).toEqual(single.table);
  });
});

/** A pause that ends so many milliseconds from now. */
function pausedUntil(milliseconds: number): Pause {
  const now = new Date();
  return { at: now.toISOString(), until: new Date(now.getTime() + milliseconds).toISOString() };
}
