import { describe, expect, it } from '@jest/globals';
import { announcements, isToldDegraded } from '../../controllers/engine/outbox.ts';
import type { Condition, Difference } from '../../shared/domain/status.ts';
import { aPass, aRecord, aStatus } from '../kit/factories.ts';

const condition = (status: Condition['status']): Condition => ({
  type: 'Network',
  status,
  reason: status === 'True' ? 'InDesiredState' : 'NeedsReplacement',
  message: 'The CIDR of the VPC differs.',
  changedAt: '2026-11-20T10:00:00.000Z',
});
const difference: Difference = { kind: 'network', resource: 'vpc', path: 'cidr', action: 'updated' };
const afterwards = (given: Parameters<typeof aStatus>[0]) => {
  const status = aStatus(given);
  return { ...status, lastPass: status.lastPass ?? aPass() };
};
const ready = afterwards({ conditions: [condition('True')] });
const never = aStatus({ ready: false, conditions: [] });
const { readySince: _, ...neverReady } = never;

describe('announcements', () => {
  it.each([
    ['nothing when nothing changed', aStatus(), ready, []],
    ['AccountReady the first time', undefined, ready, ['AccountReady']],
    ['AccountReady when it is ready again', aStatus({ ready: false }), ready, ['AccountReady']],
    [
      'DriftCorrected for an account that was ready',
      aStatus(),
      afterwards({ lastPass: aPass({ result: 'corrected', differences: [difference] }) }),
      ['DriftCorrected'],
    ],
    [
      'DriftCorrected for what was mended, although something else stands in the way',
      aStatus({ ready: false, lastPass: aPass({ result: 'failed' }) }),
      afterwards({
        ready: false,
        conditions: [condition('False')],
        lastPass: aPass({ result: 'failed', differences: [difference] }),
      }),
      ['DriftCorrected'],
    ],
    [
      'no DriftCorrected for a change that was put back',
      aStatus(),
      afterwards({
        ready: false,
        conditions: [{ ...condition('False'), type: 'Access', reason: 'ChangePutBack' }],
        lastPass: aPass({ result: 'failed', differences: [{ ...difference, action: 'reported' }] }),
      }),
      ['AccountDegraded'],
    ],
    [
      'no DriftCorrected while it is first made',
      { ...neverReady },
      afterwards({ lastPass: aPass({ result: 'corrected', differences: [difference] }) }),
      ['AccountReady'],
    ],
    [
      'AccountDegraded when it no longer is ready',
      aStatus(),
      afterwards({ ready: false, conditions: [condition('False')], lastPass: aPass({ result: 'failed' }) }),
      ['AccountDegraded'],
    ],
    [
      'no second AccountDegraded while it stays so',
      aStatus({ ready: false, lastPass: aPass({ result: 'failed' }) }),
      afterwards({ ready: false, conditions: [condition('False')], lastPass: aPass({ result: 'failed' }) }),
      [],
    ],
    [
      'DriftDetected when an observed account differs',
      aStatus(),
      afterwards({
        ready: false,
        conditions: [condition('False')],
        lastPass: aPass({ result: 'drifted', differences: [{ ...difference, action: 'reported' }] }),
      }),
      ['DriftDetected', 'AccountDegraded'],
    ],
    [
      'no second DriftDetected for the same differences',
      aStatus({
        ready: false,
        lastPass: aPass({ result: 'drifted', differences: [{ ...difference, action: 'reported' }] }),
      }),
      afterwards({
        ready: false,
        conditions: [condition('False')],
        lastPass: aPass({ result: 'drifted', differences: [{ ...difference, action: 'reported' }] }),
      }),
      [],
    ],
  ] as const)('%s', (_title, before, now, expected) => {
    expect(announcements(aRecord(), before, now).map(({ detailType }) => detailType)).toEqual(expected);
  });

  it('no second DriftDetected for the same differences of which the status kept the first ones only', () => {
    const differences = Array.from({ length: 5 }, (_, index) => ({
      ...difference,
      action: 'reported' as const,
      resource: `subnet ${index}`,
    }));
    const keeping = (kept: number) => {
      const rest = { differences: differences.slice(0, kept), differencesOmitted: differences.length - kept };
      return aStatus({ ready: false, lastPass: aPass({ result: 'drifted', ...rest }) });
    };
    const now = (found: readonly Difference[]) =>
      afterwards({ ready: false, lastPass: aPass({ result: 'drifted', differences: found }) });
    expect(announcements(aRecord(), keeping(3), now(differences))).toEqual([]);
    expect(announcements(aRecord(), keeping(3), now(differences.slice(0, 4)))).toMatchObject([
      { detailType: 'DriftDetected' },
    ]);
  });

  it('tells once of an account that fails and waits in turns, until it is ready', () => {
    const run = (result: 'failed' | 'waiting' | 'unchanged') =>
      afterwards({
        ready: result === 'unchanged',
        conditions: [condition(result === 'unchanged' ? 'True' : 'False')],
        lastPass: aPass({ result }),
      });
    const results = ['failed', 'waiting', 'failed', 'unchanged', 'waiting', 'failed'] as const;
    let before: Parameters<typeof announcements>[1];
    const told = results.map((result) => {
      const after = run(result);
      const owed = announcements(aRecord(), before, after).map(({ detailType }) => detailType);
      before = { ...after, ...(isToldDegraded(aRecord(), before, after) && { degraded: true }) };
      return owed;
    });
    expect(told).toEqual([['AccountDegraded'], [], [], ['AccountReady'], ['AccountDegraded'], []]);
  });

  it('keeps an event below the size limit of PutEvents', () => {
    const big = Array.from(
      { length: 100 },
      (): Difference => ({ ...difference, actual: 'x'.repeat(10_000) }),
    );
    const [event] = announcements(
      aRecord(),
      aStatus(),
      afterwards({ lastPass: aPass({ result: 'corrected', differences: big }) }),
    );
    expect(JSON.stringify(event?.detail).length).toBeGreaterThan(100_000);
    expect(JSON.stringify(event?.detail).length).toBeLessThan(250_000);
  });

  it('has AccountReady again for an account that was retired with its resources retained and is managed again', () => {
    const record = aRecord({ generation: 5, keptSince: 5 });
    const readyBefore = aStatus({ observedGeneration: 3 });
    const types = (before: Parameters<typeof announcements>[1]) =>
      announcements(record, before, ready).map(({ detailType }) => detailType);
    expect(types(readyBefore)).toEqual(['AccountReady']);
    expect(types(aStatus({ observedGeneration: 5 }))).toEqual([]);
  });
});

