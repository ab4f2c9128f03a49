import { describe, expect, it, test } from '@jest/globals';
import type { AccountAccess, RoleAccess } from '../../controllers/review/account-access.ts';
import { findingsOf, type Surroundings } from '../../controllers/review/findings.ts';
import type { Finding } from '../../shared/domain/review.ts';

const own = '111111111111';
const colleague = '222222222222';
const stranger = '999999999999';
const around: Surroundings = {
  organizationId: 'o-ours000000',
  isMember: (id) => id === own || id === colleague,
  now: new Date('2026-11-28T00:00:00Z'),
  unusedDays: 90,
};
const nothing: AccountAccess = {
  accountId: own,
  partition: 'aws',
  roles: [],
  users: [],
  groups: [],
  buckets: [],
};
const roleArn = `arn:aws:iam::${own}:role/entered`;
const root = (account: string) => `arn:aws:iam::${account}:root`;

function policy(...statements: object[]): object {
  return { Version: '2012-10-17', Statement: statements.map((each) => ({ Effect: 'Allow', ...each })) };
}

function trust(AWS: string | readonly string[], Condition: object = {}): object {
  return { Principal: { AWS }, Action: 'sts:AssumeRole', Condition };
}

function role(changes: Partial<RoleAccess> = {}): RoleAccess {
  const lastUsedAt = '2026-11-27T00:00:00Z';
  return {
    arn: roleArn,
    trust: policy(),
    policies: [],
    createdAt: '2026-01-01T00:00:00Z',
    lastUsedAt,
    ...changes,
  };
}

function found(access: Partial<AccountAccess>): readonly Finding[] {
  return findingsOf({ ...nothing, ...access }, around).findings;
}

const deny = (changes: object) => ({ Effect: 'Deny', Principal: '*', Action: 'sts:AssumeRole', ...changes });

