import { AccountClient, GetRegionOptStatusCommand } from '@aws-sdk/client-account';
import { describe, expect, it, jest } from '@jest/globals';
import { z } from 'zod';
import { planAccount, planDocument } from '../../controllers/engine/plan.ts';
import { REGION_POLICIES } from '../../controllers/engine/region-down.ts';
import { runUnit } from '../../controllers/engine/run-unit.ts';
import { withoutNames } from '../../controllers/kinds/comparison.ts';
import type { AnyKind, Blocked, Comparison } from '../../controllers/kinds/kind.ts';
import type { Access } from '../../shared/aws/access.ts';
import type { MemberClients, MemberClientsOptions } from '../../shared/aws/member-clients.ts';
import type { BaselineDocument } from '../../shared/domain/baseline.ts';
import { AccountNotReady } from '../../shared/domain/errors.ts';
import { namesIn } from '../../shared/domain/interpolate.ts';
import type { Difference } from '../../shared/domain/status.ts';
import { systemClock } from '../kit/clock.ts';
import { aConfig, aRecord, aStatus, MAIN, MEMBER } from '../kit/factories.ts';
import { answering, on } from '../kit/sdk.ts';

const inTheWay = (reason: string): Blocked => ({
  reason,
  message: `It is ${reason}.`,
  difference: { kind: 'things', resource: reason, path: '', action: 'reported' },
});

