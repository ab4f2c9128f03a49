import { describe, expect, it } from '@jest/globals';
import { desiredState } from '../../controllers/engine/desired-state.ts';
import { checkText } from '../../controllers/fleet/publish-baseline.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import type { Problem } from '../../shared/domain/errors.ts';
import { ITEM_ROOM, itemBytes } from '../../shared/store/item-size.ts';
import { aBaselineItem, aConfig, aRecord } from '../kit/factories.ts';

const parametersOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `/p${index}`, value: 'a' }));
const regionsOf = (count: number) => Array.from({ length: count }, (_, index) => `eu-west-${index % 10}`);
const REGIONS = [...regionsOf(10), ...regionsOf(10).map((region) => region.replace('west', 'south'))] as [
  string,
  ...string[],
];

function problemsOf(text: string): readonly Problem[] {
  const checked = checkText(text);
  return 'problems' in checked ? checked.problems : [];
}

const fileOf = (parameters: object[], regions?: readonly string[]) =>
  JSON.stringify({ name: 'large', ...(regions && { regions }), parameters });

describe('A baseline with more parameters than the status of an account can name', () => {
  it('is not valid if its own regions are too many', () => {
    expect(problemsOf(fileOf(parametersOf(500), REGIONS))).toEqual([]);
    expect(problemsOf(fileOf(parametersOf(501), REGIONS))).toEqual([
      {
        path: 'parameters',
        line: 1,
        message:
          'an account would have 10020 parameters and other outputs in 20 regions, and may have 10000: name fewer, or list fewer regions',
      },
    ]);
    expect(problemsOf(fileOf(parametersOf(501), REGIONS.slice(1)))).toEqual([]);
    expect(problemsOf(fileOf(parametersOf(1_000)))).toEqual([]);
  });

  it('is not applied to an account with too many regions: the run says why, before it makes anything', async () => {
    const loaded = {
      ...aBaselineItem(),
      schemaVersion: 1 as const,
      sections: { parameters: parametersOf(600) },
    };
    const deps = { config: aConfig(), kinds, loadBaseline: async () => loaded };
    expect(
      await desiredState(aRecord({ regions: REGIONS.slice(0, 16) as typeof REGIONS }), deps),
    ).toHaveProperty('managed');
    expect(
      await desiredState(aRecord({ regions: REGIONS.slice(0, 17) as typeof REGIONS }), deps),
    ).toMatchObject({
      error: {
        name: 'InvalidDesiredState',
        reason: 'TooManyOutputs',
        message: expect.stringMatching(
          /^Baseline analytics@3 is too large for this account: .* 10200 parameters/,
        ),
        remedy: expect.stringContaining('fewer regions'),
      },
    });
  });
});

describe('A baseline that is larger than an item of the table', () => {
  const text = `&text ${'é'.repeat(2_000)}`;
  const withValues = (count: number) =>
    ['name: large', 'parameters:', `- {name: /p0, value: ${text}}`]
      .concat(Array.from({ length: count }, (_, index) => `- {name: /p${index + 1}, value: *text}`))
      .join('\n');

  it('is not valid, although its text is short, since each alias counts', () => {
    expect(withValues(99).length).toBeLessThan(10_000);
    expect(problemsOf(withValues(99))).toEqual([
      {
        path: '',
        message: expect.stringMatching(
          /^has 4\d\d KB with its text, .* a version has at most 390 KB: make several/,
        ),
      },
    ]);
  });

  it('is valid as long as it fits', () => {
    const checked = checkText(withValues(90));
    expect(checked).toHaveProperty('baseline');
    expect(itemBytes({ ...checked, text: withValues(90) })).toBeGreaterThan(ITEM_ROOM * 0.9);
  });
});
