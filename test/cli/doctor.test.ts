import type { AdvancedFieldSelector } from '@aws-sdk/client-cloudtrail';
import { describe, expect, test } from '@jest/globals';
import { combined, failed, ok } from '../../cli/doctor/check.ts';
import { policyProblem, ruleProblem } from '../../cli/doctor/events.ts';
import { organizationFinding } from '../../cli/doctor/organization.ts';
import { naming, notEnabledIn, regionsFinding } from '../../cli/doctor/regions.ts';
import { entryDenied, organizationRoleProblem } from '../../cli/doctor/roles.ts';
import { logsManagementWrites } from '../../cli/doctor/trail.ts';
import type { BaselineDocument } from '../../shared/domain/baseline.ts';
import { accountIn } from '../../shared/domain/failed-work.ts';
import { aConfig, MAIN, MANAGEMENT, MEMBER } from '../kit/factories.ts';

const BUS = `arn:aws:events:eu-west-1:${MAIN}:event-bus/orgkeeper`;
const config = aConfig({ requesters: [MAIN, '111122223333'] });

describe('The organization', () => {
  const whole = { Id: config.organizationId, MasterAccountId: MANAGEMENT, FeatureSet: 'ALL' as const };
  test.each([
    ['is well with all features', {}, { is: 'ok' }],
    [
      'is not enough with consolidated billing',
      { FeatureSet: 'CONSOLIDATED_BILLING' as const },
      { is: 'failed', remedy: expect.stringContaining('enable-all-features') },
    ],
    ['is another one by its id', { Id: 'o-another1234' }, { is: 'failed' }],
    ['is another one by its management account', { MasterAccountId: MEMBER }, { is: 'failed' }],
  ])('%s', (_, change, expected) => {
    expect(organizationFinding({ ...whole, ...change }, config)).toMatchObject(expected);
  });
});

describe('A trail brings events of the organization', () => {
  const advanced = (...FieldSelectors: AdvancedFieldSelector[]) => ({
    AdvancedEventSelectors: [
      { FieldSelectors: [{ Field: 'eventCategory', Equals: ['Management'] }, ...FieldSelectors] },
    ],
  });
  test.each([
    ['without selectors', true, {}],
    ['that logs all management events', true, { EventSelectors: [{ ReadWriteType: 'All' as const }] }],
    ['that logs writes', true, { EventSelectors: [{ ReadWriteType: 'WriteOnly' as const }] }],
    ['not when it logs reads', false, { EventSelectors: [{ ReadWriteType: 'ReadOnly' as const }] }],
    ['not when it logs data', false, { EventSelectors: [{ IncludeManagementEvents: false }] }],
    ['by advanced selectors', true, advanced()],
    ['without KMS', true, advanced({ Field: 'eventSource', NotEquals: ['kms.amazonaws.com'] })],
    ['not when those are for reads', false, advanced({ Field: 'readOnly', Equals: ['true'] })],
    [
      'not when those leave out Organizations',
      false,
      advanced({ Field: 'eventSource', NotEquals: ['organizations.amazonaws.com'] }),
    ],
    [
      'not when those are for data',
      false,
      { AdvancedEventSelectors: [{ FieldSelectors: [{ Field: 'eventCategory', Equals: ['Data'] }] }] },
    ],
  ])('%s', (_, expected, selectors) => {
    expect(logsManagementWrites(selectors)).toBe(expected);
  });
});