describe('planAccount', () => {
  const change: Difference = { kind: 'things', resource: 'role', path: 'trustPolicy', action: 'updated' };
  const message = 'It was put back.';
  const access = {
    type: 'Access',
    status: 'False',
    reason: 'ChangePutBack',
    message,
    changedAt: '',
  } as const;

  it.each([
    [
      'by the baseline of the account, a pass holds back',
      3,
      { is: 'blocked', reason: 'ChangePutBack', message },
    ],
    ['another baseline may write', 4, { is: 'held' }],
  ])('says of a change that was rolled back: what %s', async (_, version, state) => {
    const kind = {
      name: 'things',
      entryRole: { trustPath: 'trustPolicy' },
      section: z.any(),
      permissions: { read: [], write: [] },
      render: () => ({}),
      outputs: () => ({}),
      made: () => ({}),
      outputNames: () => [],
      observe: async () => ({ state: 'present', actual: {} }),
      diff: () => ({ differences: [change], blocked: [], unowned: [] }),
    } as unknown as AnyKind;
    const record = aRecord();
    const status = aStatus({ observedGeneration: record.generation, conditions: [access] });
    const enters = { enter: async () => ({ accessKeyId: 'x', secretAccessKey: 'x' }) } as unknown as Access;
    const baseline = { name: 'analytics', version, sections: { things: {} } } as unknown as BaselineDocument;
    const deps = { ...systemClock, config: aConfig(), access: enters, kinds: [kind] };
    const [planned] = await planAccount({ planId: 'plan', record, status, baseline }, deps);
    expect(planned?.state).toEqual(state);
  });

  it('says until when a difference is excepted, and that a run would change nothing', async () => {
    const kind = {
      name: 'things',
      section: z.any(),
      permissions: { read: [], write: [] },
      exceptions: { fields: { '*': 'freely' } },
      render: () => ({}),
      outputs: () => ({}),
      made: () => ({}),
      outputNames: () => [],
      observe: async () => ({ state: 'present', actual: {} }),
      diff: () => ({ differences: [change], blocked: [], unowned: [] }),
    } as unknown as AnyKind;
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const one = { path: 'things:role.*', until, because: 'a test', request: 'event-5', at: '' };
    const planned = async (given: typeof one) => {
      const outcomes = await planAccount(
        {
          planId: 'plan',
          record: aRecord({ exceptions: [given] }),
          status: aStatus(),
          baseline: {
            name: 'analytics',
            version: 3,
            sections: { things: {} },
          } as unknown as BaselineDocument,
        },
        {
          ...systemClock,
          config: aConfig(),
          access: {
            enter: async () => ({ accessKeyId: 'x', secretAccessKey: 'x' }),
          } as unknown as Access,
          kinds: [kind],
        },
      );
      const { differences } = planDocument(MEMBER, { name: 'analytics', version: 3 }, outcomes);
      return { state: outcomes[0]?.state.is, differences };
    };
    expect(await planned(one)).toEqual({
      state: 'inDesiredState',
      differences: [{ ...change, action: 'reported', exceptedUntil: until }],
    });
    const over = { ...one, until: new Date(Date.now() - 1).toISOString() };
    expect(await planned(over)).toEqual({ state: 'held', differences: [change] });
  });

  it('names all obstacles like a run does, units that wait for others last', async () => {
    const blocked = [inTheWay('WaitingForOutputs'), inTheWay('ForeignResource')];
    const kind = {
      name: 'things',
      section: z.any(),
      permissions: { read: [], write: [] },
      render: () => ({}),
      made: () => ({}),
      outputNames: () => [],
      observe: async () => ({ state: 'absent' }),
      diff: () => ({ differences: [], blocked, unowned: [] }),
    } as unknown as AnyKind;
    const record = aRecord();
    const config = aConfig();
    const access = { enter: async () => ({ accessKeyId: 'x', secretAccessKey: 'x' }) } as unknown as Access;
    const sections = { things: {} };
    const baseline = { name: 'analytics', version: 3, sections } as unknown as BaselineDocument;
    const [planned] = await planAccount(
      { planId: 'plan', record, status: undefined, baseline },
      { ...systemClock, config, access, kinds: [kind] },
    );
    const message = 'It is ForeignResource. It is WaitingForOutputs.';
    expect(planned?.state).toEqual({ is: 'blocked', reason: 'ForeignResource', message });
    const account = { accountId: MEMBER, partition: 'aws', region: 'eu-west-1', owner: MAIN };
    const kept = await runUnit(
      { kind, section: {}, account, observation: { state: 'absent' } },
      { record, config, outputs: {}, clock: systemClock },
      { may: async () => true, clients: () => Promise.reject(new Error('written')) },
    );
    expect(planned?.state).toEqual(kept.state);
  });

  describe('planAccount with units that wait for what an earlier unit of the same run makes', () => {
    const made: Difference = { kind: 'network', resource: 'vpc', path: '', action: 'created' };
    const parameter = (name: string, desired: string, actual?: string): Blocked => ({
      ...withoutNames(`The parameter ${name}`, namesIn(desired)),
      difference: {
        ...{ kind: 'parameters', resource: name, path: 'value', desired, action: 'reported' },
        ...(actual !== undefined && { actual }),
      },
    });
    const kind = (name: string, outputNames: string[], comparison: Partial<Comparison>) =>
      ({
        ...{ name, scope: 'regional', section: z.any(), permissions: { read: [], write: [] } },
        outputNames: () => outputNames,
        render: () => ({}),
        made: () => ({}),
        observe: async () => ({ state: 'absent' }),
        diff: () => ({ differences: [], blocked: [], unowned: [], ...comparison }),
      }) as unknown as AnyKind;
    const plannedBy = async (network: Partial<Comparison>, ...blocked: Blocked[]) => {
      const kinds = [kind('parameters', [], { blocked }), kind('network', ['vpc.id'], network)];
      const access = { enter: async () => ({ accessKeyId: 'x', secretAccessKey: 'x' }) } as unknown as Access;
      const sections = { parameters: blocked.map(({ difference }) => difference.desired), network: {} };
      const baseline = { name: 'wide', version: 1, sections } as unknown as BaselineDocument;
      const outcomes = await planAccount(
        { planId: 'plan', record: aRecord(), status: undefined, baseline },
        { ...systemClock, config: aConfig(), access, kinds },
      );
      return planDocument(MEMBER, { name: 'wide' }, outcomes);
    };

    it('shows the outputs as known after the run, and no obstacle', async () => {
      const blocked = [parameter('/new', 'id: ${vpc.id}'), parameter('/old', '${vpc.id}', 'vpc-1')];
      expect(await plannedBy({ differences: [made] }, ...blocked)).toMatchObject({
        differences: [
          { resource: '/new', desired: 'id: (known after the run: ${vpc.id})', action: 'created' },
          {
            resource: '/old',
            desired: '(known after the run: ${vpc.id})',
            actual: 'vpc-1',
            action: 'updated',
          },
          made,
        ],
        obstacles: [],
      });
    });

    it.each([
      ['an output that no unit has', { differences: [made] }, 'us-east-1 ${regions.us-east-1.vpc.id}'],
      ['an output of a unit that is blocked itself', { blocked: [inTheWay('ForeignResource')] }, '${vpc.id}'],
    ])('says blocked for a unit that waits for %s', async (_, network, value) => {
      const { differences, obstacles } = await plannedBy(network, parameter('/new', value));
      expect(differences).toContainEqual(expect.objectContaining({ desired: value, action: 'reported' }));
      expect(obstacles).toContainEqual(expect.objectContaining({ kind: 'parameters', state: 'blocked' }));
    });
  });

  it('names the leftovers that a run would not remove: of a dropped kind, of a dropped region', async () => {
    const dropped = {
      ...{ name: 'things', scope: 'regional', section: z.any() },
      made: (recorded: Readonly<Record<string, string>>) => ('thing.id' in recorded ? recorded : {}),
    } as unknown as AnyKind;
    const home = { region: 'us-west-2', baseline: { name: 'analytics', version: 2 } };
    const status = aStatus({ outputs: { 'thing.id': 'thing-1' }, home });
    const access = { enter: async () => ({ accessKeyId: 'x', secretAccessKey: 'x' }) } as unknown as Access;
    const baseline = { name: 'analytics', version: 3, sections: {} } as unknown as BaselineDocument;
    const planned = await planAccount(
      { planId: 'plan', record: aRecord(), status, baseline },
      { ...systemClock, config: aConfig(), access, kinds: [dropped] },
    );
    const state = { is: 'blocked', reason: 'NotInBaseline', message: expect.stringContaining('us-west-2') };
    expect(planned).toMatchObject([{ region: 'us-west-2', state }]);
  });

  describe('planAccount for several regions, one of which is not enabled in the account', () => {
    const [HOME, AWAY] = ['eu-west-1', 'af-south-1'];
    const failure = new AccountNotReady('ec2:DescribeVpcs: AuthFailure', { reason: 'CredentialsUnknown' });

    /** Plans for an account in both, and tells what was called, and in which sessions. */
    async function planned(given: Partial<BaselineDocument> = {}, fails: () => unknown = () => failure) {
      const policies: string[] = [];
      const asked: string[] = [];
      const account = answering(
        new AccountClient({ region: 'us-east-1' }),
        on(GetRegionOptStatusCommand, ({ RegionName }) => {
          asked.push(RegionName ?? '');
          return { RegionOptStatus: 'DISABLED' as const };
        }),
      );
      const kind = (name: string) =>
        ({
          ...{ name, scope: 'regional', section: z.any() },
          permissions: { read: ['ec2:DescribeVpcs'], write: [] },
          render: () => ({}),
          made: () => ({}),
          outputNames: () => [],
          async observe(_: unknown, { clients }: { clients: { region: string } }) {
            if (clients.region !== AWAY) return { state: 'absent' };
            throw await fails();
          },
          diff: () => ({ differences: [], blocked: [], unowned: [] }),
        }) as unknown as AnyKind;
      const access = {
        enter: async (_: unknown, { policy = '' }: { policy?: string }) => void policies.push(policy),
        evict: () => undefined,
      } as unknown as Access;
      const kinds = [kind('network'), kind('parameters')];
      const sections = { network: {}, parameters: {} };
      const baseline = { name: 'wide', version: 1, regions: [HOME, AWAY], sections, ...given };
      const clients = ({ region }: MemberClientsOptions) => ({ region, account }) as unknown as MemberClients;
      const outcomes = await planAccount(
        { planId: 'plan', record: aRecord(), status: undefined, baseline: baseline as BaselineDocument },
        { ...systemClock, config: aConfig(), access, kinds, clients },
      );
      const { obstacles } = planDocument(MEMBER, { name: 'wide' }, outcomes);
      return { obstacles, asked, policies };
    }

    it('says that the region is not enabled, with the remedy, and does not enable it', async () => {
      const { obstacles, asked, policies } = await planned();
      const message = expect.stringMatching(
        /^The region af-south-1 is not enabled in the account\. Enable it/,
      );
      expect(obstacles).toEqual([
        { kind: 'network', region: AWAY, state: 'failed', message },
        { kind: 'parameters', region: AWAY, state: 'failed', message },
      ]);
      expect([asked, policies.at(-1)]).toEqual([[AWAY], REGION_POLICIES.read]);
      expect(policies).not.toContain(REGION_POLICIES.enable);
    });

    it('says that a run would enable the region if the baseline allows that, and does not enable it', async () => {
      const { obstacles, policies } = await planned({ enableRegions: true });
      expect(obstacles.map(({ state }) => state)).toEqual(['settling', 'settling']);
      expect(obstacles[0]?.message).toContain('a run enables it');
      expect(policies).not.toContain(REGION_POLICIES.enable);
    });

    it('abandons a region that does not answer, and names the differences in the others', async () => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
      const planning = planned({}, () => new Promise(() => undefined));
      await jest.advanceTimersByTimeAsync(60_000);
      const { obstacles, asked } = await planning.finally(() => jest.useRealTimers());
      expect(obstacles.map(({ region, message }) => [region, message])).toEqual(
        Array(2).fill([AWAY, expect.stringContaining('did not answer in af-south-1 within 60 s')]),
      );
      expect(asked).toEqual([]);
    });
  });
});
