import { describe, expect, test } from '@jest/globals';
import { differences, samePolicy } from '../../shared/policy/same.ts';

const role = 'arn:aws:iam::123456789012:role/analysis';
const root = 'arn:aws:iam::123456789012:root';

/** A policy of one statement, changed here and there. */
function one(changes: object = {}, document: object = { Version: '2012-10-17' }): object {
  const statement = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: role } };
  return { ...document, Statement: { ...statement, ...changes } };
}

const none = one({ Principal: undefined, Resource: '*' });

const holds: [reason: string, a: object | string, b: object | string][] = [
  ['a string or a list of one', one({ Action: 'a:b' }), one({ Action: ['a:b'] })],
  [
    'one statement or a list of one',
    one(),
    { ...one(), Statement: [(one() as { Statement: object }).Statement] },
  ],
  ['any order of values', one({ Action: ['a:b', 'c:d'] }), one({ Action: ['c:d', 'a:b'] })],
  ['any order of keys', '{"Version":"2012-10-17","Statement":[]}', '{"Statement":[],"Version":"2012-10-17"}'],
  [
    'an account id or its root ARN',
    one({ Principal: { AWS: '123456789012' } }),
    one({ Principal: { AWS: root } }),
  ],
  [
    'both of them together, which is a duplicate',
    one({ Principal: { AWS: ['123456789012', root] } }),
    one({ Principal: { AWS: root } }),
  ],
  [
    'an account id in a document of China, where the ARN is of China',
    one({ Principal: { AWS: ['123456789012', 'arn:aws-cn:iam::210987654321:role/x'] } }),
    one({ Principal: { AWS: ['arn:aws-cn:iam::123456789012:root', 'arn:aws-cn:iam::210987654321:role/x'] } }),
  ],
  ['the case of actions', one({ Action: 'STS:assumerole' }), one()],
  [
    'the case of NotAction',
    one({ Action: undefined, NotAction: 'S3:get*' }),
    one({ Action: undefined, NotAction: 's3:Get*' }),
  ],
  ['every action in two spellings', one({ Action: '*' }), one({ Action: '*:*' })],
  [
    'the case of condition keys',
    one({ Condition: { StringEquals: { 'STS:externalid': 'x' } } }),
    one({ Condition: { StringEquals: { 'sts:ExternalId': ['x'] } } }),
  ],
  [
    'the case of operators',
    one({ Condition: { stringequals: { 'a:b': 'x' } } }),
    one({ Condition: { StringEquals: { 'a:b': 'x' } } }),
  ],
  ['duplicate actions', one({ Action: ['a:b', 'A:B', 'a:b'] }), one({ Action: 'a:b' })],
  ['duplicate resources', one({ Resource: ['*', '*'] }), one({ Resource: '*' })],
  [
    'duplicate condition values',
    one({ Condition: { StringLike: { 'a:b': ['x', 'x'] } } }),
    one({ Condition: { StringLike: { 'a:b': 'x' } } }),
  ],
  [
    'duplicate statements',
    {
      Statement: [
        { Effect: 'Allow', Action: 'A:b', Resource: '*' },
        { Effect: 'Allow', Action: ['a:b'], Resource: '*' },
      ],
    },
    { Statement: { Effect: 'Allow', Action: 'a:b', Resource: '*' } },
  ],
  [
    'a boolean as a string, in any case',
    one({ Condition: { Bool: { 'a:b': true }, Null: { 'c:d': 'False' } } }),
    one({ Condition: { Bool: { 'a:b': 'True' }, Null: { 'c:d': [false] } } }),
  ],
  [
    'a number as a string',
    one({ Condition: { NumericEquals: { 'a:b': 3600 } } }),
    one({ Condition: { NumericEquals: { 'a:b': '3600' } } }),
  ],
  ['"*" and {"AWS":"*"}', one({ Principal: '*' }), one({ Principal: { AWS: ['*'] } })],
  ['a kind of principal without names, or none', one({ Principal: { AWS: role, Service: [] } }), one()],
  ['an empty condition or none', one({ Condition: {} }), one()],
  ['an operator without keys or none', one({ Condition: { StringEquals: {} } }), one()],
  ['an empty Sid or none', one({ Sid: '' }), one()],
  ['an empty document', '{}', ''],
  ['an empty document and one without statements', {}, { Statement: [] }],
  ['URL-encoded or plain', encodeURIComponent(JSON.stringify(one())), JSON.stringify(one(), undefined, 2)],
];

