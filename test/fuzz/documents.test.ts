import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { memberTemplate } from '../../controllers/fleet/member-template.ts';
import { parseBaseline } from '../../controllers/kinds/baseline.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { InvalidDesiredState, type Problem } from '../../shared/domain/errors.ts';
import { baselineByRules } from '../../shared/domain/rules.ts';
import { parseRules } from '../../shared/domain/rules-text.ts';
import { blocksOf, page, ROOT } from '../docs/pages.ts';
import { aConfig, aRecord } from '../kit/factories.ts';
import { fuzz } from './fuzz.ts';
import { type Json, nearly, nearlyText } from './inputs.ts';

/** Documents near to these: as YAML, as JSON (which is YAML), and with their text cut. */
function documents(texts: readonly string[]): fc.Arbitrary<string> {
  const changed = nearly(texts.map((text): Json => parse(text)));
  return fc.oneof(
    { weight: 2, arbitrary: changed.map((value) => JSON.stringify(value)) },
    { weight: 3, arbitrary: nearlyText(texts) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '&a [*a]',
        'a: &x {b: *x}',
        '!!js/function x',
        '? {}\n: 1',
        '[',
        '{'.repeat(300),
        '- '.repeat(300),
        '\0',
        '%YAML 9.9\n---\n',
      ),
    },
  );
}

/** What is wrong with a text is said, each thing with where it stands. */
function expectProblems(problems: readonly Problem[], text: string): void {
  expect(problems.length).toBeGreaterThan(0);
  const lines = text.split(/\r\n|\r|\n/).length;
  for (const { path, message, line = 1 } of problems) {
    expect(typeof path).toBe('string');
    expect(message).toMatch(/\S/);
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines + 1);
  }
}

const shipped = ['analytics', 'analytics-bounded'].map((name) =>
  readFileSync(join(ROOT, 'infra/baselines', `${name}.yaml`), 'utf8'),
);
const small = `
name: small
description: Every section, in few words
regions: [eu-west-1, us-east-1]
enableRegions: true
executionRole:
  name: orgkeeper-execution
  path: /team/
  trustPolicy:
    Statement: { Effect: Allow, Principal: { AWS: "\${main.runnerRole}" }, Action: sts:AssumeRole, Condition: { StringEquals: { sts:ExternalId: "\${account.externalId}" } } }
  inlinePolicies:
    own: { Statement: { Effect: Allow, Action: "s3:Get*", Resource: "arn:\${partition}:s3:::\${values.bucket}/*" } }
  tags: { team: "\${values.team}" }
accountAlias: { name: "acme-\${account.id}" }
publicAccessBlock: {}
network:
  cidrPool: { name: main, cidr: 10.0.0.0/8, prefix: 20 }
  internetGateway: true
  subnets: [{ name: public, prefix: 24, number: 0, routing: public, zone: 1 }]
parameters:
  - { name: /orgkeeper/vpc, value: "\${vpc.id}" }
  - { name: /orgkeeper/there, value: "\${regions.us-east-1.vpc.id}" }
`;
const rules = blocksOf(page('docs/onboarding.md'), 'yaml').map(({ text }) => text);

test('the small baseline is valid', () => {
  expect(parseBaseline(small, kinds)).toHaveProperty('baseline');
});

fuzz({
  name: 'baseline',
  inputs: fc.oneof(
    { weight: 20, arbitrary: documents([small]) },
    { weight: 1, arbitrary: documents(shipped) },
  ),
  runs: 4_000,
  check(text) {
    const read = parseBaseline(text, kinds);
    if ('problems' in read) return expectProblems(read.problems, text);
    const baseline = { ...read.baseline, schemaVersion: 1 as const, version: 1, text, publishedAt: '' };
    try {
      const { template } = memberTemplate({ record: aRecord(), baseline, kinds, config: aConfig() });
      expect(template.Resources).toHaveProperty('ExecutionRole');
    } catch (error) {
      if (!(error instanceof InvalidDesiredState)) throw error;
      expect(error.message).toMatch(/\S/);
    }
    return undefined;
  },
});

fuzz({
  name: 'rules',
  inputs: documents(rules),
  runs: 8_000,
  check(text) {
    const read = parseRules(text);
    if ('problems' in read) return expectProblems(read.problems, text);
    const place = { units: ['r-abcd', 'ou-abcd-12345678'], path: '/Research/Genomics' };
    for (const facts of [
      { name: 'genomics', tags: {} },
      { name: '', place, tags: { team: 'x', constructor: 'y' } },
    ]) {
      const { baseline, why } = baselineByRules(read.rules, facts);
      expect(baseline).toMatch(/^[a-z]/);
      expect(why).toMatch(/\S\.$/);
    }
    return undefined;
  },
});
