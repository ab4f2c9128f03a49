import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readContext } from '../../infra/context.ts';

const GIVEN = {
  mainAccountId: '345678901234',
  managementAccountId: '210987654321',
  organizationId: 'o-a1b2c3d4e5',
  region: 'eu-west-1',
};

test('docs/operations.md names every value of the context', () => {
  const documented = readFileSync('docs/operations.md', 'utf8');
  for (const name of Object.keys(
    readContext({ ...GIVEN, alarmEmail: 'a@b.cc', controlTowerRegion: 'eu-west-2' }),
  )) {
    if (!['partition', 'organizationsRegion'].includes(name)) expect(documented).toContain(`\`${name}\``);
  }
});

describe('readContext', () => {
  test('requires four values and has a default for the rest', () => {
    expect(readContext(GIVEN)).toEqual({
      ...GIVEN,
      partition: 'aws',
      organizationsRegion: 'us-east-1',
      organizationExternalId: 'orgkeeper-o-a1b2c3d4e5',
      accessRoleNames: ['OrganizationAccountAccessRole', 'AWSControlTowerExecution'],
      executionRolePattern: 'orgkeeper-execution*',
      reviewSchedule: 'cron(0 3 1 * ? *)',
      rolePolicyQuotas: { trustPolicyCharacters: 2048, managedPolicies: 10 },
      defaultBaseline: 'analytics',
      onboard: {},
      requesters: [],
      operators: [],
      nightlySchedule: 'cron(0 2 * * ? *)',
      dueSchedule: 'rate(1 minute)',
      listSchedule: 'rate(1 hour)',
      timeZone: 'UTC',
      notify: [],
      archiveDays: 30,
      logRetentionDays: 90,
      maximumConcurrency: 50,
    });
  });

  test('names all missing values in one error that says how to set them', () => {
    expect(() => readContext({ region: 'eu-west-1' })).toThrow(
      [
        'The CDK context does not describe a deployment of Orgkeeper:',
        '  - mainAccountId is missing: the account that Orgkeeper runs in',
        "  - managementAccountId is missing: the organization's management account",
        '  - organizationId is missing: the organization whose accounts are managed',
        'Set each in cdk.json under "context", or on the command line: -c mainAccountId=111122223333.',
      ].join('\n'),
    );
  });

  test('refuses a context that does not fit into the environment of a function', () => {
    const requesters = Array.from({ length: 100 }, (_, index) => String(100_000_000_000 + index));
    expect(readContext({ ...GIVEN, requesters }).requesters).toHaveLength(100);
    const onboard = { organizationalUnits: [`/${'x'.repeat(690)}`, `/${'y'.repeat(690)}`] };
    expect(() => readContext({ ...GIVEN, requesters, onboard })).toThrow(
      /organizationalUnits and organizationExternalId have \d+ characters together, but only 2400 fit into the environment of a function/,
    );
  });

  test.each([
    [
      'an account id of 11 digits',
      { mainAccountId: '34567890123' },
      'mainAccountId: an account id has exactly 12 digits',
    ],
    ['a region that does not exist', { region: 'eu-wst-1' }, 'region: must be an AWS region'],
    [
      'an execution role pattern that admits all roles',
      { executionRolePattern: '*' },
      'executionRolePattern: ',
    ],
    ['a wildcard in the middle of it', { executionRolePattern: 'org*role' }, 'executionRolePattern: '],
    ['an unknown key in onboard', { onboard: { sine: '2026-11-01' } }, 'onboard: Unrecognized key: "sine"'],
    ['a time without zone', { onboard: { since: '2026-11-01' } }, 'onboard.since: a time such as'],
    [
      'an operator that is a whole account',
      { operators: ['arn:aws:iam::345678901234:root'] },
      'operators.0: ',
    ],
    ['an operator of any name', { operators: ['arn:aws:iam::345678901234:role/*'] }, 'operators.0: '],
    ['an operator of any account', { operators: ['arn:aws:iam::*:role/Admin'] }, 'operators.0: '],
    [
      'an operator of another partition',
      { operators: ['arn:aws-cn:iam::345678901234:role/A'] },
      'operators: ',
    ],
    ['Control Tower in another partition', { controlTowerRegion: 'cn-north-1' }, 'controlTowerRegion: '],
    [
      'a retention that CloudWatch does not have',
      { logRetentionDays: 91 },
      'logRetentionDays: one of 1, 3, 5',
    ],
    ['a concurrency below what Lambda takes', { maximumConcurrency: 1 }, 'maximumConcurrency: '],
    ['no access role at all', { accessRoleNames: [] }, 'accessRoleNames: '],
    [
      'a misspelled key',
      { requestors: ['111122223333'] },
      'requestors is not known: did you mean requesters?',
    ],
  ])('refuses %s, by name', (_, change, problem) => {
    expect(() => readContext({ ...GIVEN, ...change })).toThrow(problem);
  });

  test('ignores the keys of other tools', () => {
    expect(() => readContext({ ...GIVEN, 'aws:cdk:bundling-stacks': ['**'], team: 'data' })).not.toThrow();
  });

  test('reads texts from the command line: lists with commas, objects as JSON, numbers', () => {
    const context = readContext({
      ...GIVEN,
      requesters: '111122223333, 444455556666',
      accessRoleNames: '["Entrance"]',
      onboard: '{"since":"2026-11-01T00:00:00Z","organizationalUnits":["ou-ab12-12345678"]}',
      maximumConcurrency: '20',
    });
    expect(context.requesters).toEqual(['111122223333', '444455556666']);
    expect(context.accessRoleNames).toEqual(['Entrance']);
    expect(context.onboard).toEqual({
      since: '2026-11-01T00:00:00Z',
      organizationalUnits: ['ou-ab12-12345678'],
    });
    expect(context.maximumConcurrency).toBe(20);
  });

  test.each([
    ['ap-southeast-2', 'aws', 'us-east-1'],
    ['cn-north-1', 'aws-cn', 'cn-northwest-1'],
    ['us-gov-east-1', 'aws-us-gov', 'us-gov-west-1'],
  ])('knows for %s its partition and the region of Organizations', (region, partition, organizations) => {
    expect(readContext({ ...GIVEN, region })).toMatchObject({
      partition,
      organizationsRegion: organizations,
    });
  });
});
