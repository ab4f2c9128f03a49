import { describe, expect, jest, test } from '@jest/globals';
import { readContext } from '../../infra/context.ts';
import { permissions } from '../../shared/deployment/permissions.ts';
import { allowedTo, allStatements, CONTEXT, listOf, ofType, only, statements, templates } from './support.ts';

// Synthesising takes its time on a busy machine.
jest.setTimeout(60_000);

const stacks = templates();
const main = stacks.orgkeeper;
const identity = stacks['orgkeeper-identity'];
const management = stacks['orgkeeper-management'];
const same = templates({ managementAccountId: CONTEXT.mainAccountId });
const bare = templates({ managementAccountId: CONTEXT.mainAccountId, requesters: [], operators: [] });

const role = (account: string, name: string) => `arn:aws:iam::${account}:role/${name}`;
const EXECUTION_ROLES = role('*', 'orgkeeper-execution*');
const ACCESS_ROLES = [role('*', 'OrganizationAccountAccessRole'), role('*', 'AWSControlTowerExecution')];
const organizationRole = (purpose: string) => role('210987654321', `orgkeeper-Organization${purpose}Role`);
const named = (name: string) => (roles: string) => roles.includes(name);
const assumes = (resources: typeof main, name: string) =>
  allowedTo(resources, named(name))
    .filter((statement) => listOf(statement.Action).includes('sts:AssumeRole'))
    .flatMap((statement) => listOf(statement.Resource));

describe('the bus policy', () => {
  const policies = Object.values(ofType(main, 'AWS::Events::EventBusPolicy')).map(
    ({ Properties }) => Properties.Statement,
  );

  test('admits the management account for events of AWS only, and requesters for requests other than retirement', () => {
    const common = {
      Effect: 'Allow',
      Action: 'events:PutEvents',
      Resource: 'arn:aws:events:eu-west-1:345678901234:event-bus/orgkeeper',
    };
    expect(policies).toEqual([
      {
        ...common,
        Sid: 'orgkeeper-OrganizationEvents',
        Principal: { AWS: ['arn:aws:iam::210987654321:root'] },
        Condition: { StringEquals: { 'events:source': ['aws.organizations', 'aws.controltower'] } },
      },
      {
        ...common,
        Sid: 'orgkeeper-Requests',
        Principal: { AWS: ['arn:aws:iam::111122223333:root', 'arn:aws:iam::444455556666:root'] },
        Condition: {
          StringEquals: {
            'events:source': ['orgkeeper.request'],
            'events:detail-type': [
              'AccountRegistrationRequested',
              'AccountCreationRequested',
              'DriftSweepRequested',
              'ClusterRequested',
              'ClusterReleaseRequested',
            ],
          },
        },
      },
    ]);
  });

  test('has statements that are added one after the other, each under a name that says whose it is', () => {
    const made = Object.entries(ofType(main, 'AWS::Events::EventBusPolicy'));
    const after = made.map(([, resource]) =>
      listOf((resource as { DependsOn?: string | string[] }).DependsOn),
    );
    expect(after).toEqual([['Bus'], [made[0]?.[0]]]);
    expect(made.map(([, { Properties }]) => Properties.StatementId)).toEqual([
      'orgkeeper-OrganizationEvents',
      'orgkeeper-Requests',
    ]);
  });

  test('admits no other account without requesters if Main is the management account', () => {
    expect(ofType(bare.orgkeeper, 'AWS::Events::EventBusPolicy')).toEqual({});
  });

  test('stays below 10,240 characters with the maximum number of requesters', () => {
    const requesters = Array.from({ length: 100 }, (_, index) => String(100_000_000_000 + index));
    const full = Object.values(
      ofType(templates({ requesters }).orgkeeper, 'AWS::Events::EventBusPolicy'),
    ).map(({ Properties }) => Properties.Statement);
    expect(JSON.stringify({ Version: '2012-10-17', Statement: full }).length).toBeLessThan(10_240);
    expect(() => readContext({ ...CONTEXT, requesters: [...requesters, '999999999999'] })).toThrow(
      'requesters',
    );
  });
});

