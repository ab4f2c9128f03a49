import { describe, expect, it } from '@jest/globals';
import { managedKinds } from '../../controllers/engine/desired-state.ts';
import { kinds } from '../../controllers/kinds/index.ts';

describe('a baseline that was published for another version', () => {
  it('is refused with every problem by path, in plain words', () => {
    const sections = {
      parameters: [
        { name: '/a', value: 'x', tier: 'Huge' },
        { name: 7, value: 'x', secret: true },
      ],
    };
    const baseline = {
      schemaVersion: 1 as const,
      name: 'analytics',
      version: 3,
      sections,
      text: '',
      description: '',
      publishedAt: '',
    };
    let thrown: unknown;
    try {
      managedKinds(baseline, kinds);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      name: 'InvalidDesiredState',
      message:
        'Baseline analytics@3 is not valid for this version of Orgkeeper: parameters[0].tier must be "Standard" or "Advanced".',
      problems: [
        { path: 'parameters[0].tier', message: 'must be "Standard" or "Advanced"' },
        { path: 'parameters[1].name', message: 'must be text, not a number' },
        { path: 'parameters[1].secret', message: 'unknown key' },
      ],
    });
  });
});
