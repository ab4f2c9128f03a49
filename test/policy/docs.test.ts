import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { covers } from '../../shared/policy/covers.ts';
import { parsePolicy } from '../../shared/policy/document.ts';
import { evaluate } from '../../shared/policy/evaluate.ts';
import { differences, samePolicy } from '../../shared/policy/same.ts';

const page = readFileSync('docs/policies.md', 'utf8');
const known = { covers, parsePolicy, evaluate, differences, samePolicy };

/** The statements of the page's code blocks, each with what its comment says comes of it. */
const examples = [...page.matchAll(/```ts\n(.*?)```/gs)].flatMap(([, block = '']) =>
  [...block.matchAll(/((?:^(?!\/\/).*\n)+)((?:^\/\/.*\n?)+)/gm)].map(([, code = '', comment = '']) => ({
    code: code.trim().replace(/;$/, ''),
    comment: comment.replaceAll(/^\/\/ ?/gm, '').trim(),
  })),
);

describe('the page on policies', () => {
  test('has an example of each function', () => {
    for (const name of Object.keys(known))
      expect(examples.some((each) => each.code.startsWith(name))).toBe(true);
  });

  test.each(examples)('tells the truth: $code', ({ code, comment }) => {
    const [, kind, expected = ''] = /^(=>|throws:) (.*)$/s.exec(comment) ?? [];
    if (kind === 'throws:') expect(() => runInNewContext(code, known)).toThrow(expected);
    else expect(plain(runInNewContext(code, known))).toEqual(plain(runInNewContext(`(${expected})`)));
  });
});

/** The value without the other realm's prototypes. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
