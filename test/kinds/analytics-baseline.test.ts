import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseBaseline } from '../../controllers/kinds/baseline.ts';
import { executionRole } from '../../controllers/kinds/execution-role/kind.ts';
import { ExecutionRoleSection } from '../../controllers/kinds/execution-role/section.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { ParametersSection } from '../../controllers/kinds/parameters/section.ts';
import { samePolicy } from '../../shared/policy/same.ts';

const text = readFileSync(join(import.meta.dirname, '../../infra/baselines/analytics.yaml'), 'utf8');
const parsed = parseBaseline(text, kinds);
const sections = 'baseline' in parsed ? parsed.baseline.sections : {};
const role = () => ExecutionRoleSection.parse(sections.executionRole);

test('the baseline that ships is valid, and has a section for every kind', () => {
  expect(parsed).not.toHaveProperty('problems');
  expect(Object.keys(sections)).toEqual(kinds.map(({ name }) => name));
});

test('its role trusts the API handler, the runner and the account itself, with the ExternalId', () => {
  const values: Record<string, string> = {
    'main.apiRole': 'arn:aws-cn:iam::345678901234:role/api',
    'main.runnerRole': 'arn:aws-cn:iam::345678901234:role/runner',
    'account.id': '456789012345',
    'account.externalId': 'secret-0',
    partition: 'aws-cn',
  };
  const account = {
    accountId: '456789012345',
    partition: 'aws-cn',
    region: 'cn-north-1',
    owner: '345678901234',
  };
  const wanted = executionRole.render(role(), (name) => values[name], account);
  const AWS = [values['main.apiRole'], values['main.runnerRole'], 'arn:aws-cn:iam::456789012345:root'];
  const Condition = { StringEquals: { 'sts:ExternalId': 'secret-0' } };
  const statement = { Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole', Condition };
  const trust = { Version: '2012-10-17', Statement: [statement] };
  expect(samePolicy(wanted.trustPolicy, trust, { partition: 'aws-cn' })).toBe(true);
  expect(JSON.stringify(wanted)).not.toContain('arn:aws:');
});

test('its role has the eight groups of permissions in one inline policy', () => {
  expect(Object.keys(role().inlinePolicies)).toEqual(['analytics']);
  const { Statement } = role().inlinePolicies.analytics as { Statement: { Sid: string }[] };
  expect(Statement.map(({ Sid }) => Sid)).toEqual([
    'CloudFormation',
    'CostExplorer',
    'EC2',
    'EMR',
    'IAM',
    'S3',
    'SageMaker',
    'SSM',
  ]);
});

test('its parameters are read with one call', () => {
  expect(ParametersSection.parse(sections.parameters).length).toBeLessThanOrEqual(10);
});
