import { describe, expect, test } from '@jest/globals';
import { evaluate, type PolicySet, type Request } from '../../shared/policy/evaluate.ts';
import type { ControlPolicies } from '../../shared/policy/organization-policies.ts';
import type { Requester } from '../../shared/policy/requester.ts';

const here = '123456789012';
const management = '210987654321';
const outside = '998877665544';
const ann: Requester = { arn: `arn:aws:iam::${here}:user/ann` };
const root: Requester = { arn: `arn:aws:iam::${here}:root` };
const runner: Requester = { arn: `arn:aws:sts::${here}:assumed-role/runner/s` };
const linked: Requester = {
  arn: `arn:aws:sts::${here}:assumed-role/AWSServiceRoleForX/s`,
  roleArn: `arn:aws:iam::${here}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX`,
};
const chief: Requester = { arn: `arn:aws:iam::${management}:user/chief` };
const stranger: Requester = { arn: `arn:aws:iam::${outside}:user/stranger` };
const events: Requester = { arn: 'events.amazonaws.com', type: 'Service' };
const queue = (account: string) => `arn:aws:sqs:eu-west-1:${account}:work`;

const policy = (...Statement: object[]) => ({ Version: '2012-10-17', Statement });
const allow = (Action: string) => policy({ Effect: 'Allow', Action, Resource: '*' });
const everything = allow('*');
const deny = (Action: string, more: object = {}) =>
  policy({ Effect: 'Deny', Action, Resource: '*', ...more });
