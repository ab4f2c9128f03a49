import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { planAccount } from '../../controllers/engine/plan.ts';
import { runUnit } from '../../controllers/engine/run-unit.ts';
import type { AnyKind, Blocked } from '../../controllers/kinds/kind.ts';
import type { Access } from '../../shared/aws/access.ts';
import type { BaselineDocument } from '../../shared/domain/baseline.ts';
import type { Difference } from '../../shared/domain/status.ts';
import { systemClock } from '../kit/clock.ts';
import { aConfig, aRecord, aStatus, MAIN, MEMBER } from '../kit/factories.ts';

const inTheWay = (reason: string): Blocked => ({
  reason,
  message: `It is ${reason}.`,
  difference: { kind: 'things', resource: reason, path: '', action: 'reported' },
});

describe('a plan', () => {
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
  ])('says of a change that was put back: what %s', async (_, version, state) => {
    const kind = {
      name: 'things',
      entryRole: { trustPath: 'trustPolicy' },
      section: z.any(),
      permissions: { read: [], write: [] },
      render: () => ({}),
      outputs: () => ({}),
      made: () => ({}),
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

  it('says what stands in the way as a pass does: all of it, what waits for others last', async () => {
    const blocked = [inTheWay('WaitingForOutputs'), inTheWay('ForeignResource')];
    const kind = {
      name: 'things',
      section: z.any(),
      permissions: { read: [], write: [] },
      render: () => ({}),
      made: () => ({}),
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

  it('says what a pass would leave where it stands: what the baseline, or the region, no longer has', async () => {
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
});
