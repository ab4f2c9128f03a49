import { describe, expect, it } from '@jest/globals';
import { planBack, planLate, planWaves } from '../../shared/domain/rollout-waves.ts';
import { NOW } from '../kit/clock.ts';
import { aRecord, aRollout } from '../kit/factories.ts';

const id = (index: number) => String(100_000_000_000 + index);
const records = (count: number, given: (index: number) => Parameters<typeof aRecord>[0] = () => ({})) =>
  Array.from({ length: count }, (_, index) => aRecord({ accountId: id(index), ...given(index) }));
const sizes = (waves: readonly (readonly string[])[]) => waves.map(({ length }) => length);

describe('the waves of a roll-out', () => {
  it.each([
    [300, ['1', '10%', '50%', '100%'], [1, 29, 120, 150]],
    [10_000, ['1', '10%', '50%', '100%'], [1, 999, 4_000, 5_000]],
    [3, ['1', '10%', '50%', '100%'], [1, 1, 1]],
    [1, ['1', '10%', '50%', '100%'], [1]],
    [20, ['5', '10', '100%'], [5, 5, 10]],
    [0, ['1', '100%'], []],
  ])('of %i accounts after %j have these sizes: %j', (count, waves, expected) => {
    const planned = planWaves(aRollout({ waves }), records(count), NOW);
    expect(sizes(planned)).toEqual(expected);
    expect(planned.flat()).toEqual(records(count).map(({ accountId }) => accountId));
  });

  it('hold only managed accounts on the old version', () => {
    const all = [
      ...records(2),
      aRecord({ accountId: id(7), lifecycle: 'retired' }),
      aRecord({ accountId: id(8), baseline: { name: 'analytics', version: 4 } }),
    ];
    expect(planWaves(aRollout({ waves: ['100%'] }), all, NOW)).toEqual([[id(0), id(1)]]);
  });

  it('hold accounts last that no run writes: paused, only observed', () => {
    const all = records(4, (index) => [{ paused: true }, { mode: 'observe' as const }, {}, {}][index] ?? {});
    expect(planWaves(aRollout({ waves: ['1', '100%'] }), all, NOW)).toEqual([[id(2)], [id(0), id(1), id(3)]]);
  });

  it('do not hold accounts last whose pause is over by itself', () => {
    const until = (time: Date) => ({
      paused: true,
      pause: { at: NOW.toISOString(), until: time.toISOString() },
    });
    const all = records(2, (index) => until(new Date(NOW.getTime() + (index === 0 ? 1 : 0))));
    expect(planWaves(aRollout({ waves: ['1', '100%'] }), all, NOW)).toEqual([[id(1)], [id(0)]]);
  });

  it.each(['ou', 'tag:stage'])('have a share of each group by %s', (by) => {
    const all = records(40, (index) => {
      const group = index < 30 ? 'many' : 'few';
      return { unit: group, tags: { stage: group } };
    });
    const planned = planWaves(aRollout({ waves: ['1', '10%', '100%'], by }), all, NOW);
    expect(sizes(planned)).toEqual([2, 2, 36]);
    expect(planned[0]).toEqual([id(0), id(30)]);
  });

  it('are the same in whatever order the accounts are read', () => {
    const rollout = aRollout({ by: 'ou' });
    const all = records(50, (index) => ({ unit: `ou-${index % 3}` }));
    expect(planWaves(rollout, all.toReversed(), NOW)).toEqual(planWaves(rollout, all, NOW));
  });
});

describe('the accounts that were late for the list', () => {
  it('are those that the rules put on the old version, not those for which a person named it', () => {
    const all = [
      aRecord({ accountId: id(0), baselineBy: 'rules' }),
      aRecord({ accountId: id(1), baselineBy: 'request' }),
      aRecord({ accountId: id(2), baselineBy: 'rules', baseline: { name: 'analytics', version: 4 } }),
    ];
    expect(planLate(aRollout(), all, NOW)).toEqual([id(0)]);
  });
});

describe('the accounts that go back', () => {
  it('are those that were moved, and new ones to which the rules gave the new version', () => {
    const { to, startedAt } = aRollout();
    const on = (index: number, given: Parameters<typeof aRecord>[0] = {}) =>
      aRecord({ accountId: id(index), baseline: to, registeredAt: startedAt, ...given });
    const all = [
      on(0),
      on(1, { baseline: { name: 'analytics', version: 3 } }),
      on(2, { baselineBy: 'rules' }),
      on(3, { baselineBy: 'request' }),
      on(4, { baselineBy: 'rules', registeredAt: '2026-11-19T00:00:00.000Z' }),
    ];
    expect(planBack({ to, startedAt }, [[id(0)], [id(1)]], all)).toEqual([id(0), id(2)]);
  });
});