const fails: [reason: string, a: object, b: object][] = [
  ['a named principal against everyone', one(), one({ Principal: '*' })],
  ['a named principal against everyone in a list', one(), one({ Principal: { AWS: [role, '*'] } })],
  ['a named principal against none', one({ Resource: '*' }), none],
  ['everyone against none', one({ Principal: '*', Resource: '*' }), none],
  ['a principal against an empty one', one(), one({ Principal: {} })],
  ['an empty principal against none', one({ Principal: {}, Resource: '*' }), none],
  ['different resources', one({ Resource: 'arn:aws:s3:::a' }), one({ Resource: 'arn:aws:s3:::b' })],
  ['resources in another case', one({ Resource: 'arn:aws:s3:::a' }), one({ Resource: 'arn:aws:s3:::A' })],
  ['a Resource against none', one({ Resource: '*' }), one()],
  ['Resource against NotResource', one({ Resource: '*' }), one({ NotResource: '*' })],
  ['a missing against a present Version', one({}, {}), one({}, { Version: '2008-10-17' })],
  ['a missing against the newer Version', one({}, {}), one()],
  ['different Versions', one({}, { Version: '2008-10-17' }), one()],
  ['different Ids', one({}, { Id: 'a' }), one({}, { Id: 'b' })],
  ['a unique id against an ARN', one({ Principal: { AWS: 'AROAEXAMPLEEXAMPLE123' } }), one()],
  [
    'a user’s unique id against a user',
    one({ Principal: { AWS: 'AIDAEXAMPLEEXAMPLE123' } }),
    one({ Principal: { AWS: 'arn:aws:iam::123456789012:user/u' } }),
  ],
  ['a role against its account', one(), one({ Principal: { AWS: root } })],
  ['different effects', one(), one({ Effect: 'Deny' })],
  ['Sids in another case', one({ Sid: 'a' }), one({ Sid: 'A' })],
  ['a Sid against none', one({ Sid: 'a' }), one()],
  ['Principal against NotPrincipal', one(), one({ Principal: undefined, NotPrincipal: { AWS: role } })],
  [
    'an AWS against a Federated principal',
    one({ Principal: { AWS: '*' } }),
    one({ Principal: { Federated: '*' } }),
  ],
  [
    'an account of another partition',
    one({ Principal: { AWS: root } }),
    one({ Principal: { AWS: 'arn:aws-cn:iam::123456789012:root' } }),
  ],
  [
    'condition values in another case',
    one({ Condition: { StringEquals: { 'a:b': 'x' } } }),
    one({ Condition: { StringEquals: { 'a:b': 'X' } } }),
  ],
  [
    'an operator with IfExists against one without',
    one({ Condition: { StringEquals: { 'a:b': 'x' } } }),
    one({ Condition: { StringEqualsIfExists: { 'a:b': 'x' } } }),
  ],
  ['a condition against none', one({ Condition: { Bool: { 'a:b': true } } }), one()],
  ['a condition without values against none', one({ Condition: { StringEquals: { 'a:b': [] } } }), one()],
];