describe('who may assume a role', () => {
  const cases: [reason: string, statements: object[], expected: Partial<Finding>[]][] = [
    [
      'an account of the organization is named as such, and has no flag',
      [trust(colleague)],
      [{ other: `AWS ${root(colleague)}`, otherAccount: colleague, party: 'organization', flags: [] }],
    ],
    [
      'a third party without an ExternalId has both flags',
      [trust(root(stranger))],
      [{ party: 'outside', externalId: false, flags: ['OutsideOrganization', 'NoExternalId'] }],
    ],
    [
      'an ExternalId takes away the flag for its lack',
      [trust(stranger, { StringEquals: { 'sts:ExternalId': 'x1' } })],
      [{ party: 'outside', externalId: true, flags: ['OutsideOrganization'] }],
    ],
    [
      'an ExternalId that may be absent is none',
      [trust(stranger, { StringEqualsIfExists: { 'sts:ExternalId': 'x1' } })],
      [{ externalId: false, flags: ['OutsideOrganization', 'NoExternalId'] }],
    ],
    [
      'an ExternalId that may be any is none',
      [trust(stranger, { StringLike: { 'sts:ExternalId': '*' } })],
      [{ externalId: false, flags: ['OutsideOrganization', 'NoExternalId'] }],
    ],
    [
      'a Deny without the ExternalId requires it as much',
      [trust(stranger), deny({ Condition: { StringNotEquals: { 'sts:ExternalId': 'x1' } } })],
      [{ externalId: true, flags: ['OutsideOrganization'] }],
    ],
    [
      'a Deny that has a second condition guards nothing',
      [
        trust(stranger),
        deny({ Condition: { StringNotEquals: { 'sts:ExternalId': 'x1', 'aws:PrincipalTag/team': 'a' } } }),
      ],
      [{ externalId: false, flags: ['OutsideOrganization', 'NoExternalId'] }],
    ],
    [
      'multi-factor authentication that is required is said',
      [trust(colleague, { Bool: { 'aws:MultiFactorAuthPresent': 'true' } })],
      [{ mfa: true }],
    ],
    [
      'BoolIfExists lets in the keys of a user, which have no multi-factor authentication',
      [trust(colleague, { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'true' } })],
      [{ mfa: false }],
    ],
    ['everyone is everyone', [trust('*')], [{ party: 'anyone', flags: ['Wildcard', 'NoExternalId'] }]],
    [
      'everyone of this organization is the organization',
      [trust('*', { StringEquals: { 'aws:PrincipalOrgID': 'o-ours000000' } })],
      [{ party: 'organization', flags: [] }],
    ],
    [
      'everyone of a part of the organization is the organization',
      [trust('*', { 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': 'o-ours000000/r-ab12/*' } })],
      [{ party: 'organization', flags: [] }],
    ],
    [
      'everyone of another organization is outside',
      [trust('*', { StringEquals: { 'aws:PrincipalOrgID': 'o-theirs0000' } })],
      [{ party: 'outside', flags: ['OutsideOrganization', 'NoExternalId'] }],
    ],
    [
      'any organization is no limit',
      [trust('*', { StringLike: { 'aws:PrincipalOrgID': 'o-*' } })],
      [{ party: 'anyone', flags: ['Wildcard', 'NoExternalId'] }],
    ],
    [
      'everyone but services denied outside of the organization is the organization',
      [
        trust('*'),
        deny({
          Condition: {
            StringNotEquals: { 'aws:PrincipalOrgID': 'o-ours000000' },
            BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
          },
        }),
      ],
      [{ party: 'organization', flags: [] }],
    ],
    [
      'everyone whose ARN is in one account is that account',
      [trust('*', { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${colleague}:role/ci-*` } })],
      [{ party: 'organization', flags: [] }],
    ],
    [
      'all but some are anyone',
      [{ NotPrincipal: { AWS: root(colleague) }, Action: 'sts:AssumeRole' }],
      [{ other: 'AWS *', party: 'anyone', flags: ['Wildcard', 'NoExternalId'] }],
    ],
    [
      'a unique id is a principal that was deleted',
      [trust('AROAEXAMPLEEXAMPLE123')],
      [{ party: 'gone', flags: ['PrincipalGone'] }],
    ],
    [
      'a role of the account that is not there is gone',
      [trust(`arn:aws:iam::${own}:role/former`)],
      [{ party: 'gone', flags: ['PrincipalGone'] }],
    ],
    [
      'a session of a role that is there is of the account',
      [trust(`arn:aws:sts::${own}:assumed-role/entered/session`)],
      [{ party: 'account', flags: [] }],
    ],
    [
      'a service has no flag',
      [{ Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      [{ other: 'Service ec2.amazonaws.com', party: 'service', flags: [] }],
    ],
    [
      'a SAML provider of the account is federated',
      [
        {
          Principal: { Federated: `arn:aws:iam::${own}:saml-provider/corp` },
          Action: 'sts:AssumeRoleWithSAML',
        },
      ],
      [{ party: 'federated', flags: [] }],
    ],
    [
      'a workflow of any repository is anyone',
      [github({ StringEquals: { 'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com' } })],
      [{ party: 'anyone', flags: ['Wildcard'] }],
    ],
    [
      'a workflow of one repository is federated',
      [github({ StringLike: { 'token.actions.githubusercontent.com:sub': 'repo:lab/x:*' } })],
      [{ party: 'federated', flags: [] }],
    ],
    [
      'each principal is a finding of its own',
      [trust([colleague, stranger])],
      [{ party: 'outside' }, { party: 'organization' }],
    ],
    [
      'a statement that only allows tags lets nobody in',
      [{ ...trust(stranger), Action: 'sts:TagSession' }],
      [],
    ],
    [
      'every action includes the one that counts',
      [{ ...trust(colleague), Action: 'sts:*' }],
      [{ party: 'organization' }],
    ],
    [
      'all actions but some include the one that counts',
      [{ ...trust(colleague), Action: undefined, NotAction: 'sts:TagSession' }],
      [{ party: 'organization' }],
    ],
    ['a Deny without conditions closes the way', [trust(stranger), deny({})], []],
    [
      'a Deny for somebody else closes nothing',
      [trust(stranger), deny({ Principal: { AWS: root(colleague) } })],
      [{ party: 'outside' }],
    ],
  ];
  test.each(cases)('%s', (_, statements, expected) => {
    const findings = found({ roles: [role({ trust: policy(...statements) })] });
    expect(findings).toMatchObject(
      expected.map((each) => ({ kind: 'RoleTrust', subject: roleArn, ...each })),
    );
    expect(findings).toHaveLength(expected.length);
  });
});

function github(Condition: object): object {
  const Federated = `arn:aws:iam::${own}:oidc-provider/token.actions.githubusercontent.com`;
  return { Principal: { Federated }, Action: 'sts:AssumeRoleWithWebIdentity', Condition };
}

describe('a role that is not used', () => {
  const cases: [reason: string, role: Partial<RoleAccess>, unused: boolean][] = [
    ['used yesterday', {}, false],
    ['used 91 days ago', { lastUsedAt: '2026-08-29T00:00:00Z' }, true],
    ['used 89 days ago', { lastUsedAt: '2026-08-31T00:00:01Z' }, false],
    ['never used, and older than that', { lastUsedAt: undefined }, true],
    ['never used, and made last week', { lastUsedAt: undefined, createdAt: '2026-11-21T00:00:00Z' }, false],
    [
      'made by AWS for one of its services, which nobody else can remove',
      { arn: `arn:aws:iam::${own}:role/aws-service-role/x.amazonaws.com/x`, lastUsedAt: undefined },
      false,
    ],
  ];
  test.each(cases)('%s', (_, changes, unused) => {
    const [only] = found({ roles: [role({ trust: policy(trust(colleague)), ...changes })] });
    expect(only?.flags).toEqual(unused ? ['Unused'] : []);
  });
});

describe('who is an administrator', () => {
  const all = { Action: '*', Resource: '*' };
  const cases: [reason: string, policies: object[], administrator: boolean, boundary?: object][] = [
    ['everything on everything', [policy(all)], true],
    ['the same in another spelling', [policy({ Action: ['s3:GetObject', '*:*'], Resource: ['*'] })], true],
    [
      'everything, with multi-factor authentication',
      [policy({ ...all, Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } })],
      true,
    ],
    [
      'everything but one action, since IAM is in it',
      [policy(all, { ...all, Effect: 'Deny', Action: 'organizations:LeaveOrganization' })],
      true,
    ],
    ['all actions but some', [policy({ NotAction: 'aws-portal:*', Resource: '*' })], true],
    ['all of IAM', [policy({ Action: 'iam:*', Resource: '*' })], true],
    ['may write any policy on any role', [policy({ Action: 'iam:PutRolePolicy', Resource: '*' })], true],
    [
      'may write a policy on some roles',
      [policy({ Action: 'iam:PutRolePolicy', Resource: 'arn:aws:iam::*:role/analysis-*' })],
      false,
    ],
    [
      'all but IAM, as PowerUserAccess has it',
      [policy({ NotAction: ['iam:*', 'organizations:*', 'account:*'], Resource: '*' })],
      false,
    ],
    ['reads everything', [policy({ Action: ['s3:Get*', 'iam:Get*', 'iam:List*'], Resource: '*' })], false],
    [
      'everything, of which another policy denies IAM',
      [policy(all), policy({ ...all, Effect: 'Deny', Action: 'iam:*' })],
      false,
    ],
    [
      'everything, within a boundary without IAM',
      [policy(all)],
      false,
      policy({ Action: 's3:*', Resource: '*' }),
    ],
    ['everything, within a boundary of everything', [policy(all)], true, policy(all)],
    ['no policy at all', [], false],
  ];
  test.each(cases)('%s', (...[, policies, administrator, boundary]) => {
    const one = { arn: `arn:aws:iam::${own}:user/ann`, policies, ...(boundary && { boundary }) };
    const kinds = found({ users: [one] }).filter(({ kind }) => kind === 'Administrator');
    expect(kinds).toMatchObject(administrator ? [{ subject: one.arn, flags: ['Administrator'] }] : []);
  });

  it('is flagged at each way into the role, too', () => {
    const findings = found({ roles: [role({ trust: policy(trust(stranger)), policies: [policy(all)] })] });
    expect(findings.map(({ kind, flags }) => [kind, flags])).toEqual([
      ['RoleTrust', ['OutsideOrganization', 'NoExternalId', 'Administrator']],
      ['Administrator', ['Administrator']],
    ]);
  });
});

describe('who may assume roles elsewhere', () => {
  const assume = (Resource: string | string[], more: object = {}) =>
    policy({ Action: 'sts:AssumeRole', Resource, ...more });
  const elsewhere = (account: string) => `arn:aws:iam::${account}:role/b`;
  const cases: [reason: string, policies: object[], expected: Partial<Finding>[]][] = [
    [
      'a role of a member',
      [assume(elsewhere(colleague))],
      [{ other: elsewhere(colleague), otherAccount: colleague, party: 'organization', flags: [] }],
    ],
    ['a role outside', [assume(elsewhere(stranger))], [{ party: 'outside', flags: ['OutsideOrganization'] }]],
    ['a role of its own account is no way out', [assume(elsewhere(own))], []],
    ['any role', [assume('*')], [{ other: '*', party: 'anyone', flags: ['Wildcard'] }]],
    ['a role of that name anywhere', [assume(elsewhere('*'))], [{ party: 'anyone', flags: ['Wildcard'] }]],
    [
      'any role of the organization',
      [assume('*', { Condition: { StringEquals: { 'aws:ResourceOrgID': 'o-ours000000' } } })],
      [{ party: 'organization', flags: [] }],
    ],
    [
      'any role of the own account',
      [assume('*', { Condition: { StringEquals: { 'aws:ResourceAccount': own } } })],
      [],
    ],
    ['a role that a Deny takes back', [assume(elsewhere(stranger)), assume('*', { Effect: 'Deny' })], []],
    [
      'a Deny for another account takes nothing back',
      [assume(elsewhere(stranger)), assume(elsewhere(colleague), { Effect: 'Deny' })],
      [{ party: 'outside' }],
    ],
    [
      'an action with a wildcard',
      [policy({ Action: 'sts:Assume*', Resource: elsewhere(stranger) })],
      [{ party: 'outside' }],
    ],
    ['a resource that is no role', [policy({ Action: 'sts:*', Resource: 'arn:aws:s3:::x' })], []],
    [
      'everything, which is said as an administrator',
      [policy({ Action: '*', Resource: '*' })],
      [{ kind: 'Administrator' }],
    ],
    [
      'the same role in two policies, once',
      [assume(elsewhere(stranger)), assume(elsewhere(stranger))],
      [{ party: 'outside' }],
    ],
  ];
  test.each(cases)('%s', (_, policies, expected) => {
    const group = { arn: `arn:aws:iam::${own}:group/g`, policies };
    const findings = found({ groups: [group] });
    expect(findings).toMatchObject(
      expected.map((each) => ({ kind: 'AssumesElsewhere', subject: group.arn, ...each })),
    );
    expect(findings).toHaveLength(expected.length);
  });
});

describe('whom the policy of a bucket lets in', () => {
  const read = (Principal: unknown, more: object = {}) => ({
    Principal,
    Action: 's3:GetObject',
    Resource: 'arn:aws:s3:::lake/*',
    ...more,
  });
  const cases: [reason: string, statements: object[], expected: Partial<Finding>[]][] = [
    ['its own account is nobody else', [read({ AWS: own })], []],
    [
      'a member',
      [read({ AWS: colleague })],
      [{ otherAccount: colleague, party: 'organization', actions: ['s3:getobject'], flags: [] }],
    ],
    [
      'an account outside',
      [read({ AWS: `arn:aws:iam::${stranger}:role/reader` })],
      [{ party: 'outside', flags: ['OutsideOrganization'] }],
    ],
    ['everyone', [read('*')], [{ party: 'anyone', flags: ['Wildcard'] }]],
    [
      'everyone at one address is still everyone',
      [read('*', { Condition: { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } } })],
      [{ party: 'anyone', flags: ['Wildcard'] }],
    ],
    [
      'everyone of the organization',
      [read('*', { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-ours000000' } } })],
      [{ party: 'organization', flags: [] }],
    ],
    [
      'everyone, of whom a Deny leaves the organization',
      [
        read('*'),
        {
          ...read('*'),
          Effect: 'Deny',
          Action: 's3:*',
          Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-ours000000' } },
        },
      ],
      [{ party: 'organization', flags: [] }],
    ],
    [
      'a canonical id, whose account nobody can tell',
      [read({ CanonicalUser: '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be' })],
      [{ party: 'outside', flags: ['OutsideOrganization'] }],
    ],
    [
      'a distribution of CloudFront is a service',
      [read({ AWS: 'arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1' })],
      [{ party: 'service', flags: [] }],
    ],
    ['a Deny alone lets nobody in', [{ ...read('*'), Effect: 'Deny' }], []],
  ];
  test.each(cases)('%s', (_, statements, expected) => {
    const findings = found({ buckets: [{ name: 'lake', policy: policy(...statements) }] });
    expect(findings).toMatchObject(
      expected.map((each) => ({ kind: 'BucketAccess', subject: 'arn:aws:s3:::lake', ...each })),
    );
    expect(findings).toHaveLength(expected.length);
  });
});

describe('the id of a finding', () => {
  const idOf = (statement: object, changes: Partial<RoleAccess> = {}) =>
    found({ roles: [role({ trust: policy(statement), ...changes })] })[0]?.id;

  it('is the same for the same trust in another spelling', () => {
    const one = trust(stranger, { StringEquals: { 'sts:ExternalId': 'x1' } });
    const other = {
      Action: ['STS:AssumeRole'],
      Principal: { AWS: [root(stranger)] },
      Condition: { StringEquals: { 'STS:ExternalID': ['x1'] } },
    };
    expect(idOf(other)).toBe(idOf(one));
  });

  it('is the same whether the role is used, and what its policies allow', () => {
    expect(
      idOf(trust(stranger), { lastUsedAt: undefined, policies: [policy({ Action: '*', Resource: '*' })] }),
    ).toBe(idOf(trust(stranger)));
  });

  it('is another without the ExternalId, so that what was accepted with one comes back', () => {
    expect(idOf(trust(stranger))).not.toBe(
      idOf(trust(stranger, { StringEquals: { 'sts:ExternalId': 'x1' } })),
    );
  });

  it('is another when a Deny that kept everyone in the organization is gone', () => {
    const guard = deny({ Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-ours000000' } } });
    const [guarded] = found({ roles: [role({ trust: policy(trust('*'), guard) })] });
    expect(guarded?.party).toBe('organization');
    expect(guarded?.id).not.toBe(idOf(trust('*')));
  });
});

it('names a policy that cannot be read, and still shows the other findings', () => {
  const { findings, unread } = findingsOf(
    {
      ...nothing,
      roles: [role({ trust: policy(trust(stranger)) })],
      buckets: [{ name: 'odd', policy: { Statement: { Effect: 'Perhaps' } } }],
    },
    around,
  );
  expect(findings).toHaveLength(1);
  expect(unread).toEqual([
    { subject: 'arn:aws:s3:::odd', why: expect.stringContaining('"Allow" or "Deny"') },
  ]);
});

it('shows the findings with most flags first', () => {
  const findings = found({
    roles: [
      role({ trust: policy(trust(colleague)) }),
      role({ arn: `${roleArn}-2`, trust: policy(trust(stranger)) }),
    ],
  });
  expect(findings.map(({ party }) => party)).toEqual(['outside', 'organization']);
});
