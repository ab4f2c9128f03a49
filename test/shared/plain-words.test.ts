import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { check } from '../../shared/domain/plain-words.ts';
import { parseRequest } from '../../shared/domain/requests.ts';

describe('the problem of a field', () => {
  it.each([
    ['nothing at all', z.string(), undefined, 'is missing'],
    ['another type', z.string(), ['a'], 'must be text, not a list'],
    ['no object', z.strictObject({}), null, 'must be a group of fields, not nothing'],
    ['an empty text', z.string().min(1), '', 'must not be empty'],
    ['an empty list', z.array(z.string()).min(1), [], 'must not be empty'],
    ['a short list', z.array(z.string()).min(2), ['a'], 'must have at least 2 entries'],
    ['a long text', z.string().max(3), 'abcd', 'must have at most 3 characters'],
    ['a small number', z.number().min(3), 2, 'must be at least 3'],
    ['a number with a fraction', z.int(), 1.5, 'must be a whole number, not a number'],
    ['none of some words', z.enum(['a', 'b']), 'c', 'must be "a" or "b"'],
    ['no email', z.email(), 'x', 'must be a valid email address'],
    ['a pattern that does not fit', z.string().regex(/^a$/), 'b', 'must match /^a$/'],
    [
      'a key that does not fit',
      z.record(z.string().regex(/^a$/), z.string()),
      { b: '' },
      'is not an allowed name',
    ],
    ['none of several', z.union([z.string(), z.number()]), true, 'is not an allowed value'],
    ['what its schema says itself', z.string('say a name'), 5, 'say a name'],
  ])('is stated plainly: %s', (_, schema, value, sentence) => {
    const parsed = check(schema, value);
    expect(parsed.error?.issues.map(({ message }) => message)).toEqual([sentence]);
  });

  it('has its path in the answer to the request', () => {
    expect(
      parseRequest('AccountRegistrationRequested', { accountId: '111111111111', tags: { a: 1 } }),
    ).toEqual({
      problems: [
        { path: 'detail.name', message: 'is missing' },
        { path: 'detail.tags.a', message: 'must be text, not a number' },
      ],
    });
  });
});

describe('check', () => {
  const schema = z.strictObject({ names: z.array(z.string().min(1)) });

  it.each([
    ['length', { length: { toString: { x: 1 } } }],
    ['size', { size: {}, length: { valueOf: 1, toString: 1 } }],
  ])('names the place of an object with an odd %s, on which zod throws', (_, odd) => {
    const { success, error } = check(schema, { names: ['x', odd] });
    expect(success).toBe(false);
    expect(error?.issues).toMatchObject([
      { path: ['names', 1], message: 'must not have a field `length` or `size` that is a group of fields' },
    ]);
  });

  it('returns a valid value as the schema parses it', () => {
    expect(check(schema, { names: ['x'] })).toMatchObject({ success: true, data: { names: ['x'] } });
  });
});