describe('two policies are the same', () => {
  test.each(holds)('whatever %s', (_reason, a, b) => {
    expect(differences(a, b)).toEqual([]);
    expect(samePolicy(a, b)).toBe(true);
    expect(samePolicy(b, a)).toBe(true);
  });

  test('whatever the partition of an account id is, if the caller gives it', () => {
    const bare = one({ Principal: { AWS: '123456789012' } });
    const china = one({ Principal: { AWS: 'arn:aws-cn:iam::123456789012:root' } });
    expect(samePolicy(bare, china)).toBe(false);
    expect(samePolicy(bare, china, { partition: 'aws-cn' })).toBe(true);
  });
});

describe('two policies differ', () => {
  test.each(fails)('for %s', (_reason, a, b) => {
    expect(samePolicy(a, b)).toBe(false);
    expect(samePolicy(b, a)).toBe(false);
    expect(differences(a, b)).not.toEqual([]);
  });

  test('and an unknown element is an error, never a difference or none', () => {
    expect(() => samePolicy(one({ Principals: '*' }), one())).toThrow('Statement.Principals');
  });
});

describe('the differences', () => {
  test('are listed element by element, with the values as they were written', () => {
    const left = one({
      Sid: 'A',
      Action: ['sts:AssumeRole'],
      Condition: { StringEquals: { 'sts:ExternalId': 'a' } },
    });
    const right = one({
      Sid: 'A',
      Action: ['sts:TagSession'],
      Condition: { StringEquals: { 'sts:externalid': 'b' } },
    });
    expect(differences(left, right)).toEqual([
      { path: 'Statement[0].Action', left: ['sts:AssumeRole'], right: ['sts:TagSession'] },
      { path: 'Statement[0].Condition.StringEquals.sts:ExternalId', left: ['a'], right: ['b'] },
    ]);
  });

  test('name a statement that only one side has, and pair the others by Sid and likeness', () => {
    const a = { Sid: 'A', Effect: 'Allow', Action: 'a:b', Resource: 'x' };
    const b = { Effect: 'Allow', Action: 'c:d', Resource: 'y' };
    const left = { Version: '2012-10-17', Statement: [a, b] };
    const right = {
      Statement: [
        { Effect: 'Deny', Action: '*', Resource: '*' },
        { ...b, Action: 'c:e' },
        { ...a, Action: '*', Resource: 'z' },
      ],
    };
    expect(differences(left, right)).toEqual([
      { path: 'Version', left: '2012-10-17', right: null },
      { path: 'Statement[0].Action', left: ['a:b'], right: ['*'] },
      { path: 'Statement[0].Resource', left: ['x'], right: ['z'] },
      { path: 'Statement[0]', left: null, right: { Effect: 'Deny', Action: ['*'], Resource: ['*'] } },
      { path: 'Statement[1].Action', left: ['c:d'], right: ['c:e'] },
    ]);
  });

  test('list a statement once, however often a policy has it', () => {
    const twice = {
      Statement: [
        { Effect: 'Allow', Action: 'a:b', Resource: '*' },
        { Effect: 'Allow', Action: ['A:B'], Resource: '*' },
      ],
    };
    expect(differences(twice, {})).toHaveLength(1);
    expect(differences({}, twice)).toHaveLength(1);
  });

  test('of two long policies are found in a moment', () => {
    const many = (prefix: string) => ({
      Statement: Array.from({ length: 3000 }, (_, n) => ({
        Effect: 'Allow',
        Action: 'a:b',
        Resource: `${prefix}${n}`,
      })),
    });
    const start = performance.now();
    expect(differences(many('a'), many('b'))).toHaveLength(3000);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  test('of the longest conditions are found in a moment, however many they are', () => {
    const many = (prefix: string) => {
      const keys = Array.from({ length: 80_000 }, (_, n) => [`${prefix}:${n.toString(36)}`, '']);
      return JSON.stringify(one({ Condition: { StringEquals: Object.fromEntries(keys) } }));
    };
    const start = performance.now();
    expect(differences(many('a'), many('b'))).toHaveLength(160_000);
    expect(performance.now() - start).toBeLessThan(40_000);
  });
});
