import { describe, expect, test } from '@jest/globals';
import { warningsOf } from '../../../controllers/kinds/execution-role/compare.ts';

const MEMBER = '456789012345';
const trusting = (principal: string) => ({
  Statement: { Effect: 'Allow', Principal: { AWS: principal }, Action: 'sts:AssumeRole' },
});
const allowing = (action: string, resource = '*') => ({
  Statement: { Effect: 'Allow', Action: action, Resource: resource },
});
const role = {
  accountId: MEMBER,
  trustPolicy: trusting('arn:aws:iam::345678901234:role/runner'),
  policies: [allowing('s3:*')],
  managedPolicies: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
};

describe('warnings about an execution role', () => {
  test.each([
    ['nothing of a modest one', {}, []],
    [
      'AdministratorAccess',
      { managedPolicies: ['arn:aws-cn:iam::aws:policy/AdministratorAccess'] },
      ['AdministratorAccess'],
    ],
    ['a policy that allows everything', { policies: [allowing('*')] }, ['AdministratorAccess']],
    [
      'a policy that allows everything, URL-encoded',
      { policies: [encodeURIComponent(JSON.stringify(allowing('*:*')))] },
      ['AdministratorAccess'],
    ],
    ['nothing of everything on one thing', { policies: [allowing('*', 'arn:aws:s3:::one')] }, []],
    [
      "trust in the account's own root",
      { trustPolicy: trusting(`arn:aws-us-gov:iam::${MEMBER}:root`) },
      ['MemberRootTrusted'],
    ],
    ["trust in the account's own id", { trustPolicy: trusting(MEMBER) }, ['MemberRootTrusted']],
    ['nothing of trust in another root', { trustPolicy: trusting('arn:aws:iam::999999999999:root') }, []],
    ['trust in everybody', { trustPolicy: trusting('*') }, ['MemberRootTrusted']],
  ])('is %s', (_, given, words) => {
    expect(warningsOf({ ...role, ...given }).map((warning) => warning.split(':')[0])).toEqual(words);
  });
});
