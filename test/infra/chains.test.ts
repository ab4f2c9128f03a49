import { describe, expect, jest, test } from '@jest/globals';
import type { Policy, PolicyInput } from '../../shared/policy/document.ts';
import { evaluate } from '../../shared/policy/evaluate.ts';
import { aTrust, MEMBER } from '../kit/factories.ts';
import { CONTEXT, listOf, ofType, type Resources, type Statement, statements, templates } from './support.ts';

/**
 * Who gets where by assuming one role after the other: the roles of the templates, and those of a member. Each step needs
 * both the policies of the role that asks and the trust of the one that is assumed.
 */

// Synthesising takes its time on a busy machine.
jest.setTimeout(60_000);

interface Role {
  readonly arn: string;
  readonly trust: PolicyInput;
  readonly allowed: readonly Statement[];
}

const EXTERNAL_IDS = ['orgkeeper-o-a1b2c3d4e5', 'abcdefghijklmnopqrstuvwxyz012345'];
const arnOf = (account: string, name: string) => `arn:aws:iam::${account}:role/${name}`;
const mainRole = (name: string) => arnOf(CONTEXT.mainAccountId, `orgkeeper-${name}`);
const documentOf = (Statement: unknown): PolicyInput => ({ Version: '2012-10-17', Statement }) as Policy;
const EVERYTHING: Statement = { Effect: 'Allow', Action: '*', Resource: '*' };
const ACCESS_ROLE = arnOf(MEMBER, 'OrganizationAccountAccessRole');
const EXECUTION_ROLE = arnOf(MEMBER, 'orgkeeper-execution');

/** The named roles of a template; what a token stands for is nobody's ARN. */
function rolesOf(resources: Resources | undefined, account: string): Role[] {
  const plain = JSON.parse(JSON.stringify(resources ?? {}), (_, value) =>
    value?.['Fn::GetAtt'] || value?.['Fn::Join'] ? 'token' : value,
  ) as Resources;
  const policies = Object.values(ofType(plain, 'AWS::IAM::Policy'));
  return Object.entries(ofType(plain, 'AWS::IAM::Role')).flatMap(([id, { Properties }]) => {
    if (typeof Properties.RoleName !== 'string') return [];
    const attached = policies.filter(({ Properties: { Roles } }) =>
      JSON.stringify(Roles).includes(`"${id}"`),
    );
    const inline = attached.flatMap(({ Properties: { PolicyDocument } }) => statements(PolicyDocument));
    const trust = Properties.AssumeRolePolicyDocument as PolicyInput;
    return [{ arn: arnOf(account, Properties.RoleName), trust, allowed: inline }];
  });
}

/** Every role of a deployment, and of a member of its organization, whose execution role may do everything. */
function world(changes: Record<string, unknown> = {}): Role[] {
  const managementAccountId = String(changes.managementAccountId ?? CONTEXT.managementAccountId);
  const stacks = templates(changes);
  const byName = Object.values(ofType(stacks.orgkeeper, 'AWS::IAM::Policy'));
  /** The main stack attaches to the roles of the identity stack, by name. */
  const identity = rolesOf(stacks['orgkeeper-identity'], CONTEXT.mainAccountId).map((role) => ({
    ...role,
    allowed: byName
      .filter(({ Properties }) => JSON.stringify(Properties.Roles).includes(`"${role.arn.split('/')[1]}"`))
      .flatMap(({ Properties }) => statements(Properties.PolicyDocument)),
  }));
  const root = { AWS: `arn:aws:iam::${managementAccountId}:root` };
  const { Statement: trusted } = aTrust(EXTERNAL_IDS[1] ?? '');
  const Principal = { AWS: [mainRole('WorkflowLoopRunnerRole'), mainRole('ApiHandlerRole')] };
  return [
    ...identity,
    ...rolesOf(stacks.orgkeeper, CONTEXT.mainAccountId),
    ...rolesOf(stacks['orgkeeper-management'], managementAccountId),
    ...['OrganizationAccountAccessRole', 'AWSControlTowerExecution'].map((name) => ({
      arn: arnOf(MEMBER, name),
      trust: documentOf({ Effect: 'Allow', Principal: root, Action: 'sts:AssumeRole' }),
      allowed: [EVERYTHING],
    })),
    { arn: EXECUTION_ROLE, trust: documentOf({ ...trusted, Principal }), allowed: [EVERYTHING] },
  ];
}

/** The roles that a role gets to, by whatever chain; the execution role is named and not gone on from. */
function reached(roles: readonly Role[], start: Role): Role[] {
  const found = new Map<string, Role>();
  const open = [start];
  for (let at = open.pop(); at; at = open.pop()) {
    for (const role of roles) {
      if (found.has(role.arn) || !assumes(at, role)) continue;
      found.set(role.arn, role);
      if (role.arn !== EXECUTION_ROLE) open.push(role);
    }
  }
  return [...found.values()];
}

