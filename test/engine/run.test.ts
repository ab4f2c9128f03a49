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

/** Calls by name, of a pass that found this. */
async function finished(...outcomes: UnitOutcome[]): Promise<string[]> {
  return (await pass(outcomes, aStatus())).calls;
}

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
    stands: { home: undefined, leftovers: [] },
    request: { message: { cause: { source: 's', detailType: 't', id: 'i' } }, lastReceive: false },
    calls: { reads: 1, writes: 1 },
    gate: openCallGate(new Date('9999-12-31'), systemClock.now),
  };
  const found = { outcomes, findings: [], failures: [] };
  const deps = { ...systemClock, main } as unknown as RunDeps;
  const outcome = await finish(under as unknown as Run, found, deps);
  return { calls: [...Object.keys(store.calls), ...put.map(({ detailType }) => detailType)], outcome };
}

describe('A pass that failed for a reason that will pass', () => {
  it('leaves a line of history, and says so, for what it mended: the next pass finds that as desired', async () => {
    const calls = await finished(role('updated'), failing);
    expect(calls).toContain('TransactWriteCommand');
    expect(calls).toContain('DriftCorrected');
  });

  it('leaves none when it mended nothing: it comes again', async () => {
    const calls = await finished(role('reported'), failing);
    expect(calls).toContain('PutCommand');
    expect(calls).not.toContain('DriftCorrected');
  });
});

describe('The seconds until an account is ready', () => {
  it('count from its own event, whatever asked for this pass, and only once', async () => {
    const { readySince: _, ...waiting } = aStatus({ ready: false });
    const first = await pass([role('updated')], waiting);
    expect(first.outcome).toMatchObject({ secondsToReady: expect.closeTo(600, 0) });
    expect((await pass([role('updated')], aStatus())).outcome).not.toHaveProperty('secondsToReady');
  });
});
