import { describe, expect, test } from '@jest/globals';
import { externalIdsIn, matchesRolePattern, trustAdmits } from '../../shared/policy/assume-role.ts';

const callerRoleArn = 'arn:aws:iam::345678901234:role/kept/runner';
const organizationId = 'o-exampleorg1';
const roleArn = 'arn:aws:iam::456789012345:role/orgkeeper-execution';
const trust = (principal: string, condition?: object) => ({
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Principal: { AWS: principal },
    Action: 'sts:AssumeRole',
    ...(condition && { Condition: condition }),
  },
});
const asking = (externalId: string) => ({ StringEquals: { 'sts:ExternalId': externalId } });
/** Denies whoever asks in another region. */
const guard = (region: string) => ({
  Effect: 'Deny',
  Principal: '*',
  Action: 'sts:AssumeRole',
  Condition: { StringNotEquals: { 'aws:RequestedRegion': region } },
});
const ofOrganization = (id: string) => ({
  StringEquals: { 'aws:PrincipalOrgID': id, 'sts:ExternalId': 'x1' },
});

describe('trustAdmits', () => {
  const admits = (policy: object | string, externalId?: string) =>
    trustAdmits(policy, {
      roleArn,
      callerRoleArn,
      organizationId,
      region: 'eu-west-1',
      ...(externalId !== undefined && { externalId }),
    });

  test.each([
    ['named, with its ExternalId', trust(callerRoleArn, asking('x1')), 'x1', true],
    ['named, with a wrong one', trust(callerRoleArn, asking('x1')), 'x2', false],
    ['named, without one', trust(callerRoleArn, asking('x1')), undefined, false],
    ['named, where none is asked for', trust(callerRoleArn), undefined, true],
    ['by its account, whose policies let it', trust('345678901234', asking('x1')), 'x1', true],
    ['not named', trust('arn:aws:iam::345678901234:role/other', asking('x1')), 'x1', false],
    ['by the unique id of a role that is gone', trust('AROAEXAMPLEID123456789', asking('x1')), 'x1', false],
    ['as one of its organization', trust('*', ofOrganization('o-exampleorg1')), 'x1', true],
    ['as one of another organization', trust('*', ofOrganization('o-other')), 'x1', false],
    [
      'as a session of a role',
      trust(callerRoleArn, { StringEquals: { 'aws:PrincipalType': 'AssumedRole' } }),
      'x1',
      true,
    ],
    [
      'where another region is denied',
      { ...trust(callerRoleArn), Statement: [trust(callerRoleArn).Statement, guard('eu-west-1')] },
      'x1',
      true,
    ],
    [
      'where its region is denied',
      { ...trust(callerRoleArn), Statement: [trust(callerRoleArn).Statement, guard('eu-west-3')] },
      'x1',
      false,
    ],
    ['by what is no policy', 'nonsense', 'x1', false],
  ])('%s', (_, policy, externalId, expected) => {
    expect(admits(policy, externalId)).toBe(expected);
  });
});

test('an error in reading a policy does not count as a policy that admits nobody', () => {
  const broken = {
    get Version() {
      throw new Error('a bug');
    },
  };
  expect(() => trustAdmits(broken, { roleArn, callerRoleArn, organizationId, region: 'eu-west-1' })).toThrow(
    'a bug',
  );
  expect(() => externalIdsIn(broken)).toThrow('a bug');
});

test('the ExternalIds of a policy are found in any spelling of the key', () => {
  expect(externalIdsIn(trust(callerRoleArn, { StringLike: { 'STS:externalid': ['a', 'b'] } }))).toEqual([
    'a',
    'b',
  ]);
  expect(externalIdsIn('nonsense')).toEqual([]);
});

test.each([
  ['orgkeeper-execution', 'orgkeeper-execution*', true],
  ['orgkeeper-execution-2', 'orgkeeper-execution*', true],
  ['orgkeeper-execution/theirs', 'orgkeeper-execution*', true],
  ['team/orgkeeper-execution', 'orgkeeper-execution*', false],
  ['Administrator', 'orgkeeper-execution*', false],
  ['orgkeeperXexecution', 'orgkeeper.execution', false],
  ['orgkeeper-execution', 'orgkeeper-execution', true],
  ['orgkeeper-execution2', 'orgkeeper-execution', false],
])('a role %s against the pattern %s: %s, as IAM reads it', (name, pattern, expected) => {
  expect(matchesRolePattern(`arn:aws:iam::456789012345:role/${name}`, pattern)).toBe(expected);
});
