import { describe, expect, test } from '@jest/globals';
import { covers } from '../../shared/policy/covers.ts';

const role = 'arn:aws:iam::123456789012:role/runner';
const list = ['ec2:DescribeVpcs', 'ec2:CreateVpc', 's3:GetObject', 'ssm:PutParameter', 'iam:GetRole', 'a:b'];

/** One statement as a policy. */
function allow(changes: object = {}): { Version: string; Statement: object[] } {
  return {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*', ...changes }],
  };
}

/** An Allow of everything with a Deny. */
function but(changes: object): object {
  const deny = { Effect: 'Deny', Action: 's3:GetObject', Resource: '*', ...changes };
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }, deny] };
}

function trust(Principal: unknown, changes: object = {}): object {
  return {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole', ...changes }],
  };
}

/** The policy with a Deny for one more principal. */
function denying(policy: object, AWS: string): object {
  const { Statement } = policy as { Statement: object[] };
  return { ...policy, Statement: [...Statement, { Effect: 'Deny', Principal: { AWS }, Action: '*' }] };
}

const when = (Condition: object) => ({ Condition });

const covered: [reason: string, required: object, actual: object][] = [
  ['nothing is required', {}, {}],
  ['more actions are granted', allow(), allow({ Action: list })],
  [
    'a wildcard includes the action, in any case',
    allow({ Action: 'S3:GETobject' }),
    allow({ Action: 's3:Get*' }),
  ],
  ['a wildcard includes a narrower wildcard', allow({ Action: 's3:Get*Tag*' }), allow({ Action: 's3:G?t*' })],
  ['everything is granted', allow({ Action: list }), allow({ Action: '*' })],
  ['everything is spelled *:*', allow({ Action: '*' }), allow({ Action: '*:*' })],
  [
    'everything is spelled *:* and all but some is required',
    allow({ Action: undefined, NotAction: 'iam:*' }),
    allow({ Action: '*:*' }),
  ],
  ['everything is spelled **', allow({ Resource: '*' }), allow({ Resource: '**' })],
  [
    'a wildcard includes the resource',
    allow({ Resource: 'arn:aws:s3:::a/b/c' }),
    allow({ Resource: 'arn:aws:s3:::a/*' }),
  ],
  [
    'a wildcard includes what matches two',
    allow({ Resource: 'arn:aws:s3:::a*b' }),
    allow({ Resource: 'arn:aws:s3:::*' }),
  ],
  [
    'the same variable stands on both sides',
    allow({ Resource: 'arn:aws:s3:::${a:k}/x' }),
    allow({ Resource: 'arn:aws:s3:::${A:K}/*' }),
  ],
  [
    'a * includes a variable',
    allow({ Resource: 'arn:aws:s3:::h/${a:k}' }),
    allow({ Resource: 'arn:aws:s3:::h/*' }),
  ],
  ['NotAction leaves it in', allow(), allow({ Action: undefined, NotAction: ['iam:*', 'sts:*'] })],
  [
    'NotAction leaves more in than is required',
    allow({ Action: undefined, NotAction: 'iam:*' }),
    allow({ Action: undefined, NotAction: 'iam:GetRole' }),
  ],
  [
    'NotResource leaves it in',
    allow({ Resource: 'arn:aws:s3:::a' }),
    allow({ Resource: undefined, NotResource: 'arn:aws:s3:::b*' }),
  ],
  ['no condition is asked for', allow(when({ Bool: { 'a:b': true } })), allow()],
  [
    'the same condition is asked for',
    allow(when({ Bool: { 'a:b': 'True' } })),
    allow(when({ Bool: { 'A:B': 'true' } })),
  ],
  [
    'more values are let in',
    allow(when({ StringEquals: { 'a:b': 'x' } })),
    allow(when({ StringEquals: { 'a:b': ['y', 'x'] } })),
  ],
  [
    'a pattern lets the value in',
    allow(when({ StringEquals: { 'a:b': 'xyz' } })),
    allow(when({ StringLike: { 'a:b': 'x*' } })),
  ],
  [
    'fewer values are kept out',
    allow(when({ StringNotEquals: { 'a:b': ['x', 'y'] } })),
    allow(when({ StringNotEquals: { 'a:b': 'x' } })),
  ],
  [
    'an address range includes another',
    allow(when({ IpAddress: { 'aws:SourceIp': '10.1.0.0/16' } })),
    allow(when({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } })),
  ],
  [
    'a limit includes a lower one',
    allow(when({ NumericLessThan: { 'a:b': 5 } })),
    allow(when({ NumericLessThan: { 'a:b': 9 } })),
  ],
  [
    'IfExists adds nothing to a negation, which holds without the key anyway',
    allow(when({ StringNotEqualsIfExists: { 'a:b': 'x' } })),
    allow(when({ StringNotEquals: { 'a:b': 'x' } })),
  ],
  [
    'IfExists asks for less',
    allow(when({ StringEquals: { 'a:b': 'x' } })),
    allow(when({ StringEqualsIfExists: { 'a:b': 'x' } })),
  ],
  [
    'a key that must equal is there',
    allow(when({ StringEquals: { 'a:b': 'x' } })),
    allow(when({ Null: { 'a:b': false } })),
  ],
  ['a Deny is about other actions', allow(), but({ Action: 's3:Put*' })],
  [
    'a Deny is about other resources',
    allow({ Resource: 'arn:aws:s3:::a' }),
    but({ Resource: 'arn:aws:s3:::b*' }),
  ],
  [
    'a Deny spares the resource',
    allow({ Resource: 'arn:aws:s3:::a' }),
    but({ Resource: undefined, NotResource: 'arn:aws:s3:::a*' }),
  ],
  [
    'a Deny is for another value',
    allow(when({ StringEquals: { 'a:b': 'x' } })),
    but(when({ StringNotEquals: { 'a:b': ['x', 'y'] } })),
  ],
  ['the required policy denies the same', but({}), but({})],
  ['the required policy denies more', but({ Action: 's3:*' }), but({})],
  [
    'the required policy takes back what it allows',
    {
      Version: '2012-10-17',
      Statement: [...allow().Statement, { Effect: 'Deny', Action: '*', Resource: '*' }],
    },
    {},
  ],
  [
    'a role is trusted by name',
    trust({ AWS: role }),
    trust({ AWS: [role, 'arn:aws:iam::123456789012:role/other'] }),
  ],
  [
    'an account is trusted in another spelling',
    trust({ AWS: '123456789012' }),
    trust({ AWS: 'arn:aws:iam::123456789012:root' }),
  ],
  ['everyone is trusted', trust({ AWS: role }), trust('*')],
  [
    'a service is trusted',
    trust({ Service: 'ec2.amazonaws.com' }),
    trust({ Service: ['ec2.amazonaws.com'], AWS: role }),
  ],
  [
    'another role is denied',
    trust({ AWS: role }),
    {
      Version: '2012-10-17',
      Statement: [
        ...(trust({ AWS: role }) as { Statement: object[] }).Statement,
        { Effect: 'Deny', Principal: { AWS: 'arn:aws:iam::123456789012:role/other' }, Action: '*' },
      ],
    },
  ],
  [
    'a role of that name in another account is denied',
    trust({ AWS: role }),
    denying(trust({ AWS: role }), 'arn:aws:iam::210987654321:role/runner'),
  ],
];