function assumes(caller: Role, role: Role): boolean {
  const [, , , , account, name = ''] = caller.arn.split(':');
  const session = `arn:aws:sts::${account}:assumed-role/${name.split('/').at(-1)}/session`;
  return EXTERNAL_IDS.some((externalId) => {
    const { decision } = evaluate(
      {
        principal: { arn: session, roleArn: caller.arn },
        action: 'sts:AssumeRole',
        resource: role.arn,
        context: { 'sts:ExternalId': externalId, 'aws:PrincipalOrgID': CONTEXT.organizationId },
      },
      { identity: documentOf(caller.allowed), trust: role.trust },
    );
    return decision === 'Allowed';
  });
}

/** What an operator needs of their own, as the pages say it. */
const OPERATOR: Role = {
  arn: CONTEXT.operators[0],
  trust: documentOf([]),
  allowed: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: mainRole('ApiHandlerRole') }],
};

const READS = /^[a-z0-9]+:(BatchGet|Get|List|Describe|Query)/;

describe.each([
  ['three accounts', world(), [arnOf(CONTEXT.managementAccountId, 'orgkeeper-OrganizationInspectingRole')]],
  ['Main as the management account', world({ managementAccountId: CONTEXT.mainAccountId }), []],
])('with %s', (_, roles, inspecting) => {
  const named = (arn: string) => {
    const found = roles.find((role) => role.arn === arn);
    if (!found) throw new Error(`there is no role ${arn}`);
    return found;
  };

  test('an operator can assume the API role, the inspecting role and, by `credentials`, execution roles', () => {
    const found = reached(roles, OPERATOR).map(({ arn }) => arn);
    expect(found.toSorted()).toEqual([mainRole('ApiHandlerRole'), ...inspecting, EXECUTION_ROLE].toSorted());
  });

  test('no chain from an operator reaches a writing call, except by the execution role', () => {
    const statementsOfThem = reached(roles, OPERATOR)
      .filter(({ arn }) => arn !== EXECUTION_ROLE)
      .flatMap(({ allowed }) => allowed);
    const calls = statementsOfThem.flatMap(({ Action, Condition }) =>
      listOf(Action).map((action) => ({ action, ...(Condition && { Condition }) })),
    );
    expect(calls.length).toBeGreaterThan(20);
    expect(calls.filter(({ action }) => !READS.test(action) && action !== 'sts:AssumeRole')).toEqual([
      {
        action: 'events:PutEvents',
        Condition: {
          StringEquals: { 'events:source': 'orgkeeper.request', 'events:detail-type': 'PlanRequested' },
        },
      },
    ]);
  });

  test.each([
    ['a plan', 'orgkeeper.request', 'PlanRequested', 'Allowed'],
    ['no sweep', 'orgkeeper.request', 'DriftSweepRequested', 'ImplicitDeny'],
    ['no retirement', 'orgkeeper.request', 'AccountRetirementRequested', 'ImplicitDeny'],
    ["nothing in AWS's name", 'aws.organizations', 'PlanRequested', 'ImplicitDeny'],
  ])('the API role puts %s', (_what, source, detailType, decision) => {
    const { allowed, arn } = named(mainRole('ApiHandlerRole'));
    const request = {
      principal: { arn },
      action: 'events:PutEvents',
      resource: 'arn:aws:events:eu-west-1:345678901234:event-bus/orgkeeper',
      context: { 'events:source': source, 'events:detail-type': detailType },
    };
    expect(evaluate(request, { identity: documentOf(allowed) }).decision).toBe(decision);
  });

  test.each(['IntakeRole', 'SweepRole', 'CreationRole'])('%s can enter no member', (name) => {
    const found = reached(roles, named(mainRole(name))).map(({ arn }) => arn);
    expect(found.filter((arn) => arn.includes(`:${MEMBER}:`))).toEqual([]);
  });

  test('reconcile can enter members, and creates no accounts', () => {
    const runner = named(mainRole('WorkflowLoopRunnerRole'));
    const found = reached(roles, runner);
    expect(found.map(({ arn }) => arn)).toEqual(expect.arrayContaining([ACCESS_ROLE, EXECUTION_ROLE]));
    const here = [runner, ...found].filter(({ arn }) => !arn.includes(`:${MEMBER}:`));
    const actions = here.flatMap(({ allowed }) => allowed.flatMap(({ Action }) => listOf(Action)));
    expect(actions.filter((action) => /^(organizations|iam):/.test(action))).toEqual([]);
  });
});
