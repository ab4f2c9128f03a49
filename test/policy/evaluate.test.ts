import { describe, expect, test } from '@jest/globals';
import type { PolicySet, Request } from '../../shared/policy/evaluate.ts';
import { evaluate } from '../../shared/policy/evaluate.ts';
import type { Requester } from '../../shared/policy/requester.ts';

const here = '123456789012';
const there = '210987654321';
const bucket = 'arn:aws:s3:::lab/x';
const ann: Requester = { arn: `arn:aws:iam::${here}:user/ann`, uniqueId: 'AIDAEXAMPLEEXAMPLE123' };
const session: Requester = {
  arn: `arn:aws:sts::${here}:assumed-role/analysis/s`,
  uniqueId: 'AROAEXAMPLEEXAMPLE123',
};
const analysis = `arn:aws:iam::${here}:role/analysis`;
const stranger: Requester = { arn: `arn:aws:sts::${there}:assumed-role/runner/s` };
const ec2: Requester = { arn: 'ec2.amazonaws.com', type: 'Service' };
const root: Requester = { arn: `arn:aws:iam::${here}:root` };
const execution = `arn:aws:iam::${here}:role/execution`;

const allow = (more: object = {}) => policy({ Effect: 'Allow', Action: 's3:Get*', Resource: '*', ...more });
const deny = (more: object = {}) => policy({ Effect: 'Deny', Action: 's3:Get*', Resource: '*', ...more });
const trust = (Principal: unknown, more: object = {}) =>
  policy({ Effect: 'Allow', Principal, Action: 'sts:AssumeRole', ...more });
const mayAssume = policy({
  Effect: 'Allow',
  Action: 'sts:AssumeRole',
  Resource: `arn:aws:iam::*:role/execution`,
});

function policy(...Statement: object[]): object {
  return { Version: '2012-10-17', Statement };
}

function get(principal: Requester, more: Partial<Request> = {}): Request {
  return { principal, action: 's3:GetObject', resource: bucket, ...more };
}

function assume(principal: Requester, context: Record<string, string> = {}): Request {
  return { principal, action: 'sts:AssumeRole', resource: execution, context };
}

type Row = [reason: string, request: Request, policies: PolicySet, decision: string, decidedBy?: string];

/** Takes its arguments as one row, for jest counts the named ones. */
function check(...row: Row): void {
  const [, request, policies, decision, decidedBy] = row;
  const { decision: found, decidedBy: by } = evaluate(request, policies);
  expect([found, by && `${by.policy}.${by.index}`]).toEqual([decision, decidedBy]);
}