const missed: [reason: string, required: object, actual: object, effect?: 'Deny'][] = [
  ['nothing is granted', allow(), {}],
  ['another action is granted', allow(), allow({ Action: 's3:PutObject' })],
  [
    'a wildcard is required and names are granted',
    allow({ Action: 's3:*' }),
    allow({ Action: ['s3:GetObject', 's3:PutObject'] }),
  ],
  ['? does not include *', allow({ Action: 's3:Get*' }), allow({ Action: 's3:Get?' })],
  [
    'the resource is in another case',
    allow({ Resource: 'arn:aws:s3:::A' }),
    allow({ Resource: 'arn:aws:s3:::a' }),
  ],
  [
    '* does not leave its segment',
    allow({ Resource: 'arn:aws:s3:r:1:x' }),
    allow({ Resource: 'arn:aws:s*r:1:x' }),
  ],
  [
    'a variable may be anything',
    allow({ Resource: 'arn:aws:s3:::h/*' }),
    allow({ Resource: 'arn:aws:s3:::h/${a:k}' }),
  ],
  [
    '* within a segment does not include a variable, which may leave it',
    allow({ Resource: 'arn:aws:s${a:k}x:r:1:y' }),
    allow({ Resource: 'arn:aws:s*x:r:1:y' }),
  ],
  [
    'variables differ',
    allow({ Resource: 'arn:aws:s3:::${a:k}' }),
    allow({ Resource: 'arn:aws:s3:::${a:l}' }),
  ],
  [
    'before 2012-10-17 it is no variable',
    allow({ Resource: '${a:k}' }),
    { ...allow({ Resource: '${a:k}' }), Version: '2008-10-17' },
  ],
  ['NotAction leaves it out', allow(), allow({ Action: undefined, NotAction: 's3:*' })],
  [
    'NotAction may leave some of it out',
    allow({ Action: 's3:*' }),
    allow({ Action: undefined, NotAction: 's3:PutObject' }),
  ],
  [
    'all but some is required and names are granted',
    allow({ Action: undefined, NotAction: 'iam:*' }),
    allow({ Action: 's3:*' }),
  ],
  [
    'NotResource may leave some of it out',
    allow({ Resource: 'arn:aws:s3:::*' }),
    allow({ Resource: undefined, NotResource: 'arn:aws:s3:::b' }),
  ],
  ['a condition is asked for', allow(), allow(when({ Bool: { 'a:b': true } }))],
  [
    'fewer values are let in',
    allow(when({ StringEquals: { 'a:b': ['x', 'y'] } })),
    allow(when({ StringEquals: { 'a:b': 'x' } })),
  ],
  [
    'more values are kept out',
    allow(when({ StringNotEquals: { 'a:b': 'x' } })),
    allow(when({ StringNotEquals: { 'a:b': ['x', 'y'] } })),
  ],
  [
    'IfExists asks for more',
    allow(when({ StringEqualsIfExists: { 'a:b': 'x' } })),
    allow(when({ StringEquals: { 'a:b': 'x' } })),
  ],
  [
    'all values differ from any',
    allow(when({ 'ForAllValues:StringEquals': { 'a:b': 'x' } })),
    allow(when({ 'ForAnyValue:StringEquals': { 'a:b': 'x' } })),
  ],
  [
    'a second condition is asked for',
    allow(when({ Bool: { 'a:b': true } })),
    allow(when({ Bool: { 'a:b': true, 'a:c': true } })),
  ],
  [
    'an address range is wider',
    allow(when({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } })),
    allow(when({ IpAddress: { 'aws:SourceIp': '10.0.0.0/16' } })),
  ],
  ['a Deny takes it back', allow(), but({}), 'Deny'],
  [
    'the required policy takes it back under a condition only',
    {
      Statement: [
        ...allow().Statement,
        { Effect: 'Deny', Action: '*', Resource: '*', ...when({ Bool: { 'a:b': true } }) },
      ],
    },
    {},
  ],
  ['the required policy denies less', but(when({ Bool: { 'a:b': true } })), but({}), 'Deny'],
  ['a Deny takes part of it back', allow({ Action: 's3:*' }), but({}), 'Deny'],
  [
    'a Deny may take it back under a condition',
    allow(),
    but(when({ Bool: { 'aws:SecureTransport': false } })),
    'Deny',
  ],
  [
    'a Deny with a variable may take it back',
    allow({ Resource: 'arn:aws:s3:::h/x' }),
    but({ Resource: 'arn:aws:s3:::h/${a:k}' }),
    'Deny',
  ],
  ['a Deny of all but some takes it back', allow(), but({ Action: undefined, NotAction: 'iam:*' }), 'Deny'],
  ['a role is required and its account is trusted', trust({ AWS: role }), trust({ AWS: '123456789012' })],
  ['an account is required and a role is trusted', trust({ AWS: '123456789012' }), trust({ AWS: role })],
  ['everyone is required and a role is trusted', trust('*'), trust({ AWS: role })],
  ['a role reads back as a unique id', trust({ AWS: role }), trust({ AWS: 'AROAEXAMPLEEXAMPLE123' })],
  [
    'another service is trusted',
    trust({ Service: 'ec2.amazonaws.com' }),
    trust({ Service: 'lambda.amazonaws.com' }),
  ],
  ['a service is not everyone, for all that is proven', trust({ Service: 'ec2.amazonaws.com' }), trust('*')],
  ['all but some are trusted', trust({ AWS: role }), trust(undefined, { NotPrincipal: { AWS: role } })],
  [
    'an ExternalId is asked for',
    trust({ AWS: role }),
    trust({ AWS: role }, when({ StringEquals: { 'sts:ExternalId': 'x' } })),
  ],
  [
    'the account is denied',
    trust({ AWS: role }),
    {
      Version: '2012-10-17',
      Statement: [
        ...(trust({ AWS: role }) as { Statement: object[] }).Statement,
        { Effect: 'Deny', Principal: { AWS: '123456789012' }, Action: '*' },
      ],
    },
    'Deny',
  ],
  ['a trust policy is no identity policy', allow({ Action: 'sts:AssumeRole' }), trust('*')],
];

