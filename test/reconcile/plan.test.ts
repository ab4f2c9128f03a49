import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { AnyKind, Blocked } from '../../controllers/kinds/kind.ts';
import { keepKind } from '../../controllers/reconcile/keep-kind.ts';
import { planAccount } from '../../controllers/reconcile/plan.ts';
import type { Access } from '../../shared/access.ts';
import type { BaselineDocument } from '../../shared/baseline.ts';
import { aConfig, aRecord, MAIN, MEMBER } from '../factories.ts';

const inTheWay = (reason: string): Blocked => ({
  reason,
  message: `It is ${reason}.`,
  difference: { kind: 'things', resource: reason, path: '', action: 'reported' },
});

describe('a plan', () => {
  it('says what stands in the way as a pass does: all of it, what waits for others last', async () => {
    const blocked = [inTheWay('WaitingForOutputs'), inTheWay('ForeignResource')];
    const kind = {
      name: 'things',
      section: z.any(),
      permissions: { read: [], write: [] },
      render: () => ({}),
      observe: async () => ({ state: 'absent' }),
      diff: () => ({ differences: [], blocked, foreign: [] }),
    } as unknown as AnyKind;
    const record = aRecord();
    const config = aConfig();
    const access = { enter: async () => ({ accessKeyId: 'x', secretAccessKey: 'x' }) } as unknown as Access;
    const sections = { things: {} };
    const baseline = { name: 'analytics', version: 3, sections } as unknown as BaselineDocument;
    const [planned] = await planAccount(
      { record, status: undefined, baseline },
      { config, access, kinds: [kind] },
    );
    const message = 'It is ForeignResource. It is WaitingForOutputs.';
    expect(planned?.state).toEqual({ is: 'blocked', reason: 'ForeignResource', message });
    const account = { accountId: MEMBER, partition: 'aws', region: 'eu-west-1', owner: MAIN };
    const kept = await keepKind(
      { kind, section: {}, account, observation: { state: 'absent' } },
      { record, config, outputs: {} },
      { held: false, clients: () => Promise.reject(new Error('written')) },
    );
    expect(planned?.state).toEqual(kept.state);
  });
});
