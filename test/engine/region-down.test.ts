import { AccountClient, EnableRegionCommand, GetRegionOptStatusCommand } from '@aws-sdk/client-account';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { z } from 'zod';
import { openCallGate } from '../../controllers/engine/gate.ts';
import type { RunDeps } from '../../controllers/engine/model.ts';
import { openUnitGate, REGION_POLICIES, regionFailure } from '../../controllers/engine/region-down.ts';
import { reconcile } from '../../controllers/engine/run.ts';
import type { AnyKind } from '../../controllers/kinds/kind.ts';
import type { MemberClientsOptions } from '../../shared/aws/member-clients.ts';
import type { AccountRecord, BaselineReference } from '../../shared/domain/account.ts';
import { AccessDenied, AccountNotReady, Throttled } from '../../shared/domain/errors.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { systemClock } from '../kit/clock.ts';
import { aBaselineItem, aConfig, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { answering, on } from '../kit/sdk.ts';

const REGION = 'af-south-1';
const failure = new AccountNotReady('ec2:DescribeVpcs: AuthFailure', { reason: 'CredentialsUnknown' });

/** What becomes of a failure in a region of that status, and which calls are made. */
async function explained(
  status: string,
  {
    mayEnable = false,
    error = failure as unknown,
    asked = () => {},
    enabled = () => {},
  }: { mayEnable?: boolean; error?: unknown; asked?: () => void; enabled?: () => void } = {},
) {
  const calls: string[] = [];
  const account = answering(
    new AccountClient({ region: 'us-east-1' }),
    on(GetRegionOptStatusCommand, ({ RegionName }) => {
      calls.push(`status of ${RegionName}`);
      asked();
      return { RegionOptStatus: status as never };
    }),
    on(EnableRegionCommand, ({ RegionName }) => {
      calls.push(`enable ${RegionName}`);
      enabled();
      return {};
    }),
  );
  const opened: string[] = [];
  const open = async (purpose: keyof typeof REGION_POLICIES) => {
    opened.push(purpose);
    return { account };
  };
  return {
    said: await regionFailure(error, REGION, { open, mayEnable: async () => mayEnable }),
    calls,
    opened,
  };
}

describe('regionFailure', () => {
  it('makes no call, and returns the failure, if no disabled region can be its cause', async () => {
    for (const error of [new Throttled('slow down'), new AccountNotReady('new', { reason: 'Blocked' })]) {
      expect(await explained('DISABLED', { error })).toEqual({ said: error, calls: [], opened: [] });
    }
  });

  it('returns the error of an answer about the region that cannot be read', async () => {
    const unreadable = new SyntaxError('Unexpected token < in JSON');
    const asked = () => {
      throw unreadable;
    };
    expect((await explained('DISABLED', { asked })).said).toBe(unreadable);
  });

  it.each(['DISABLED', 'DISABLING'])(
    'says that the region is not enabled, with the remedy, if its status is %s',
    async (status) => {
      const { said, calls } = await explained(status);
      expect(said).toMatchObject({
        name: 'InvalidDesiredState',
        reason: 'RegionNotEnabled',
        message: 'The region af-south-1 is not enabled in the account.',
        remedy: expect.stringMatching(/enableRegions: true/),
        cause: failure,
      });
      expect(calls).toEqual(['status of af-south-1']);
    },
  );

  it('enables the region if the baseline allows that, in a session that may do only that, and waits', async () => {
    const { said, calls, opened } = await explained('DISABLED', { mayEnable: true });
    expect(said).toMatchObject({
      name: 'AccountNotReady',
      reason: 'EnablingRegion',
      retryAfterSeconds: 300,
    });
    expect(calls).toEqual(['status of af-south-1', 'enable af-south-1']);
    expect(opened).toEqual(['read', 'enable']);
    expect(JSON.parse(REGION_POLICIES.enable).Statement[0].Action).toEqual(['account:EnableRegion']);
  });

  it('waits, and does not enable the region again, while AWS enables it', async () => {
    const { said, calls } = await explained('ENABLING', { mayEnable: true });
    expect(said).toMatchObject({ reason: 'EnablingRegion' });
    expect(calls).toEqual(['status of af-south-1']);
  });

  it('never enables a region that is being disabled', async () => {
    const { said, calls } = await explained('DISABLING', { mayEnable: true });
    expect([said, calls]).toMatchObject([{ reason: 'RegionNotEnabled' }, ['status of af-south-1']]);
  });

  it('waits if somebody else enables a region at the same time', async () => {
    const enabled = () => {
      throw Object.assign(new Error('in progress'), { name: 'ConflictException' });
    };
    const { said } = await explained('DISABLED', { mayEnable: true, enabled });
    expect(said).toMatchObject({ reason: 'EnablingRegion' });
  });

  it('returns the denial if the account allows nobody to enable regions', async () => {
    const denial = new AccessDenied('account:EnableRegion: denied by the organization');
    const enabled = () => {
      throw denial;
    };
    expect((await explained('DISABLED', { mayEnable: true, enabled })).said).toBe(denial);
  });

  it.each(['ENABLED', 'ENABLED_BY_DEFAULT'])('returns the failure if the region is %s', async (status) => {
    expect((await explained(status, { mayEnable: true })).said).toBe(failure);
  });

  it('returns the failure if the status may not be read', async () => {
    const asked = () => {
      throw new AccessDenied('account:GetRegionOptStatus');
    };
    const { said, calls } = await explained('DISABLED', { mayEnable: true, asked });
    expect([said, calls]).toEqual([failure, ['status of af-south-1']]);
  });
});

/** A run over an account with things in two regions, the second of which is not enabled in it: what is said, and what was called. */
async function run(given: Partial<AccountRecord>, baseline: object) {
  const { main, store } = fakeMain();
  store.put(
    { ...aBaselineItem(), sections: { things: {} }, ...baseline },
    { ...aRecord({ regions: ['eu-west-1', REGION], ...given }), ...accountKey(MEMBER) },
    { ...aStatus(), ...statusKey(MEMBER) },
  );
  const calls: string[] = [];
  const account = answering(
    new AccountClient({ region: 'us-east-1' }),
    on(GetRegionOptStatusCommand, () => ({ RegionOptStatus: 'DISABLED' as const })),
    on(EnableRegionCommand, ({ RegionName }) => void calls.push(`enable ${RegionName}`)),
  );
  const things: AnyKind = {
    name: 'things',
    scope: 'regional',
    section: z.any(),
    permissions: { read: ['ec2:DescribeVpcs'], write: ['ec2:CreateVpc'] },
    outputNames: () => [],
    render: (section) => section,
    observe: async (_, { account: { region } }) => {
      if (region === REGION) throw failure;
      return { state: 'present', actual: {} };
    },
    outputs: () => ({}),
    made: () => ({}),
    diff: () => ({ differences: [], blocked: [], unowned: [] }),
    apply: async () => {},
    remove: async () => {},
  };
  const deps = {
    ...systemClock,
    config: aConfig(),
    main,
    access: {
      enter: async (_: unknown, { policy }: { policy: string }) => {
        if (/account:/.test(policy)) calls.push(`session for ${/account:\w+/.exec(policy)}`);
      },
      evict: () => undefined,
    },
    kinds: [things],
    loadBaseline: ({ name, version }: BaselineReference) => getBaseline(store.table, name, version),
    clients: (_: MemberClientsOptions) => ({ account }),
  } as unknown as RunDeps;
  const cause = { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'event-1' };
  const sentAt = new Date();
  await reconcile(
    {
      message: { accountId: MEMBER, cause, requestedAt: sentAt.toISOString() },
      sentAt,
      until: new Date(Date.now() + 120_000),
      lastReceive: false,
    },
    deps,
  );
  const status = store.items('account#').find(({ sk }) => sk === 'status') as unknown as ReturnType<
    typeof aStatus
  >;
  const said = status.conditions.filter(({ type }) => type === 'Things');
  return { said: said.map(({ region, status, reason }) => [region, status, reason]), calls };
}

describe('a run of an account with a region that is not enabled', () => {
  it('says so for the units of that region, and corrects the other region', async () => {
    expect(await run({}, {})).toEqual({
      said: [
        ['eu-west-1', 'True', 'InDesiredState'],
        [REGION, 'False', 'RegionNotEnabled'],
      ],
      calls: ['session for account:GetRegionOptStatus'],
    });
  });

  it('enables the region if the baseline allows that', async () => {
    const { said, calls } = await run({}, { enableRegions: true });
    expect(said).toContainEqual([REGION, expect.stringMatching(/False|Unknown/), 'EnablingRegion']);
    expect(calls).toEqual([
      'session for account:GetRegionOptStatus',
      'session for account:EnableRegion',
      `enable ${REGION}`,
    ]);
  });

  it('enables no region of an account in mode observe', async () => {
    const { said, calls } = await run({ mode: 'observe' }, { enableRegions: true });
    expect(said).toContainEqual([REGION, 'False', 'RegionNotEnabled']);
    expect(calls).toEqual(['session for account:GetRegionOptStatus']);
  });
});

describe('openUnitGate', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const far = () => openCallGate(new Date(Date.now() + 600_000), systemClock.now);
  const limit = { region: 'us-east-1', milliseconds: 20_000 };

  it('abandons a region that does not answer, and lets no further call of the unit through', async () => {
    const unit = openUnitGate(far(), limit, systemClock.now);
    const silent = {
      name: 'ServiceFault',
      reason: 'RegionSilent',
      message: expect.stringContaining('us-east-1'),
    };
    const given = expect(unit.within(() => new Promise(() => undefined))).rejects.toMatchObject(silent);
    await jest.advanceTimersByTimeAsync(20_000);
    await given;
    expect(() => unit.gate.check({ writes: true })).toThrow('did not answer');
  });

  it('returns or throws what the work returns or throws in time, and leaves no timer', async () => {
    const unit = openUnitGate(far(), limit, systemClock.now);
    expect(await unit.within(async () => 'seen')).toBe('seen');
    await expect(unit.within(() => Promise.reject(new Error('no such VPC')))).rejects.toThrow('no such VPC');
    expect(jest.getTimerCount()).toBe(0);
    expect(() => unit.gate.check({ writes: false })).not.toThrow();
  });

  it('ends with the run if the run ends first, and uses the lease of the run', () => {
    const run = openCallGate(new Date(Date.now() + 40_000), systemClock.now);
    const unit = openUnitGate(run, limit, systemClock.now);
    expect(unit.gate.deadline).toEqual(run.deadline);
    run.leased(undefined);
    expect(() => unit.gate.check({ writes: true })).toThrow('lost its lease');
  });
});