describe('A rule', () => {
  const rule = { state: 'ENABLED', pattern: { source: ['aws.organizations'] }, targets: [BUS] };
  const wanted = { target: BUS, source: 'aws.organizations', eventName: 'CreateAccountResult' };
  test.each([
    ['is well', {}, undefined],
    ['is well for all of CloudTrail', { state: 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS' }, undefined],
    ['is disabled', { state: 'DISABLED' }, 'is disabled'],
    ['leads elsewhere', { targets: [`${BUS}2`] }, `does not have ${BUS} as its target`],
    ['hears others', { pattern: { source: ['aws.ec2'] } }, 'does not match events of aws.organizations'],
    [
      'hears other events',
      { pattern: { source: ['aws.organizations'], detail: { eventName: ['MoveAccount'] } } },
      'does not match CreateAccountResult',
    ],
  ])('%s', (_, change, expected) => {
    expect(ruleProblem({ ...rule, ...change }, wanted)).toBe(expected);
  });
});

describe('A failure to enter an account', () => {
  const condition = (type: string, reason: string) =>
    ({ type, status: 'False', reason, message: `${reason}.`, changedAt: '' }) as const;
  test.each([
    ['to read', ['NotObserved', 'AccessRoleDenied'], 'AccessRoleDenied'],
    ['to write', ['AccessRoleDenied', 'Verified'], 'AccessRoleDenied'],
    ['by a policy', ['NotObserved', 'DeniedByOrganizationPolicy'], 'DeniedByOrganizationPolicy'],
    [
      'not, when a policy denies its execution role alone',
      ['InDesiredState', 'DeniedByOrganizationPolicy'],
      undefined,
    ],
    ['not, when something else is amiss', ['ForeignResource', 'RoleMissing'], undefined],
  ])('is found: %s', (_, [kind = '', access = ''], expected) => {
    const denied = entryDenied([condition('Parameters', kind), condition('Access', access)]);
    expect(denied?.reason).toBe(expected);
  });
});

describe('An organization role', () => {
  const role = (name: string) => `arn:aws:iam::${MAIN}:role/orgkeeper-${name}`;
  const trust = (names: string[], externalId?: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { AWS: `arn:aws:iam::${MAIN}:root` },
        Condition: {
          ArnEquals: { 'aws:PrincipalArn': names.map(role) },
          ...(externalId && { StringLike: { 'sts:ExternalId': externalId } }),
        },
      },
    });
  const id = config.organizationExternalId;
  test.each([
    ['is well', 'reading', trust(['IntakeRole', 'SweepRole'], id), undefined],
    ['leaves out a function', 'reading', trust(['IntakeRole'], id), `not admit ${role('SweepRole')}`],
    ['asks for another ExternalId', 'creating', trust(['CreationRole'], 'another'), 'with its ExternalId'],
    ['asks for none', 'creating', trust(['CreationRole']), 'without an ExternalId'],
    ['takes any', 'creating', trust(['CreationRole'], '*'), 'with a wrong ExternalId'],
    [
      'admits who may plan',
      'entering',
      trust(['WorkflowLoopRunnerRole', 'ApiHandlerRole'], id),
      `admits ${role('ApiHandlerRole')}, which has no use for it`,
    ],
    ['cannot be read', 'entering', '', 'does not admit'],
  ] as const)('%s', (_, purpose, given, expected) => {
    const problem = organizationRoleProblem(purpose, given, config);
    if (expected === undefined) expect(problem).toBeUndefined();
    else expect(problem).toContain(expected);
  });
});

describe('The policy of the bus', () => {
  const statement = (account: string, source: string) => ({
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: 'events:PutEvents',
    Resource: BUS,
    Condition: { StringEquals: { 'events:source': source } },
  });
  const organization = statement(MANAGEMENT, 'aws.organizations');
  const requests = statement('111122223333', 'orgkeeper.request');
  const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

  test.each([
    ['admits whom it should', policy(organization, requests), undefined],
    ['is missing', undefined, `from the management account ${MANAGEMENT}`],
    ['leaves out the management account', policy(requests), `from the management account ${MANAGEMENT}`],
    ['leaves out a requester', policy(organization), 'account 111122223333'],
    [
      'admits everybody',
      policy(organization, requests, { ...requests, Principal: '*' }),
      'admits events from any account',
    ],
  ])('%s', (_, given, expected) => {
    const problem = policyProblem(config, given);
    if (expected === undefined) expect(problem).toBeUndefined();
    else expect(problem).toContain(expected);
  });

  test('need not exist if Main is the management account and there are no requesters', () => {
    expect(policyProblem(aConfig({ managementAccountId: MAIN }), undefined)).toBeUndefined();
  });
});

test('of several findings the first failed one is printed, with the number of the others', () => {
  expect(combined([undefined, ok('fine')], 'All well.')).toEqual(ok('All well.'));
  expect(combined([undefined, failed('One.', 'Mend it.')], 'All well.')).toEqual(failed('One.', 'Mend it.'));
  expect(combined([failed('One.', 'Mend it.'), failed('Two.', 'Mend that.')], 'All well.')).toEqual(
    failed('One. And 1 more.', 'Mend it.'),
  );
});

