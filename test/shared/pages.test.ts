import { describe, expect, it } from '@jest/globals';
import { pagesOf } from '../../shared/aws/pages.ts';

/** Reads a listing whose pages give these tokens. */
async function read(tokens: Record<string, string | undefined>, from?: string) {
  const asked: (string | undefined)[] = [];
  const page = async (token: string | undefined) => {
    asked.push(token);
    return { next: tokens[token ?? 'start'] };
  };
  for await (const _ of pagesOf(page, ({ next }) => next, from)) if (asked.length > 9) break;
  return asked;
}

describe('The pages of a listing', () => {
  it('are read to the last one, from any page on', async () => {
    expect(await read({ start: 'a', a: 'b', b: '' })).toEqual([undefined, 'a', 'b']);
    expect(await read({ start: 'a', a: 'b' }, 'a')).toEqual(['a', 'b']);
  });

  it.each([
    ['the one that was sent', { start: 'a', a: 'a' }],
    ['an earlier one', { start: 'a', a: 'b', b: 'a' }],
  ])('fail if a token is repeated: %s', async (_, tokens) => {
    await expect(read(tokens)).rejects.toThrow('returned the same page token twice');
  });
});