describe('one identity policy', () => {
  const rows: Row[] = [
    ['without any policy nothing is allowed', get(ann), {}, 'ImplicitDeny'],
    ['a matching Allow allows', get(ann), { identity: allow() }, 'Allowed', 'identity[0].0'],
    [
      'actions compare without case',
      get(ann, { action: 'S3:getobject' }),
      { identity: allow() },
      'Allowed',
      'identity[0].0',
    ],
    [
      'another action is not allowed',
      get(ann, { action: 's3:PutObject' }),
      { identity: allow() },
      'ImplicitDeny',
    ],
    ['*:* is every action', get(ann), { identity: allow({ Action: '*:*' }) }, 'Allowed', 'identity[0].0'],
    [
      '? is one character',
      get(ann),
      { identity: allow({ Action: 's3:GetObjec?' }) },
      'Allowed',
      'identity[0].0',
    ],
    ['? is not none', get(ann), { identity: allow({ Action: 's3:GetObject?' }) }, 'ImplicitDeny'],
    [
      'resources compare with case',
      get(ann),
      { identity: allow({ Resource: 'arn:aws:s3:::Lab/*' }) },
      'ImplicitDeny',
    ],
    [
      'a Deny wins, wherever it stands',
      get(ann),
      { identity: [allow(), deny()] },
      'ExplicitDeny',
      'identity[1].0',
    ],
    [
      'a Deny under a condition that does not hold is none',
      get(ann),
      { identity: [allow(), deny({ Condition: { Bool: { 'aws:SecureTransport': false } } })] },
      'Allowed',
      'identity[0].0',
    ],
    [
      'NotAction is all but these',
      get(ann),
      { identity: allow({ Action: undefined, NotAction: 'iam:*' }) },
      'Allowed',
      'identity[0].0',
    ],
    [
      'NotAction leaves these out',
      get(ann),
      { identity: allow({ Action: undefined, NotAction: 's3:*' }) },
      'ImplicitDeny',
    ],
    [
      'NotResource is all but these',
      get(ann),
      { identity: allow({ Resource: undefined, NotResource: 'arn:aws:s3:::lab/*' }) },
      'ImplicitDeny',
    ],
    [
      'a * that ends a segment may go beyond it',
      get(ann, { resource: `arn:aws:s3:eu-1:${here}:x` }),
      { identity: allow({ Resource: 'arn:aws:s3:*' }) },
      'Allowed',
      'identity[0].0',
    ],
    [
      'in the last segment it goes anywhere',
      get(ann, { resource: `arn:aws:s3:eu-1:${here}:group:a:stream` }),
      { identity: allow({ Resource: 'arn:aws:s3:*:*:gr*eam' }) },
      'Allowed',
      'identity[0].0',
    ],
    [
      'a * within a segment keeps within it',
      get(ann, { resource: `arn:aws:s3:eu-1:${here}:x` }),
      { identity: allow({ Resource: 'arn:aws:s*1:*:x' }) },
      'ImplicitDeny',
    ],
    [
      'the text of a policy will do',
      get(ann),
      { identity: encodeURIComponent(JSON.stringify(allow())) },
      'Allowed',
      'identity[0].0',
    ],
    [
      'an empty list of actions is about nothing',
      get(ann),
      { identity: allow({ Action: [] }) },
      'ImplicitDeny',
    ],
  ];
  test.each(rows)('%s', check);

  test('names the statement by its Sid', () => {
    expect(evaluate(get(ann), { identity: allow({ Sid: 'Reading' }) }).decidedBy).toEqual({
      kind: 'identity',
      policy: 'identity[0]',
      index: 0,
      sid: 'Reading',
    });
  });

  const misplaced: [reason: string, policies: PolicySet, message: RegExp][] = [
    ['a Principal in an identity policy', { identity: allow({ Principal: '*' }) }, /has a Principal/],
    [
      'no Resource in an identity policy',
      { identity: allow({ Resource: undefined }) },
      /neither Principal nor Resource/,
    ],
    ['no Principal in a resource policy', { resource: allow() }, /has no Principal/],
    ['something that is no policy', { boundary: '[]' }, /must be an object/],
  ];
  test.each(misplaced)('refuses %s', (_reason, policies, message) => {
    expect(() => evaluate(get(ann), policies)).toThrow(message);
  });
});

describe('policy variables', () => {
  const home = (Resource: string, document: object = {}) => ({ ...allow({ Resource }), ...document });
  const rows: Row[] = [
    [
      'are replaced',
      get(ann, { resource: 'arn:aws:s3:::h/ann' }),
      { identity: home('arn:aws:s3:::h/${aws:UserName}') },
      'Allowed',
      'identity[0].0',
    ],
    [
      'are plain text before 2012-10-17',
      get(ann, { resource: 'arn:aws:s3:::h/ann' }),
      { identity: home('arn:aws:s3:::h/${aws:username}', { Version: '2008-10-17' }) },
      'ImplicitDeny',
    ],
    [
      'are plain text without a Version',
      get(ann, { resource: 'arn:aws:s3:::h/ann' }),
      { identity: home('arn:aws:s3:::h/${aws:username}', { Version: undefined }) },
      'ImplicitDeny',
    ],
    [
      'match nothing without a value',
      get(session, { resource: 'arn:aws:s3:::h/' }),
      { identity: home('arn:aws:s3:::h/${aws:username}') },
      'ImplicitDeny',
    ],
    [
      'have defaults',
      get(session, { resource: "arn:aws:s3:::h/it's" }),
      { identity: home("arn:aws:s3:::h/${aws:username, 'it''s'}") },
      'Allowed',
      'identity[0].0',
    ],
    [
      'do not bring wildcards with them',
      get(ann, { resource: 'arn:aws:s3:::h/other', context: { 'a:k': '*' } }),
      { identity: home('arn:aws:s3:::h/${a:k}') },
      'ImplicitDeny',
    ],
    [
      'stand for no list',
      get(ann, { resource: 'arn:aws:s3:::h/1', context: { 'a:k': ['1', '2'] } }),
      { identity: home('arn:aws:s3:::h/${a:k}') },
      'ImplicitDeny',
    ],
    [
      'spell special characters',
      get(ann, { resource: 'arn:aws:s3:::h/*$' }),
      { identity: home('arn:aws:s3:::h/${*}${$}') },
      'Allowed',
      'identity[0].0',
    ],
    [
      'a spelled * is no wildcard',
      get(ann, { resource: 'arn:aws:s3:::h/ab' }),
      { identity: home('arn:aws:s3:::h/${*}') },
      'ImplicitDeny',
    ],
  ];
  test.each(rows)('%s', check);
});