describe('covers', () => {
  test.each(covered)('holds when %s', (_reason, required, actual) => {
    expect(covers(required, actual)).toEqual({ covered: true, missing: [] });
  });

  test.each(missed)('fails when %s', (...row) => {
    const [, required, actual, effect = 'Allow'] = row;
    const found = covers(required, actual);
    expect(found.covered).toBe(false);
    expect(found.missing.map((each) => each.effect)).toEqual([effect]);
  });

  test('names what is missing, action by action and resource by resource', () => {
    const required = allow({
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: ['arn:aws:s3:::a', 'arn:aws:s3:::b'],
    });
    const actual = allow({ Action: 's3:*', Resource: 'arn:aws:s3:::a' });
    expect(covers(required, actual).missing.map(({ action, resource }) => [action, resource])).toEqual([
      ['s3:GetObject', 'arn:aws:s3:::b'],
      ['s3:PutObject', 'arn:aws:s3:::b'],
    ]);
  });

  const reasons: [reason: RegExp, required: object, actual: object][] = [
    [/^No Allow is proven to include this action/, allow(), allow({ Action: 'a:b' })],
    [
      /^Statement\[0\] \(One\) allows the action, but is not proven/,
      allow(),
      allow({ Sid: 'One', Resource: 'arn:aws:s3:::a' }),
    ],
    [
      /^Statement\[0\] and Statement\[1\] allow the action, but are not proven/,
      allow(),
      { Statement: ['a', 'b'].map((Resource) => ({ ...allow().Statement[0], Resource })) },
    ],
    [/^Statement\[0\] allows it only under a condition/, allow(), allow(when({ Bool: { 'a:b': true } }))],
    [/^Statement\[1\] denies it, or may/, allow(), but({})],
    [/^No Allow admits this principal/, trust({ AWS: role }), trust({ AWS: '210987654321' })],
    [/^Statement\[0\] names only its account/, trust({ AWS: role }), trust({ AWS: '123456789012' })],
    [/^No Allow without a Principal/, allow(), trust('*')],
  ];
  test.each(reasons)('gives the reason: %s', (reason, required, actual) => {
    expect(covers(required, actual).missing[0]?.reason).toMatch(reason);
  });

  test('names the conditions and principals under which a permission is missing', () => {
    const required = trust({ AWS: '123456789012' }, when({ StringEquals: { 'sts:ExternalId': 'x' } }));
    expect(covers(required, {}).missing[0]).toMatchObject({
      principal: 'AWS arn:aws:iam::123456789012:root',
      condition: { StringEquals: { 'sts:ExternalId': ['x'] } },
      resource: '*',
    });
  });

  test('joins several policies, as they are attached together', () => {
    const attached = [allow({ Action: 's3:Get*' }), allow({ Action: 'ec2:*' })];
    expect(covers(allow({ Action: ['s3:GetObject', 'ec2:CreateVpc'] }), attached).covered).toBe(true);
    expect(covers(allow(), [...attached, but({})]).missing[0]?.reason).toMatch(
      /^Policy 3, Statement\[1\] denies it/,
    );
  });

  const patterns: [reason: string, required: string, actual: string][] = [
    ['stars beside stars', '*aa'.repeat(3000), '*a'.repeat(3000)],
    ['stars beside other stars', '*a'.repeat(3000), '*b'.repeat(3000)],
    ['stars beside marks', '*a'.repeat(40), `*a${'?'.repeat(40)}`],
    ['marks beside stars', `*a${'?'.repeat(3000)}`, '*a'.repeat(1000)],
    ['stars in a segment', `*${'a*'.repeat(3000)}:x`, `*${'*a'.repeat(3000)}:x`],
    ['variables', '${a:k}*'.repeat(1000), '*${a:k}'.repeat(1000)],
  ];
  test.each(patterns)('needs no long time for %s, in an Allow or in a Deny', (...row) => {
    const [, required, actual] = row;
    const wanted = allow({ Resource: `arn:aws:s3:::${required}` });
    const start = performance.now();
    covers(wanted, allow({ Resource: `arn:aws:s3:::${actual}` }));
    covers(wanted, but({ Resource: `arn:aws:s3:::${actual}` }));
    covers(allow({ Resource: `arn:aws:${required}` }), but({ Resource: `arn:aws:${actual}` }));
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  /** So many statements, each about one thing. */
  const long = (count: number, each: (n: number) => object) => ({
    Version: '2012-10-17',
    Statement: Array.from({ length: count }, (_, n) => ({ Effect: 'Allow', ...each(n) })),
  });

  test('proves a policy of 300 KB in a moment', () => {
    const policy = long(3500, (n) => ({ Action: `s3:Get${n}`, Resource: `arn:aws:s3:::a/${n}/*` }));
    const start = performance.now();
    expect(covers(policy, policy).covered).toBe(true);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  test('names what is missing in a message of limited length', () => {
    const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
    const others = { Action: undefined, NotAction: names('s3:Get', 9000) };
    const { missing } = covers(allow({ ...others, Resource: names('arn:aws:s3:::', 9000) }), {});
    expect(missing).toHaveLength(9000);
    expect(missing[0]?.action).toMatch(/^all but s3:Get0, .* and 8,980 more$/);
    const long = when({ StringEquals: { 'a:b': names('x', 50_000) } });
    expect(covers(allow({ ...long, Action: names('s3:Get', 1000) }), {}).missing).toHaveLength(1);
  });

  test('proves a statement by the same statement, however large, unless a Deny applies', () => {
    const names = (prefix: string) => Array.from({ length: 900 }, (_, n) => `${prefix}${n}`);
    const large = allow({ Action: names('s3:'), Resource: names('arn:aws:s3:::') });
    const turned = allow({ Action: names('S3:').reverse(), Resource: names('arn:aws:s3:::').reverse() });
    expect(covers(large, turned)).toEqual({ covered: true, missing: [] });
    const small = allow({ Action: 's3:GetObject', Resource: ['arn:aws:s3:::a', 'arn:aws:s3:::b'] });
    const denied = { Effect: 'Deny', Action: '*', Resource: 'arn:aws:s3:::b' };
    const { missing } = covers(small, { ...small, Statement: [...small.Statement, denied] });
    expect(missing.map(({ effect, resource }) => [effect, resource])).toEqual([['Deny', 'arn:aws:s3:::b']]);
  });

  test('proves many patterns that are alike after a wildcard', () => {
    const range = (each: (n: number) => string) => Array.from({ length: 20 }, (_, n) => each(n));
    const actions = range((n) => `ec2:Describe${n}Thing`);
    const resources = range((n) => `arn:aws:ec2:*:*:thing${n}/*`);
    const required = allow({ Action: actions, Resource: resources });
    const wider = allow({ Action: [...actions, 'ec2:RunInstances'], Resource: resources.toReversed() });
    expect(covers(required, required).covered).toBe(true);
    expect(covers(required, wider).covered).toBe(true);
  });

  test('does not prove what would need too much time, and says so', () => {
    const names = (prefix: string) => Array.from({ length: 900 }, (_, n) => `${prefix}${n}`);
    const large = allow({ Action: names('s3:'), Resource: names('arn:aws:s3:::') });
    const start = performance.now();
    const larger = allow({ Action: [...names('s3:'), 's3:a'], Resource: names('arn:aws:s3:::') });
    expect(covers(large, larger).missing).toEqual([
      expect.objectContaining({ action: '*', resource: '*', unproven: true }),
    ]);
    expect(covers(large, larger).missing[0]?.reason).toMatch(/too large/);
    const stars = (n: number) => ({ Action: 's3:Get', Resource: `arn:aws:s3:::*a${n}${'?'.repeat(80)}b*` });
    const hard = covers(
      long(400, stars),
      long(400, (n) => stars(n + 400)),
    );
    expect(hard.missing).toHaveLength(400);
    expect(hard.missing.at(-1)?.reason).toBe('Statement[399] of what is required is too large to be proven.');
    expect(performance.now() - start).toBeLessThan(40_000);
  });
});
