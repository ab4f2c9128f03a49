import { describe, expect, it } from '@jest/globals';
import { diffText } from '../../cli/block-diff.ts';
import { MOST_MARKDOWN } from '../../cli/markdown.ts';
import {
  type AccountPlan,
  differs,
  groupPlans,
  planLines,
  planMarkdown,
  totalsInWords,
} from '../../cli/plan-report.ts';

const differences = (count: number, text: string) =>
  Array.from({ length: count }, (_, at) => ({
    ...{ kind: 'parameters', resource: `/p/${at}`, path: 'value', action: 'created' as const },
    desired: text,
  }));
const planned = (accountId: string, count: number, text = 'x'): AccountPlan => ({
  ...{ accountId, name: accountId, foreign: 0 },
  document: {
    accountId,
    baseline: { name: 'analytics' },
    differences: differences(count, text),
    obstacles: [],
  },
});

describe('a plan in markdown', () => {
  it('is cut at 60,000 characters, with a closed block and how many lines are left out', () => {
    const groups = groupPlans(
      [planned('111111111111', 2_000), planned('222222222222', 3_000, 'y')],
      new Map(),
    );
    const text = planMarkdown('Many.', groups, []);
    expect(text.length).toBeLessThanOrEqual(MOST_MARKDOWN);
    const shown = text.split('\n').filter((line) => /^[~+] /.test(line)).length;
    const fences = text.split('\n').filter((line) => line.startsWith('`````'));
    expect(fences.length % 2).toBe(0);
    const [, left = ''] = /_([\d]+) lines left out/.exec(text) ?? [];
    // A heading a group, and two lines a difference.
    expect(shown + Number(left)).toBe(2 * 5_000 + 1);
  });

  it('lets no value end its code block', () => {
    const text = planMarkdown(
      'One.',
      groupPlans([planned('111111111111', 1, `${'`'.repeat(12)}\n# Forged`)], new Map()),
      [],
    );
    expect(text.split('\n').filter((line) => /^(`{3,}|#)/.test(line))).toEqual([
      '### One.',
      '``````````diff',
      '``````````',
    ]);
  });
});

describe('an excepted difference', () => {
  const exceptedUntil = '2027-01-31T00:00:00.000Z';
  const one = {
    ...{
      kind: 'network',
      resource: 'subnet public',
      path: 'mapPublicIpOnLaunch',
      desired: true,
      actual: false,
    },
    ...{ action: 'reported' as const, exceptedUntil },
  };
  const plan = (...found: (typeof one)[]): AccountPlan => ({
    ...{ accountId: '111111111111', name: 'genomics', foreign: 0 },
    document: {
      accountId: '111111111111',
      baseline: { name: 'analytics' },
      differences: found,
      obstacles: [],
    },
  });

  it('says until when, and is no difference for the exit code', () => {
    const { document } = plan(one);
    expect(document && planLines(document).map(diffText)).toEqual([
      '! network subnet public',
      '!   mapPublicIpOnLaunch: false → true',
      `!     excepted until ${exceptedUntil}`,
    ]);
    expect(differs(plan(one))).toBe(false);
    const { exceptedUntil: _, ...other } = one;
    expect(differs(plan(one, other as typeof one))).toBe(true);
  });
});

describe('totals', () => {
  it('name the numbers that are not zero, and nothing for a plan without differences', () => {
    expect(totalsInWords({ differences: differences(2, 'x') })).toBe('2 to update');
    expect(totalsInWords({ differences: [] })).toBe('');
  });
});