describe('The account that a dead letter names', () => {
  const event = (detail: object) =>
    JSON.stringify({ account: MANAGEMENT, source: 'aws.organizations', detail });
  test.each([
    ['is that of work', JSON.stringify({ accountId: MEMBER, cause: {} }), MEMBER],
    ['is that of a request', event({ accountId: MEMBER, name: 'x' }), MEMBER],
    [
      'is that which was created',
      event({
        userIdentity: { accountId: MANAGEMENT },
        serviceEventDetails: { createAccountStatus: { accountId: MEMBER } },
      }),
      MEMBER,
    ],
    [
      'is that which Control Tower made',
      event({ serviceEventDetails: { createManagedAccountStatus: { account: { accountId: MEMBER } } } }),
      MEMBER,
    ],
    [
      'is that which was moved',
      event({ userIdentity: { accountId: MANAGEMENT }, requestParameters: { accountId: MEMBER } }),
      MEMBER,
    ],
    ['is never the one that it came from', event({ userIdentity: { accountId: MANAGEMENT } }), undefined],
    ['is none for a task', JSON.stringify({ task: 'due' }), undefined],
    ['is none in what cannot be read', 'not json', undefined],
    ['is none in what is no object', 'null', undefined],
  ])('%s', (_, body, expected) => {
    expect(accountIn(body)).toBe(expected);
  });
});

describe('The regions of a deployment', () => {
  const baseline = (name: string, version: number, ...regions: string[]) =>
    ({ name, version, regions }) as unknown as BaselineDocument;
  const inAws = [
    { name: 'eu-west-1', isOptIn: false },
    { name: 'af-south-1', isOptIn: true },
  ];
  const named = [{ by: 'Baseline wide@2', regions: ['eu-west-1', 'af-south-1'] }];
  const nowhere = new Map<string, string[]>();

  test('are those of the newest baselines, of baselines that accounts have, and of registrations', () => {
    const baselines = [
      baseline('wide', 1, 'us-east-1'),
      baseline('wide', 2, 'us-east-2'),
      baseline('small', 1, 'us-west-1'),
      baseline('small', 2, 'us-west-2'),
    ];
    const managed = [{ accountId: MEMBER, baseline: { name: 'small', version: 1 }, regions: ['eu-west-1'] }];
    expect(naming(baselines, managed)).toEqual([
      { by: 'Baseline wide@2', regions: ['us-east-2'] },
      { by: 'Baseline small@1', regions: ['us-west-1'] },
      { by: 'Baseline small@2', regions: ['us-west-2'] },
      { by: `The registration of account ${MEMBER}`, regions: ['eu-west-1'] },
    ]);
  });

  test('are in order if AWS has them all, and say which one each account must enable', () => {
    expect(regionsFinding({ named, inAws, notEnabled: nowhere })).toEqual(
      ok('Accounts are managed in eu-west-1, af-south-1. Each account must have af-south-1 enabled.'),
    );
  });

  test('fail if AWS does not have one, which is named with what names it', () => {
    const misspelt = [{ by: 'Baseline wide@2', regions: ['eu-west-1', 'eu-wset-2'] }];
    expect(regionsFinding({ named: misspelt, inAws, notEnabled: nowhere })).toMatchObject({
      is: 'failed',
      message: 'Baseline wide@2 names the region eu-wset-2, which AWS does not have for this account.',
      remedy: expect.stringContaining('Publish a version'),
    });
  });

  test('fail if the last run of a managed account found one that is not enabled', () => {
    const condition = (region: string, reason: string) =>
      ({ type: 'Network', status: 'False', region, reason, message: '', changedAt: '' }) as const;
    const conditions = [condition('eu-west-1', 'InUse'), condition('af-south-1', 'RegionNotEnabled')];
    const accounts = [{ accountId: MEMBER }, { accountId: MAIN }];
    const statuses = new Map([[MEMBER, { conditions }]]);
    const notEnabled = notEnabledIn(accounts, statuses);
    expect(notEnabled).toEqual(new Map([['af-south-1', [MEMBER]]]));
    expect(regionsFinding({ named, inAws, notEnabled })).toMatchObject({
      is: 'failed',
      message: expect.stringContaining(`Account ${MEMBER} has not enabled af-south-1`),
      remedy: expect.stringContaining('enableRegions: true'),
    });
  });
});
