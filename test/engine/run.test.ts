import { describe, expect, it } from '@jest/globals';
import { openCallGate } from '../../controllers/engine/gate.ts';
import type { Run, RunDeps, UnitOutcome } from '../../controllers/engine/model.ts';
import { finish } from '../../controllers/engine/run.ts';
import type { AnyKind } from '../../controllers/kinds/kind.ts';
import { ServiceFault } from '../../shared/domain/errors.ts';
import type { AccountStatus, DifferenceAction } from '../../shared/domain/status.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { systemClock } from '../kit/clock.ts';
import { aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

const failing: UnitOutcome = {
  kind: { name: 'parameters' } as AnyKind,
  differences: [],
  unowned: [],
  state: { is: 'failed', error: new ServiceFault('SSM is away') },
};
const role = (action: DifferenceAction): UnitOutcome => ({
  kind: { name: 'executionRole' } as AnyKind,
  differences: [{ kind: 'executionRole', resource: 'r', path: 'description', action }],
  unowned: [],
  state: { is: 'inDesiredState' },
});

/** A run that found this: how it ends, the lines of history that it leaves, and what it announces. */
async function pass(outcomes: UnitOutcome[], before: AccountStatus) {
  const record = aRecord({ requestedAt: new Date(Date.now() - 600_000).toISOString() });
  const { main, store, put } = fakeMain([
    { ...record, ...accountKey(MEMBER) },
    { ...before, ...statusKey(MEMBER) },
  ]);
  const under = {
    id: 'pass-2',
    startedAt: new Date(),
    record,
    before,
    place: { outputs: {} },
    regions: ['eu-west-1'],
    elsewhere: new Map(),
    stands: { home: undefined, leftovers: [], making: [] },
    request: { message: { cause: { source: 's', detailType: 't', id: 'i' } }, lastReceive: false },
    calls: { reads: 1, writes: 1 },
    gate: openCallGate(new Date('9999-12-31'), systemClock.now),
  };
  const found = { outcomes, findings: [], failures: [] };
  const deps = { ...systemClock, main } as unknown as RunDeps;
  const outcome = await finish(under as unknown as Run, found, deps);
  const history = store.items('account#').filter(({ sk }) => String(sk).startsWith('pass#'));
  return { history, announced: put.map(({ detailType }) => detailType), outcome };
}

describe('a run that failed for a reason that passes by itself', () => {
  it('saves a line of history and announces what it corrected: the next run finds that as desired', async () => {
    const { history, announced } = await pass([role('updated'), failing], aStatus());
    expect(history).toMatchObject([{ id: 'pass-2' }]);
    expect(announced).toContain('DriftCorrected');
  });

  it('saves no line of history if it corrected nothing: it is repeated', async () => {
    const { history, announced } = await pass([role('reported'), failing], aStatus());
    expect(history).toEqual([]);
    expect(announced).not.toContain('DriftCorrected');
  });
});

describe('secondsToReady', () => {
  it("is counted from the account's own event, whatever caused the run, and only once", async () => {
    const { readySince: _, ...waiting } = aStatus({ ready: false });
    const first = await pass([role('updated')], waiting);
    expect(first.outcome).toMatchObject({ secondsToReady: expect.closeTo(600, 0) });
    expect((await pass([role('updated')], aStatus())).outcome).not.toHaveProperty('secondsToReady');
  });
});
