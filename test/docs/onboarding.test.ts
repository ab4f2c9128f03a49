import { describe, expect, it } from '@jest/globals';
import { parseRules } from '../../shared/domain/rules-text.ts';
import { blocksOf, page } from './pages.ts';

describe('docs/onboarding.md', () => {
  it('shows rules that are valid, with every field that it explains', () => {
    const of = page('docs/onboarding.md');
    const [block] = blocksOf(of, 'yaml');
    const parsed = parseRules(block?.text ?? '');
    expect(parsed).not.toHaveProperty('problems');
    const rules = 'rules' in parsed ? parsed.rules : undefined;
    const shown = [...(rules?.rules.flatMap(Object.keys) ?? []), ...Object.keys(rules ?? {})];
    const table = of.text.slice(of.text.indexOf('| field | |'));
    const explained = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, field]) => field ?? '');
    expect(explained.filter((field) => !shown.includes(field))).toEqual([]);
    expect(shown.filter((field) => !['rules', 'description', ...explained].includes(field))).toEqual([]);
  });
});
