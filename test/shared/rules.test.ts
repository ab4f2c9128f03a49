import { describe, expect, it } from '@jest/globals';
import { asLevel } from '../../shared/domain/glob.ts';
import {
  type AccountFacts,
  baselineByRules,
  factsNeeded,
  isWithin,
  type Rules,
} from '../../shared/domain/rules.ts';
import { parseRules } from '../../shared/domain/rules-text.ts';

const genomics = { units: ['r-ab12', 'ou-ab12-research1', 'ou-ab12-genomics1'], path: '/Research/Genomics' };
const root = { units: ['r-ab12'], path: '/' };
const facts = (given: Partial<AccountFacts> = {}): AccountFacts => ({
  name: 'genomics-1',
  place: genomics,
  tags: {},
  ...given,
});
const rules: Rules = {
  rules: [
    { tag: { key: 'environment', value: 'production' }, baseline: 'production@2' },
    { organizationalUnit: '/Research/**', name: 'genomics-*', baseline: 'genomics' },
    { organizationalUnit: '/Research', baseline: 'analytics' },
    { tag: { key: 'sandbox' }, baseline: 'sandbox' },
  ],
  default: 'web',
};

describe('rules', () => {
  it.each([
    ['its tag', facts({ tags: { environment: 'production' } }), 'production@2', 1],
    ['the first that fits', facts(), 'genomics', 2],
    ['the next when only a part of the first fits', facts({ name: 'proteomics-1' }), 'analytics', 3],
    ['any value of a tag', facts({ place: root, tags: { sandbox: '' } }), 'sandbox', 4],
    ['the default when none fits', facts({ place: root }), 'web', 'default'],
    ['the default outside the organization', facts({ place: undefined }), 'web', 'default'],
  ])('choose by %s', (_, given, baseline, rule) => {
    expect(baselineByRules(rules, given)).toMatchObject({ baseline, rule });
  });

  it('gives the reason, for every rule up to the one that decides', () => {
    expect(baselineByRules(rules, facts({ name: 'proteomics', tags: { environment: 'test' } }))).toEqual({
      baseline: 'analytics',
      rule: 3,
      why: 'Rule 3: it is in /Research/Genomics, within /Research.',
      considered: [
        { rule: 1, fits: false, why: "its tag environment is 'test', not 'production'" },
        { rule: 2, fits: false, why: "its name 'proteomics' does not match genomics-*" },
        { rule: 3, fits: true, why: 'it is in /Research/Genomics, within /Research' },
      ],
    });
  });

  it('reads only the facts that they need', () => {
    expect(factsNeeded(rules)).toEqual({ place: true, tags: true });
    expect(factsNeeded({ rules: [{ name: 'a*', baseline: 'web' }], default: 'web' })).toEqual({
      place: false,
      tags: false,
    });
  });
});

describe('a unit', () => {
  it.each([
    ['/', true],
    ['/Research', true],
    ['/Research/', true],
    ['/Research/Genomics', true],
    ['/Research/Gen', false],
    ['/Re', false],
    ['/Genomics', false],
    ['/Research/**', true],
    ['/**', true],
    ['/**/Genomics', true],
    ['/*/Genomics', true],
    ['/*', false],
    ['/Research/*', true],
    ['/Research/*/**', true],
    ['/Research/*/*', false],
    ['/Res?arch/Geno*', true],
    ['/research', false],
    ['r-ab12', true],
    ['ou-ab12-research1', true],
    ['ou-ab12-genomics1', true],
    ['ou-ab12-research', false],
  ])('%s contains an account in /Research/Genomics: %s', (unit, within) => {
    expect(isWithin(unit, genomics)).toBe(within);
  });

  it('whose name has a slash is not a path of two units, and is named with the slash escaped', () => {
    const single = { units: ['r-ab12', 'ou-ab12-single01'], path: `/${asLevel('Research/Genomics')}` };
    expect(single.path).toBe('/Research%2FGenomics');
    for (const other of ['/Research/Genomics', '/Research', '/Research/**', '/*/Genomics'])
      expect([other, isWithin(other, single)]).toEqual([other, false]);
    for (const own of ['/Research%2FGenomics', '/Research%2fGenomics', '/Research*', '/*Genomics', '/*'])
      expect([own, isWithin(own, single)]).toEqual([own, true]);
    expect(isWithin('/Research%2FGenomics', genomics)).toBe(false);
  });

  it.each(['50% off', '100%25', 'a*b', 'why?', '%2F', 'a%2fb', 'Ünit 🧬', '/', '**'])(
    'named %s is found by its name as one level, and by no other',
    (name) => {
      const at = { units: [], path: `/${asLevel(name)}/below` };
      expect(isWithin(`/${asLevel(name)}`, at)).toBe(true);
      expect(isWithin(`/${asLevel(`${name}x`)}`, at)).toBe(false);
      expect(isWithin(`/${asLevel(name)}`, { units: [], path: `/${asLevel(`${name}x`)}` })).toBe(false);
    },
  );

  it('of any depth contains the accounts directly in it, and the root only its own', () => {
    expect(isWithin('/Research/**', { units: [], path: '/Research' })).toBe(true);
    expect(isWithin('/**', root)).toBe(true);
    expect(isWithin('/*', root)).toBe(false);
  });

  it('with many stars is matched in a moment', () => {
    const from = Date.now();
    expect(
      baselineByRules(
        { rules: [{ name: `${'*a'.repeat(60)}b`, baseline: 'x' }], default: 'y' },
        facts({ name: 'a'.repeat(128) }),
      ).rule,
    ).toBe('default');
    expect(Date.now() - from).toBeLessThan(5_000);
  });
});

describe('the text of rules', () => {
  const problems = (text: string) => {
    const parsed = parseRules(text);
    return 'problems' in parsed ? parsed.problems : [];
  };

  it('is read with its rules in order', () => {
    const text =
      'description: all\nrules:\n  - organizationalUnit: /Research\n    baseline: analytics@2\n  - tag: { key: a }\n    baseline: web\ndefault: web\n';
    expect(parseRules(text)).toEqual({
      rules: {
        description: 'all',
        rules: [
          { organizationalUnit: '/Research', baseline: 'analytics@2' },
          { tag: { key: 'a' }, baseline: 'web' },
        ],
        default: 'web',
      },
    });
  });

  it.each([
    ['default: web\nrules:\n  - baseline: web\n', 'rules[0]', 3, 'a rule needs'],
    [
      'default: web\nrules:\n  - name: a\n    baselin: web\n    baseline: web\n',
      'rules[0].baselin',
      4,
      'unknown key',
    ],
    ['default: web\nrules:\n  - name: a\n    baseline: Web\n', 'rules[0].baseline', 4, 'name@version'],
    [
      'default: web\nrules:\n  - organizationalUnit: Research\n    baseline: web\n',
      'rules[0].organizationalUnit',
      3,
      'a path such as',
    ],
    ['default: web\nrules:\n  - tag: { value: a }\n    baseline: web\n', 'rules[0].tag.key', 3, 'text'],
    ['rules: []\n', 'default', 1, 'name@version'],
    ['default: web\nrules: all\n', 'rules', 2, 'a list'],
    ['- a\n', '', 1, 'mapping'],
    ['default: [\n', '', 2, ''],
  ])('%j is refused at %s, line %i', (text, path, line, message) => {
    expect(problems(text)).toContainEqual(
      expect.objectContaining({ path, line, message: expect.stringContaining(message) }),
    );
  });
});
