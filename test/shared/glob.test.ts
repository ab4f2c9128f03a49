import { describe, expect, it } from '@jest/globals';
import { likeText, meet } from '../../shared/domain/glob.ts';

describe('meet', () => {
  it.each([
    ['network:*', 'network:vpc.tags.*', true],
    ['network:vpc.tags.team', 'network:vpc.tags.*', true],
    ['network:*.tags.a?c', 'network:vpc.tags.*', true],
    ['network:subnet.*', 'network:vpc.tags.*', false],
    ['*', '', true],
    ['', '**', true],
    ['a*c', 'ab*', true],
    ['a*c', 'b*', false],
    ['a?', 'a', false],
    ['*x', 'a*', true],
    ['*a*b', 'b*a', false],
    ['*a*b', 'b*b', true],
  ])('tells of %j and %j whether some text matches both: %j', (one, other, expected) => {
    expect(meet(one, other)).toBe(expected);
    expect(meet(other, one)).toBe(expected);
  });

  it('agrees with likeText where one of the patterns is a plain text', () => {
    for (const pattern of ['*', 'a*', '*b', 'a?c', 'a*b*c', '??', 'abc', ''])
      for (const text of ['', 'a', 'ab', 'abc', 'aabbcc', 'cab'])
        expect({ pattern, text, meets: meet(pattern, text) }).toEqual({
          ...{ pattern, text },
          meets: likeText(pattern, text),
        });
  });
});
