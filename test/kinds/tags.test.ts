import { describe, expect, it } from '@jest/globals';
import { Tags } from '../../controllers/kinds/tags.ts';

const messagesOf = (tags: object) =>
  (Tags.safeParse(tags).error?.issues ?? []).flatMap((issue) =>
    issue.code === 'invalid_key' ? issue.issues.map(({ message }) => message) : [issue.message],
  );
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, '']));

describe('Tags', () => {
  it.each([
    ['a reserved key', { 'AWS:team': 'x' }, /starting with `aws:`/],
    ['a key that says whose a resource is', { 'orgkeeper:owner': 'x' }, /`orgkeeper:` cannot be given/],
    ['a key with a character that AWS does not take', { 'a!': 'x' }, /a tag key is/],
    ['a value with a character that AWS does not take', { team: 'a;b' }, /a tag value is/],
    ['a value of 257 characters', { team: 'x'.repeat(257) }, /a tag value is/],
    ['49 tags', many(49), /at most 48 tags/],
  ])('refuses %s', (_, tags, message) => {
    expect(messagesOf(tags)).toEqual([expect.stringMatching(message)]);
  });

  it('accepts 48 tags, letters of any language, and a value that is still to be filled in', () => {
    expect(messagesOf({ ...many(46), 'équipe/été': 'ä b', team: '${values.team}!' })).toEqual([]);
  });
});