describe('within an account', () => {
  const byBucket = (Principal: unknown, more: object = {}) => allow({ Principal, ...more });
  const nothing = policy();
  const rows: Row[] = [
    [
      'a resource policy that names a user is enough',
      get(ann),
      { resource: byBucket({ AWS: ann.arn }) },
      'Allowed',
      'resource[0].0',
    ],
    [
      'a user that it names is not limited by a boundary',
      get(ann),
      { resource: byBucket({ AWS: ann.arn }), boundary: nothing },
      'Allowed',
      'resource[0].0',
    ],
    [
      'a user may be named by its unique id',
      get(ann),
      { resource: byBucket({ AWS: 'AIDAEXAMPLEEXAMPLE123' }) },
      'Allowed',
      'resource[0].0',
    ],
    [
      'another unique id is nobody',
      get(ann),
      { resource: byBucket({ AWS: 'AIDAEXAMPLEEXAMPLE999' }) },
      'ImplicitDeny',
    ],
    [
      'a role is enough for its session',
      get(session),
      { resource: byBucket({ AWS: analysis }) },
      'Allowed',
      'resource[0].0',
    ],
    [
      'a role is limited by its boundary',
      get(session),
      { resource: byBucket({ AWS: analysis }), boundary: nothing },
      'ImplicitDeny',
    ],
    [
      'a role is limited by the session policy',
      get(session),
      { resource: byBucket({ AWS: analysis }), session: nothing },
      'ImplicitDeny',
    ],
    [
      'a session named itself is limited by neither',
      get(session),
      { resource: byBucket({ AWS: session.arn }), session: nothing, boundary: nothing },
      'Allowed',
      'resource[0].0',
    ],
    [
      'a boundary that denies still denies',
      get(session),
      { resource: byBucket({ AWS: session.arn }), boundary: deny() },
      'ExplicitDeny',
      'boundary[0].0',
    ],
    [
      '"*" is not limited for a user',
      get(ann),
      { resource: byBucket('*'), boundary: nothing },
      'Allowed',
      'resource[0].0',
    ],
    [
      '"*" is limited for a session',
      get(session),
      { resource: byBucket('*'), session: nothing },
      'ImplicitDeny',
    ],
    [
      '"*" narrowed by aws:PrincipalArn is not',
      get(session),
      {
        resource: byBucket('*', { Condition: { ArnEquals: { 'aws:PrincipalArn': analysis } } }),
        session: nothing,
      },
      'Allowed',
      'resource[0].0',
    ],
    [
      'nor when a role is named beside it',
      get(session),
      {
        resource: byBucket(
          { AWS: [analysis, '*'] },
          { Condition: { ArnEquals: { 'aws:PrincipalArn': analysis } } },
        ),
        boundary: nothing,
      },
      'Allowed',
      'resource[0].0',
    ],
    [
      'the account leaves it to identity policies',
      get(ann),
      { resource: byBucket({ AWS: here }) },
      'ImplicitDeny',
    ],
    [
      'which then decide',
      get(ann),
      { resource: byBucket({ AWS: here }), identity: allow() },
      'Allowed',
      'identity[0].0',
    ],
    [
      'an identity policy is enough',
      get(ann),
      { resource: nothing, identity: allow() },
      'Allowed',
      'identity[0].0',
    ],
    [
      'a boundary limits an identity policy',
      get(ann),
      { identity: allow(), boundary: allow({ Action: 'ec2:*' }) },
      'ImplicitDeny',
    ],
    ['a boundary alone grants nothing', get(ann), { boundary: allow() }, 'ImplicitDeny'],
    [
      'a session policy limits an identity policy',
      get(session),
      { identity: allow(), session: allow({ Action: 'ec2:*' }) },
      'ImplicitDeny',
    ],
    [
      'of several session policies one must allow',
      get(session),
      { identity: allow(), session: [nothing, allow()] },
      'Allowed',
      'identity[0].0',
    ],
    [
      'all three together allow',
      get(session),
      { identity: allow(), boundary: allow(), session: allow() },
      'Allowed',
      'identity[0].0',
    ],
    [
      'a Deny of the resource for the account is for all in it',
      get(ann),
      { identity: allow(), resource: deny({ Principal: { AWS: here } }) },
      'ExplicitDeny',
      'resource[0].0',
    ],
    [
      'a Deny for everyone is for services too',
      get(ec2),
      { resource: [byBucket({ Service: ec2.arn }), deny({ Principal: '*' })] },
      'ExplicitDeny',
      'resource[1].0',
    ],
    ['the root user needs no policy', get(root), {}, 'Allowed'],
    [
      'the root user is bound by a resource policy',
      get(root),
      { resource: deny({ Principal: '*' }) },
      'ExplicitDeny',
      'resource[0].0',
    ],
    [
      'a service is allowed by the resource',
      get(ec2),
      { resource: byBucket({ Service: 'ec2.amazonaws.com' }) },
      'Allowed',
      'resource[0].0',
    ],
    ['a service has no identity policy', get(ec2), { identity: allow() }, 'ImplicitDeny'],
    [
      'a KMS key’s policy must allow',
      get(ann, { action: 'kms:Decrypt', resource: `arn:aws:kms:r:${here}:key/k` }),
      { identity: allow({ Action: '*' }) },
      'ImplicitDeny',
    ],
    [
      'it may leave it to the account',
      get(ann, { action: 'kms:Decrypt', resource: `arn:aws:kms:r:${here}:key/k` }),
      { identity: allow({ Action: '*' }), resource: byBucket({ AWS: here }, { Action: 'kms:*' }) },
      'Allowed',
      'identity[0].0',
    ],
  ];
  test.each(rows)('%s', check);
});