describe('roles of Main', () => {
  test.each([
    ['WorkflowLoopRunnerRole', 'orgkeeper-WorkflowLoopRunnerRole'],
    ['ApiHandlerRole', 'orgkeeper-ApiHandlerRole'],
  ])('%s outlives its stack, under a fixed name', (id, name) => {
    const [found] = Object.entries(identity ?? {}).filter(([logical]) => logical.startsWith(id));
    expect(found?.[1]).toMatchObject({ DeletionPolicy: 'Retain', Properties: { RoleName: name } });
  });

  test('only the operators assume the API role, from their own accounts', () => {
    const api = only(identity, 'AWS::IAM::Role', (one) => one.RoleName === 'orgkeeper-ApiHandlerRole');
    const trust = statements(api.AssumeRolePolicyDocument);
    expect(trust).toHaveLength(2);
    expect(trust.map(({ Principal }) => Principal)).toEqual([
      { AWS: 'arn:aws:iam::345678901234:root' },
      { AWS: 'arn:aws:iam::777788889999:root' },
    ]);
    for (const { Condition } of trust) {
      expect(Condition).toEqual({ ArnLike: { 'aws:PrincipalArn': CONTEXT.operators } });
    }
  });

  test('nobody assumes the API role without operators: a root user can assume no role', () => {
    const api = only(
      bare['orgkeeper-identity'],
      'AWS::IAM::Role',
      (one) => one.RoleName === 'orgkeeper-ApiHandlerRole',
    );
    expect(statements(api.AssumeRolePolicyDocument)).toMatchObject([
      { Condition: { ArnLike: { 'aws:PrincipalArn': ['arn:aws:iam::345678901234:root'] } } },
    ]);
  });

  test.each([
    ['orgkeeper-WorkflowLoopRunnerRole', [organizationRole('Entering'), EXECUTION_ROLES]],
    ['orgkeeper-ApiHandlerRole', [organizationRole('Inspecting'), EXECUTION_ROLES]],
    ['IntakeRole', [organizationRole('Reading')]],
    ['SweepRole', [organizationRole('Reading')]],
    ['CreationRole', [organizationRole('Creating')]],
  ])('%s may assume the roles of its purpose, and no others', (name, roles) => {
    expect(assumes(main, name)).toEqual(roles);
  });

  test('the runner enters accounts itself if Main is the management account', () => {
    const runner = assumes(same.orgkeeper, 'orgkeeper-WorkflowLoopRunnerRole');
    expect(runner).toEqual([...ACCESS_ROLES, EXECUTION_ROLES]);
    expect(assumes(same.orgkeeper, 'orgkeeper-ApiHandlerRole')).toEqual([EXECUTION_ROLES]);
    for (const name of ['IntakeRole', 'SweepRole', 'CreationRole'])
      expect(assumes(same.orgkeeper, name)).toEqual([]);
  });

  test('each role has exactly the permissions that are listed for it', () => {
    const listed = permissions(readContext(CONTEXT));
    const attached = {
      intake: allowedTo(main, named('IntakeRole')),
      sweep: allowedTo(main, named('SweepRole')),
      'create-account': allowedTo(main, named('CreationRole')),
      // One role, a policy for each of its two functions.
      reconcile: allowedTo(main, named('orgkeeper-WorkflowLoopRunnerRole'), 'orgkeeper'),
      review: allowedTo(main, named('orgkeeper-WorkflowLoopRunnerRole'), 'orgkeeper-review'),
      api: allowedTo(main, named('orgkeeper-ApiHandlerRole')),
      reading: allowedTo(management, named('OrganizationReadingRole')),
      creating: allowedTo(management, named('OrganizationCreatingRole')),
      entering: allowedTo(management, named('OrganizationEnteringRole')),
      inspecting: allowedTo(management, named('OrganizationInspectingRole')),
    };
    for (const [name, found] of Object.entries(attached)) {
      const grants = listed[name as keyof typeof listed].map(({ sid, actions, resources, conditions }) => ({
        Sid: sid,
        actions,
        resources,
        conditions,
      }));
      expect(
        found.map(({ Sid, Action, Resource, Condition }) => ({
          Sid,
          actions: listOf(Action),
          resources: listOf(Resource),
          conditions: Condition,
        })),
      ).toEqual(grants);
    }
    expect(Object.values(ofType(main, 'AWS::IAM::Policy'))).toHaveLength(6);
    expect(JSON.stringify(stacks)).not.toContain('ManagedPolicyArns');
  });
});

