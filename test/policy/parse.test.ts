import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PolicyError, parsePolicy } from '../../shared/policy/document.ts';
import { parseJson } from '../../shared/policy/json.ts';

const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };

function refusal(input: unknown): PolicyError {
  try {
    parsePolicy(input);
  } catch (error) {
    if (error instanceof PolicyError) return error;
    throw error;
  }
  throw new Error('it was taken for a policy');
}

describe('parsePolicy', () => {
  test('brings every element into one form, which is itself a policy', () => {
    const policy = parsePolicy({
      Version: '2012-10-17',
      Id: 'all',
      Statement: {
        Sid: 'One',
        Effect: 'Deny',
        NotPrincipal: {
          AWS: '123456789012',
          Service: ['ec2.amazonaws.com'],
          Federated: 'f',
          CanonicalUser: 'c',
        },
        NotAction: 'iam:*',
        NotResource: ['arn:aws:s3:::a'],
        Condition: { bool: { 'aws:SecureTransport': false }, NumericLessThan: { 's3:max-keys': 10 } },
      },
    });
    expect(policy).toEqual({
      Version: '2012-10-17',
      Id: 'all',
      Statement: [
        {
          Sid: 'One',
          Effect: 'Deny',
          NotPrincipal: {
            AWS: ['123456789012'],
            Service: ['ec2.amazonaws.com'],
            Federated: ['f'],
            CanonicalUser: ['c'],
          },
          NotAction: ['iam:*'],
          NotResource: ['arn:aws:s3:::a'],
          Condition: {
            Bool: { 'aws:SecureTransport': ['false'] },
            NumericLessThan: { 's3:max-keys': ['10'] },
          },
        },
      ],
    });
    expect(parsePolicy(JSON.stringify(policy))).toEqual(policy);
  });

  test('accepts text that is plain, URL-encoded, or begins with a byte order mark', () => {
    const plain = JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, Sid: 'a%20b' }] });
    const expected = parsePolicy(JSON.parse(plain));
    for (const text of [plain, encodeURIComponent(plain), ` ${plain}\n`, `\uFEFF${plain}`]) {
      expect(parsePolicy(text)).toEqual(expected);
    }
    expect(expected.Statement[0]?.Sid).toBe('a%20b');
  });

  test('accepts the empty document, in each of its spellings, as a policy without statements', () => {
    for (const empty of ['', ' \n', '{}', '%7B%7D', {}])
      expect(parsePolicy(empty)).toEqual({ Statement: [] });
  });

  test('does not change its input', () => {
    const input = Object.freeze({ Statement: Object.freeze([Object.freeze({ ...statement })]) });
    parsePolicy(input);
    expect(input).toEqual({ Statement: [statement] });
  });

  const refused: [reason: string, input: unknown, path: string, message: RegExp][] = [
    ['text that is no JSON', 'Effect: Allow', '', /not valid JSON: at line 1, column 1/],
    ['JSON that ends too early', '{"Statement": [', 'Statement[0]', /the text ends/],
    ['text after the document', '{} {}', '', /line 1, column 4/],
    ['a comma too many', '{"Statement":[],}', '', /a key in double quotes/],
    ['a malformed escape', '%7B%ZZ', '', /escape with %/],
    ['a list where the policy belongs', [], '', /must be an object, and is a list/],
    ['null', null, '', /is null/],
    ['a number', 7, '', /is 7/],
    ['nothing', undefined, '', /is missing/],
    ['a Map', new Map([['Statement', statement]]), '', /must be an object, and is a Map/],
    ['bytes', Buffer.from('{}'), '', /must be an object, and is a Uint8Array/],
    ['a list with a hole', { Statement: new Array(1) }, 'Statement[0]', /is missing/],
    [
      'an action list with a hole',
      { Statement: { Effect: 'Deny', Action: new Array(1) } },
      'Statement.Action[0]',
      /missing/,
    ],
    [
      'half a character',
      '{"Statement":{"Effect":"Deny","Action":"*","Resource":"\\ud83d"}}',
      'Statement.Resource',
      /surrogate/,
    ],
    ['a control character', { 'a\u009b': 1 }, '"a\\u009b"', /not an element/],
    ['form encoding, where + is a space', '%7B%22Statement%22:+%5B%5D%7D', 'Statement', /"\+\[\]\}"/],
    ['text that is encoded twice', encodeURIComponent(encodeURIComponent('{}')), '', /line 1, column 1/],
    ['a key twice, once with an escape', '{"Id":"a","I\\u0064":"b"}', 'Id', /written twice/],
    ['no Statement', { Version: '2012-10-17' }, 'Statement', /is missing/],
    [
      'an element that IAM has not',
      { Statement: [], Statements: [] },
      'Statements',
      /not an element of a policy/,
    ],
    ['a Version that IAM has not', { Version: '2012-10-18', Statement: [] }, 'Version', /2012-10-17/],
    ['a Version that is empty', { Version: '', Statement: [] }, 'Version', /2012-10-17/],
    ['an Id that is no string', { Id: 1, Statement: [] }, 'Id', /must be a string/],
    [
      'a statement that is a list',
      { Statement: [statement, []] },
      'Statement[1]',
      /an object, and is a list/,
    ],
    ['a statement that is text', { Statement: 'x' }, 'Statement', /an object, and is "x"/],
    [
      'an unknown element',
      { Statement: [{ ...statement, Actions: '*' }] },
      'Statement[0].Actions',
      /not an element/,
    ],
    [
      'an element in another case',
      { Statement: { ...statement, sid: 'x' } },
      'Statement.sid',
      /not an element/,
    ],
    [
      'an Effect in another case',
      { Statement: { ...statement, Effect: 'allow' } },
      'Statement.Effect',
      /"allow"/,
    ],
    ['no Effect', { Statement: { Action: '*' } }, 'Statement.Effect', /is missing/],
    ['no Action', { Statement: { Effect: 'Allow' } }, 'Statement.Action', /is missing/],
    [
      'neither Principal nor Resource, which fits no place',
      { Statement: { Effect: 'Allow', Action: 's3:*' } },
      'Statement',
      /neither Principal nor Resource/,
    ],
    [
      'Action and NotAction',
      { Statement: { ...statement, NotAction: '*' } },
      'Statement',
      /both Action and Not/,
    ],
    [
      'an action without service',
      { Statement: { Effect: 'Deny', Action: 'Get' } },
      'Statement.Action',
      /"Get"/,
    ],
    ['a list in a list', { Statement: { Effect: 'Deny', Action: [['*']] } }, 'Statement.Action[0]', /a list/],
    ['an empty resource', { Statement: { ...statement, Resource: [''] } }, 'Statement.Resource[0]', /empty/],
    ['a name as principal', { Statement: { ...statement, Principal: 'me' } }, 'Statement.Principal', /"me"/],
    ['a principal list', { Statement: { ...statement, Principal: ['*'] } }, 'Statement.Principal', /a list/],
    [
      'an unknown kind',
      { Statement: { ...statement, Principal: { Aws: '*' } } },
      'Statement.Principal.Aws',
      /kind/,
    ],
    [
      'an account id as a number, which has lost its zeros',
      { Statement: { ...statement, Principal: { AWS: 12345678901 } } },
      'Statement.Principal.AWS',
      /must be a string/,
    ],
    ['a condition list', { Statement: { ...statement, Condition: [] } }, 'Statement.Condition', /a list/],
    [
      'an unknown operator',
      { Statement: { ...statement, Condition: { StringIs: {} } } },
      'Statement.Condition.StringIs',
      /not a condition operator/,
    ],
    [
      'Null with IfExists, which IAM has not',
      { Statement: { ...statement, Condition: { NullIfExists: {} } } },
      'Statement.Condition.NullIfExists',
      /not a condition operator/,
    ],
    [
      'a condition key without prefix',
      { Statement: { ...statement, Condition: { Bool: { constructor: true } } } },
      'Statement.Condition.Bool.constructor',
      /not a condition key/,
    ],
    [
      'a condition key twice, in two cases',
      { Statement: { ...statement, Condition: { Bool: { 'aws:x': true, 'AWS:X': false } } } },
      'Statement.Condition.Bool.AWS:X',
      /twice/,
    ],
    [
      'a condition value that is null',
      { Statement: { ...statement, Condition: { Bool: { 'aws:x': [null] } } } },
      'Statement.Condition.Bool.aws:x[0]',
      /null/,
    ],
    ['a key twice', '{"Statement":[],"Statement":[]}', 'Statement', /written twice/],
    [
      'a number that JavaScript cannot keep',
      '{"Statement":{"Effect":"Allow","Action":"*","Condition":{"NumericEquals":{"a:b":12345678901234567890}}}}',
      'Statement.Condition.NumericEquals.a:b',
      /must be written as a string/,
    ],
    ['__proto__ as a policy', '{"__proto__":{"Statement":[]}}', '__proto__', /not an element/],
    [
      '__proto__ as a statement',
      '{"Statement":{"__proto__":{"Effect":"Allow"}}}',
      'Statement.Effect',
      /is missing/,
    ],
    [
      'nesting without end',
      `{"Statement":${'['.repeat(100_000)}`,
      `Statement${'[0]'.repeat(64)}`,
      /nested deeper/,
    ],
  ];
  test.each(refused)('refuses %s', (_reason, input, path, message) => {
    const error = refusal(input);
    expect(error.path).toBe(path);
    expect(error.message).toMatch(message);
    expect(error.message.startsWith(error.path)).toBe(true);
    expect(error.message.length).toBeLessThan(2000);
  });

  test('refuses 5 MB at once, as text and as an object, and an object that contains itself', () => {
    const long = { Statement: { ...statement, Resource: Array(500_000).fill('arn:aws:s3:::x') } };
    const round: Record<string, unknown> = {};
    round.Statement = round;
    const start = performance.now();
    for (const input of [JSON.stringify(long), '['.repeat(5_000_000), long, round]) {
      expect(refusal(input).message).toMatch(/more than 1,000,000|larger than 1,000,000/);
    }
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('changes no prototype', () => {
    const text = '{"Statement":{"Effect":"Allow","Action":"*","Condition":{"__proto__":{"a:b":"x"}}}}';
    expect(refusal(text).path).toBe('Statement.Condition.__proto__');
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test('reads JSON exactly like JSON.parse, with the spelling of numbers', () => {
    const plainNumbers = fc.json({ noUnicodeString: false }).filter((text) => {
      const same = JSON.stringify(JSON.parse(text));
      return !/-0|e|\d{16}/.test(same.replaceAll(/"(\\.|[^"])*"/g, ''));
    });
    fc.assert(fc.property(plainNumbers, (text) => expect(parseJson(text)).toEqual(JSON.parse(text))));
  });

  test('refuses everything that JSON.parse refuses', () => {
    const near = fc.stringMatching(/^[{}[\]",:0-9.eE+\-tru\\ \n]{1,12}$/);
    fc.assert(
      fc.property(near, (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        if (!valid) expect(() => parseJson(text)).toThrow(PolicyError);
      }),
      { numRuns: 2000 },
    );
  });
});