describe('a canonical user', () => {
  const owner: Requester = { ...stranger, canonicalUserId: '79a59d' };
  const named = { Principal: { CanonicalUser: '79a59d' } };
  const rows: Row[] = [
    [
      'is the account, which decides by its identity policies',
      get(owner),
      { resource: allow(named), identity: allow(), resourceAccountId: here },
      'Allowed',
      'identity[0].0',
    ],
    [
      'is denied with the account',
      get(owner),
      { identity: allow(), resource: deny(named) },
      'ExplicitDeny',
      'resource[0].0',
    ],
    [
      'is nobody else',
      get(stranger),
      { resource: allow(named), identity: allow(), resourceAccountId: here },
      'ImplicitDeny',
    ],
  ];
  test.each(rows)('%s', check);
});

describe('NotPrincipal', () => {
  const but = (...AWS: string[]) => ({ identity: allow(), resource: deny({ NotPrincipal: { AWS } }) });
  const rows: Row[] = [
    ['denies who is not listed', get(ann), but(analysis, here), 'ExplicitDeny', 'resource[0].0'],
    ['spares a user listed with its account', get(ann), but(ann.arn, here), 'Allowed', 'identity[0].0'],
    ['denies a user listed without it', get(ann), but(ann.arn), 'ExplicitDeny', 'resource[0].0'],
    [
      'spares a session listed with role and account',
      get(session),
      but(session.arn, analysis, here),
      'Allowed',
      'identity[0].0',
    ],
    [
      'denies a session of which only the role is listed',
      get(session),
      but(analysis, here),
      'ExplicitDeny',
      'resource[0].0',
    ],
    ['spares the root user by the account id', get(root), but(here), 'Allowed'],
    ['spares the root user by the ARN of the account', get(root), but(root.arn), 'Allowed'],
    ['denies the root user of another account', get(root), but(there), 'ExplicitDeny', 'resource[0].0'],
    [
      'denies everyone who has a boundary',
      get(ann),
      { ...but(ann.arn, here), boundary: allow() },
      'ExplicitDeny',
      'resource[0].0',
    ],
  ];
  test.each(rows)('%s', check);
});

describe('across accounts', () => {
  const byBucket = (AWS: string) => allow({ Principal: { AWS } });
  const rows: Row[] = [
    [
      'an identity policy alone is not enough',
      get(stranger),
      { identity: allow(), resourceAccountId: here },
      'ImplicitDeny',
    ],
    [
      'a resource policy alone is not enough',
      get(stranger),
      { resource: byBucket(stranger.arn), resourceAccountId: here },
      'ImplicitDeny',
    ],
    [
      'both are',
      get(stranger),
      { identity: allow(), resource: byBucket(stranger.arn), resourceAccountId: here },
      'Allowed',
      'identity[0].0',
    ],
    [
      'the resource may name the account',
      get(stranger),
      { identity: allow(), resource: byBucket(there), resourceAccountId: here },
      'Allowed',
      'identity[0].0',
    ],
    [
      'another account is not this one',
      get(stranger),
      { identity: allow(), resource: byBucket(here), resourceAccountId: here },
      'ImplicitDeny',
    ],
    [
      'the boundary limits',
      get(stranger),
      { identity: allow(), boundary: policy(), resource: byBucket(stranger.arn), resourceAccountId: here },
      'ImplicitDeny',
    ],
    [
      'the ARN tells the owner',
      get(stranger, { resource: `arn:aws:sqs:r:${here}:q` }),
      { identity: allow() },
      'ImplicitDeny',
    ],
  ];
  test.each(rows)('%s', check);
});