describe('the roles in the management account', () => {
  test.each([
    ['Reading', ['IntakeRole', 'SweepRole']],
    ['Creating', ['CreationRole']],
    ['Entering', ['WorkflowLoopRunnerRole']],
    ['Inspecting', ['ApiHandlerRole']],
  ])("the one for %s is assumed by %j of Main only, with the organization's ExternalId", (purpose, users) => {
    const RoleName = `orgkeeper-Organization${purpose}Role`;
    const found = only(management, 'AWS::IAM::Role', (one) => one.RoleName === RoleName);
    expect(statements(found.AssumeRolePolicyDocument)).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { AWS: 'arn:aws:iam::345678901234:root' },
        Condition: {
          StringEquals: { 'sts:ExternalId': 'orgkeeper-o-a1b2c3d4e5' },
          ArnEquals: {
            'aws:PrincipalArn': users.map((user) => role('345678901234', `orgkeeper-${user}`)),
          },
        },
      },
    ]);
  });

  test('name roles that the stacks of Main make under these names', () => {
    const made = [identity, main].flatMap((resources) =>
      Object.values(ofType(resources, 'AWS::IAM::Role')).map(({ Properties }) => Properties.RoleName),
    );
    for (const name of [
      'WorkflowLoopRunnerRole',
      'ApiHandlerRole',
      'IntakeRole',
      'SweepRole',
      'CreationRole',
    ]) {
      expect(made).toContain(`orgkeeper-${name}`);
    }
  });

  test('do not exist if Main is the management account', () => {
    const names = Object.values(ofType(same['orgkeeper-management'], 'AWS::IAM::Role')).map(
      ({ Properties }) => Properties.RoleName,
    );
    expect(names).toEqual([undefined]);
  });
});

describe.each([
  ['three accounts', stacks],
  ['Main as the management account', same],
])('with %s', (_, templatesOfIt) => {
  const all = Object.values(templatesOfIt).flatMap((resources) => allStatements(resources));
  const allowing = all.filter(({ statement }) => statement.Effect === 'Allow');

  test('no statement allows all of a service, but the key policy to the owner of the key', () => {
    const wide = allowing.filter(({ statement }) =>
      listOf(statement.Action).some((action) => action.includes('*')),
    );
    expect(new Set(wide.map(({ id, statement }) => [id, statement.Action].join(' ')))).toEqual(
      new Set(['AlarmsKey3C2381B3 kms:*']),
    );
  });

  test('no statement allows an action on every resource, except actions without resources', () => {
    const wide = allowing
      .filter(({ id, statement }) => !id.startsWith('AlarmsKey') && listOf(statement.Resource).includes('*'))
      .flatMap(({ statement }) => listOf(statement.Action));
    expect(new Set(wide)).toEqual(
      new Set([
        'organizations:CreateAccount',
        'organizations:DescribeCreateAccountStatus',
        'organizations:DescribeOrganization',
        'organizations:ListAccounts',
        'organizations:ListCreateAccountStatus',
        'cloudtrail:DescribeTrails',
        'ec2:DescribeRegions',
        'lambda:ListEventSourceMappings',
      ]),
    );
  });

  test('no principal is `*`', () => {
    for (const { statement } of allowing) {
      expect(['"*"', '{"AWS":"*"}']).not.toContain(JSON.stringify(statement.Principal));
    }
  });
});
