import { describe, expect, test } from '@jest/globals';
import { ExecutionRoleSection } from '../../../controllers/kinds/execution-role/wanted.ts';

const Allow = { Effect: 'Allow', Action: 's3:*', Resource: '*' };
const trustPolicy = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '${main.runnerRole}' }, Action: 'sts:AssumeRole' }],
};
const valid = { name: 'orgkeeper-execution', trustPolicy };
const policy = (...Statement: unknown[]) => ({ Version: '2012-10-17', Statement });

describe('ExecutionRoleSection', () => {
  test.each([
    ['a name with a slash', { ...valid, name: 'a/b' }, ['name']],
    ['a path that does not end with /', { ...valid, path: '/a' }, ['path']],
    ['a path with a level ..', { ...valid, path: '/a/../' }, ['path']],
    ['a path with a level .', { ...valid, path: '/./' }, ['path']],
    ['a path with an empty level', { ...valid, path: '/a//' }, ['path']],
    ['a path of 513 characters', { ...valid, path: `/${'a'.repeat(511)}/` }, ['path']],
    ['a session shorter than an hour', { ...valid, maxSessionDuration: 900 }, ['maxSessionDuration']],
    ['a session longer than twelve hours', { ...valid, maxSessionDuration: 43_201 }, ['maxSessionDuration']],
    ['a managed policy that is no ARN', { ...valid, managedPolicies: ['ReadOnly'] }, ['managedPolicies', 0]],
    ['one of our own tags', { ...valid, tags: { 'orgkeeper:owner': 'x' } }, ['tags', 'orgkeeper:owner']],
    [
      'a policy with an unknown element',
      { ...valid, inlinePolicies: { p: policy({ ...Allow, Efect: 'x' }) } },
      ['inlinePolicies', 'p', 'Statement', 0, 'Efect'],
    ],
    [
      'a trust policy without a principal',
      { ...valid, trustPolicy: policy({ Effect: 'Allow', Action: 'sts:AssumeRole' }) },
      ['trustPolicy', 'Statement', 0],
    ],
    [
      'an inline policy without a resource',
      { ...valid, inlinePolicies: { p: policy({ Effect: 'Allow', Action: 's3:*' }) } },
      ['inlinePolicies', 'p', 'Statement', 0],
    ],
    ['a trust policy without statements', { ...valid, trustPolicy: {} }, ['trustPolicy']],
  ])('refuses %s, by its path', (_, given, path) => {
    const parsed = ExecutionRoleSection.safeParse(given);
    expect(parsed.error?.issues.map((issue) => issue.path)).toContainEqual(path);
  });

  test('refuses an unknown key', () => {
    const parsed = ExecutionRoleSection.safeParse({ ...valid, trustpolicy: trustPolicy });
    expect(parsed.error?.issues[0]).toMatchObject({ code: 'unrecognized_keys', keys: ['trustpolicy'] });
  });
});