describe('assuming a role', () => {
  const external = { Condition: { StringEquals: { 'sts:ExternalId': 'secret' } } };
  const runner = { AWS: `arn:aws:iam::${there}:role/runner` };
  const rows: Row[] = [
    ['needs the trust policy, even within the account', assume(ann), { identity: mayAssume }, 'ImplicitDeny'],
    [
      'is allowed within the account to whom it names',
      assume(ann),
      { trust: trust({ AWS: ann.arn }) },
      'Allowed',
      'trust[0].0',
    ],
    ['naming the account is not enough', assume(ann), { trust: trust({ AWS: here }) }, 'ImplicitDeny'],
    [
      'but with an identity policy it is',
      assume(ann),
      { trust: trust({ AWS: here }), identity: mayAssume },
      'Allowed',
      'identity[0].0',
    ],
    ['across accounts needs both', assume(stranger), { trust: trust(runner) }, 'ImplicitDeny'],
    [
      'across accounts with both is allowed',
      assume(stranger),
      { trust: trust(runner), identity: mayAssume },
      'Allowed',
      'identity[0].0',
    ],
    [
      'needs the ExternalId that is asked for',
      assume(stranger, { 'sts:externalid': 'secret' }),
      { trust: trust(runner, external), identity: mayAssume },
      'Allowed',
      'identity[0].0',
    ],
    [
      'fails without it',
      assume(stranger),
      { trust: trust(runner, external), identity: mayAssume },
      'ImplicitDeny',
    ],
    [
      'fails with a wrong one',
      assume(stranger, { 'sts:ExternalId': 'Secret' }),
      { trust: trust(runner, external), identity: mayAssume },
      'ImplicitDeny',
    ],
    [
      'fails for another role',
      assume({ arn: `arn:aws:sts::${there}:assumed-role/api/s` }),
      { trust: trust(runner), identity: mayAssume },
      'ImplicitDeny',
    ],
    [
      'fails for a unique id whose principal is gone',
      assume(session),
      { trust: trust({ AWS: 'AROAGONEGONEGONE12345' }) },
      'ImplicitDeny',
    ],
    [
      'knows a role by its unique id',
      assume(session),
      { trust: trust({ AWS: 'AROAEXAMPLEEXAMPLE123' }) },
      'Allowed',
      'trust[0].0',
    ],
    [
      'knows a role with a path by its session',
      assume(session),
      { trust: trust({ AWS: `arn:aws:iam::${here}:role/path/analysis` }) },
      'Allowed',
      'trust[0].0',
    ],
    [
      'unless the session’s role is told',
      assume({ ...session, roleArn: `arn:aws:iam::${here}:role/p/analysis` }),
      { trust: trust({ AWS: `arn:aws:iam::${here}:role/q/analysis` }) },
      'ImplicitDeny',
    ],
    [
      'has no wildcards in names',
      assume(session),
      { trust: trust({ AWS: `arn:aws:iam::${here}:role/*` }) },
      'ImplicitDeny',
    ],
    ['is not for the root user', assume(root), { trust: trust('*') }, 'ImplicitDeny'],
    [
      'is for a service that is trusted',
      assume(ec2),
      { trust: trust({ Service: ['ec2.amazonaws.com'] }) },
      'Allowed',
      'trust[0].0',
    ],
    [
      'is for a provider that is trusted',
      {
        ...assume({ arn: `arn:aws:iam::${here}:saml-provider/p`, type: 'Federated' }),
        action: 'sts:AssumeRoleWithSAML',
      },
      {
        trust: trust(
          { Federated: `arn:aws:iam::${here}:saml-provider/p` },
          { Action: 'sts:AssumeRoleWithSAML' },
        ),
      },
      'Allowed',
      'trust[0].0',
    ],
    [
      'can be denied by the trust policy',
      assume(ann),
      {
        trust: policy(
          { Effect: 'Allow', Principal: '*', Action: 'sts:*' },
          { Effect: 'Deny', Principal: { AWS: here }, Action: 'sts:AssumeRole' },
        ),
      },
      'ExplicitDeny',
      'trust[0].1',
    ],
  ];
  test.each(rows)('%s', check);

  test('names all statements that together allow', () => {
    const { statements } = evaluate(assume(stranger), { trust: trust(runner), identity: mayAssume });
    expect(statements.map((each) => each.policy)).toEqual(['identity[0]', 'trust[0]']);
  });
});