describe('announcements of differences', () => {
  it.each([
    ['DriftDetected', 'drifted'],
    ['DriftCorrected', 'corrected'],
  ] as const)('%s shows only the ends of ExternalIds', (detailType, result) => {
    const record = aRecord({ externalId: 'Zx4vJ0m1Qn7aTt9y' });
    const path = 'Statement[0].Condition.StringEquals.sts:ExternalId';
    const trust: Difference = {
      kind: 'executionRole',
      resource: 'role',
      path: 'trustPolicy',
      desired: { [path]: record.externalId },
      actual: { [path]: 'another-external-id' },
      action: result === 'drifted' ? 'reported' : 'updated',
    };
    const after = afterwards({ ready: true, lastPass: aPass({ result, differences: [trust] }) });
    const owed = announcements(record, aStatus(), after);
    expect(owed).toMatchObject([
      {
        detailType,
        detail: { differences: [{ desired: { [path]: 'Zx****9y' }, actual: { [path]: 'an****id' } }] },
      },
    ]);
  });
});

describe('announcements of an account in several regions', () => {
  const region = 'us-east-1';
  const found: Difference = { ...difference, region, action: 'reported' };
  const status = afterwards({
    ready: false,
    conditions: [{ ...condition('False'), region }],
    lastPass: aPass({ result: 'drifted', differences: [found] }),
  });

  it('name the region of a difference and of a condition', () => {
    const [drift, degraded] = announcements(aRecord(), aStatus(), status);
    expect(drift).toMatchObject({ detailType: 'DriftDetected', detail: { differences: [{ region }] } });
    expect(degraded).toMatchObject({ detailType: 'AccountDegraded', detail: { region } });
  });

  it('name no region for a condition without one', () => {
    const conditions = [{ ...condition('False'), type: 'ExecutionRole' }];
    const [degraded] = announcements(aRecord(), aStatus(), {
      ...status,
      conditions,
      lastPass: aPass({ result: 'failed' }),
    });
    expect(Object.keys(degraded?.detail ?? {})).not.toContain('region');
  });
});
