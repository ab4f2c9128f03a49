import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseBaseline } from '../../controllers/kinds/baseline.ts';
import { executionRole } from '../../controllers/kinds/execution-role/kind.ts';
import { ExecutionRoleSection } from '../../controllers/kinds/execution-role/wanted.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { ParametersSection } from '../../controllers/kinds/parameters/wanted.ts';
import { evaluate } from '../../shared/policy/evaluate.ts';
import { samePolicy } from '../../shared/policy/same.ts';

const text = readFileSync(join(import.meta.dirname, '../../infra/baselines/analytics.yaml'), 'utf8');
const parsed = parseBaseline(text, kinds);
const sections = 'baseline' in parsed ? parsed.baseline.sections : {};
const role = () => ExecutionRoleSection.parse(sections.executionRole);

test('the shipped baseline analytics is valid, with role, network and parameters', () => {
  expect(parsed).not.toHaveProperty('problems');
  expect(Object.keys(sections)).toEqual(['executionRole', 'network', 'parameters']);
});

test('the role of analytics trusts the API handler, the runner and the account itself, with the ExternalId', () => {
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

test('the role of analytics has the eight groups of permissions in one inline policy', () => {
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

test('the parameters of analytics are read with one call', () => {
  expect(ParametersSection.parse(sections.parameters).length).toBeLessThanOrEqual(10);
});

test('analytics-bounded lets the role make roles only within a boundary, and otherwise grants the same', () => {
  const file = join(import.meta.dirname, '../../infra/baselines/analytics-bounded.yaml');
  const bounded = parseBaseline(readFileSync(file, 'utf8'), kinds);
  expect(bounded).not.toHaveProperty('problems');
  const theirs = 'baseline' in bounded ? bounded.baseline.sections : {};
  const names: Record<string, string> = {
    partition: 'aws',
    'account.id': '456789012345',
    'account.externalId': 'secret-0',
  };
  const account = { accountId: '456789012345', partition: 'aws', region: 'eu-west-1', owner: '345678901234' };
  const lookup = (name: string) =>
    names[name] ?? (name.startsWith('main.') ? 'arn:aws:iam::345678901234:role/r' : undefined);
  const policyOf = (of: typeof sections, name: string) =>
    executionRole.render(ExecutionRoleSection.parse(of.executionRole), lookup, account).inlinePolicies[
      name
    ] ?? {};
  const decided = (policy: object, action: string, boundary?: string) =>
    evaluate(
      {
        principal: { arn: 'arn:aws:sts::456789012345:assumed-role/orgkeeper-execution/s' },
        action,
        resource: 'arn:aws:iam::456789012345:role/analysis-1',
        context: boundary ? { 'iam:PermissionsBoundary': boundary } : {},
      },
      { identity: policy },
    ).decision;
  const [open, narrow] = [policyOf(sections, 'analytics'), policyOf(theirs, 'analytics')];
  for (const action of [
    'iam:CreateRole',
    'iam:PutRolePolicy',
    'iam:AttachRolePolicy',
    'iam:DetachRolePolicy',
  ]) {
    expect([action, decided(open, action)]).toEqual([action, 'Allowed']);
    expect([action, decided(narrow, action)]).toEqual([action, 'ImplicitDeny']);
    const boundary = 'arn:aws:iam::456789012345:policy/analysis-boundary';
    expect([action, decided(narrow, action, boundary)]).toEqual([action, 'Allowed']);
  }
  for (const action of [
    'iam:DeleteRolePermissionsBoundary',
    'iam:PutRolePermissionsBoundary',
    'iam:UpdateAssumeRolePolicy',
  ])
    expect([action, decided(narrow, action)]).toEqual([action, 'ImplicitDeny']);
  const rest = (of: object) =>
    (of as { Statement: { Sid: string }[] }).Statement.filter(({ Sid }) => !Sid.startsWith('IAM'));
  expect(rest(narrow)).toEqual(rest(open));
  expect([theirs.network, theirs.parameters]).toEqual([sections.network, sections.parameters]);
});