const everybody = policy({ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' });
const denyAll = (more: object = {}) =>
  policy({ Effect: 'Deny', Principal: '*', Action: '*', Resource: '*', ...more });

const along = (...levels: ControlPolicies['levels']): ControlPolicies => ({
  managementAccountId: management,
  levels,
});

function send(principal: Requester, account = here): Request {
  return { principal, action: 'sqs:SendMessage', resource: queue(account) };
}

type Row = [reason: string, Request, PolicySet, decision: string, why?: string];

/** Takes its arguments as one row, for jest counts the named ones. */
function check(...[, request, policies, decision, why]: Row): void {
  const found = evaluate(request, policies);
  expect([found.decision, found.decidedBy?.policy ?? found.lacking]).toEqual([decision, why]);
}

describe('service control policies', () => {
  const identity = everything;
  const rows: Row[] = [
    [
      'root, unit and account must each allow',
      send(ann),
      { identity, scp: along(everything, allow('sqs:*'), everything) },
      'Allowed',
      'identity[0]',
    ],
    [
      'what the root does not allow is denied, whatever is allowed below',
      send(ann),
      { identity, scp: along(allow('s3:*'), everything, everything) },
      'ImplicitDeny',
      'scp',
    ],
    [
      'what the unit does not allow is denied',
      send(ann),
      { identity, scp: along(everything, allow('s3:*'), everything) },
      'ImplicitDeny',
      'scp',
    ],
    [
      'a level with nothing attached allows nothing',
      send(ann),
      { identity, scp: along(everything, [], everything) },
      'ImplicitDeny',
      'scp',
    ],
    [
      'of several policies at a level one must allow',
      send(ann),
      { identity, scp: along(everything, [allow('s3:*'), allow('sqs:*')]) },
      'Allowed',
      'identity[0]',
    ],
    [
      'a Deny wins at any level',
      send(ann),
      { identity, scp: along([everything, deny('sqs:SendMessage')], everything) },
      'ExplicitDeny',
      'scp[0][1]',
    ],
    [
      'a Deny may spare by condition',
      send(runner),
      {
        identity,
        scp: along([
          everything,
          deny('sqs:*', { Condition: { ArnNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/runner' } } }),
        ]),
      },
      'Allowed',
      'identity[0]',
    ],
    ['they grant nothing', send(ann), { scp: along(everything) }, 'ImplicitDeny', 'identity'],
    [
      'they limit what a resource grants by name, too',
      send(ann),
      {
        resource: policy({ Effect: 'Allow', Principal: { AWS: ann.arn }, Action: 'sqs:*', Resource: '*' }),
        scp: along(allow('s3:*')),
      },
      'ImplicitDeny',
      'scp',
    ],
    [
      'they bind the root user of a member',
      send(root),
      { scp: along(deny('*')) },
      'ExplicitDeny',
      'scp[0][0]',
    ],
    [
      'they do not bind the management account',
      send(chief, management),
      { identity, scp: along(deny('*')) },
      'Allowed',
      'identity[0]',
    ],
    [
      'they do not bind service-linked roles',
      send(linked),
      { identity, scp: along(deny('*')) },
      'Allowed',
      'identity[0]',
    ],
    [
      'they do not bind AWS’s services',
      send(events),
      { resource: everybody, scp: along(deny('*')) },
      'Allowed',
      'resource[0]',
    ],
  ];
  test.each(rows)('%s', check);

  test('are named with the deciding statements of each level', () => {
    const { statements } = evaluate(send(ann), { identity, scp: along(everything, everything) });
    expect(statements.map((each) => each.policy)).toEqual(['identity[0]', 'scp[0][0]', 'scp[1][0]']);
  });

  test('are named with the level that does not allow', () => {
    const reasonOf = (...levels: ControlPolicies['levels']) =>
      evaluate(send(ann), { identity, scp: along(...levels) }).reason;
    expect(reasonOf([], everything, everything)).toMatch(/of the organization’s root allows it/);
    expect(reasonOf(everything, [], everything)).toMatch(/of the unit at level 1 of the organization/);
    expect(reasonOf(everything, everything, [])).toMatch(/of the account itself allows it/);
  });
});

describe('resource control policies', () => {
  const identity = everything;
  const ours = { StringNotEqualsIfExists: { 'aws:PrincipalOrgID': 'o-ours' } };
  const open = policy({ Effect: 'Allow', Principal: '*', Action: 'sqs:*', Resource: '*' });
  const rows: Row[] = [
    [
      'keep out who is not of the organization, though the queue lets everybody in',
      { ...send(stranger), context: { 'aws:PrincipalOrgID': 'o-theirs' } },
      { identity, resource: open, rcp: along([everybody, denyAll({ Condition: ours })], everybody) },
      'ExplicitDeny',
      'rcp[0][1]',
    ],
    [
      'let in who is',
      { ...send(stranger), context: { 'aws:PrincipalOrgID': 'o-ours' } },
      { identity, resource: open, rcp: along([everybody, denyAll({ Condition: ours })], everybody) },
      'Allowed',
      'identity[0]',
    ],
    [
      'each level must allow',
      send(ann),
      { identity, rcp: along(everybody, [], everybody) },
      'ImplicitDeny',
      'rcp',
    ],
    [
      'bind AWS’s services',
      send(events),
      { resource: open, rcp: along(denyAll()) },
      'ExplicitDeny',
      'rcp[0][0]',
    ],
    [
      'do not bind the resources of the management account',
      send(ann, management),
      { identity, resource: open, rcp: along(denyAll()) },
      'Allowed',
      'identity[0]',
    ],
    [
      'bind the management account at the resources of a member',
      send(chief),
      { identity, resource: open, rcp: along(denyAll()) },
      'ExplicitDeny',
      'rcp[0][0]',
    ],
    [
      'do not bind service-linked roles',
      send(linked),
      { identity, rcp: along(denyAll()) },
      'Allowed',
      'identity[0]',
    ],
    [
      'bind the assuming of a role',
      { principal: runner, action: 'sts:AssumeRole', resource: `arn:aws:iam::${here}:role/execution` },
      {
        identity,
        trust: policy({ Effect: 'Allow', Principal: { AWS: here }, Action: 'sts:AssumeRole' }),
        rcp: along(denyAll()),
      },
      'ExplicitDeny',
      'rcp[0][0]',
    ],
    [
      'say nothing about services that have none',
      { principal: ann, action: 'ec2:CreateVpc', resource: `arn:aws:ec2:eu-west-1:${here}:vpc/*` },
      { identity, rcp: along(denyAll()) },
      'Allowed',
      'identity[0]',
    ],
  ];
  test.each(rows)('%s', check);

  test('must name their principals, and service control policies none', () => {
    expect(() => evaluate(send(ann), { identity, rcp: along(everything) })).toThrow(/has no Principal/);
    expect(() => evaluate(send(ann), { identity, scp: along(everybody) })).toThrow(/has a Principal/);
  });
});
