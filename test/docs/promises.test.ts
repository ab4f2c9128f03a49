import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { page, ROOT } from './pages.ts';

/** Pages whose links to tests have the names of these tests. */
const PAGES = ['docs/threat-model.md', 'docs/reliability.md'];

/** The tests that a page names, each with its file. */
function named(path: string): { readonly name: string; readonly file: string }[] {
  return [...page(path).text.matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[\w./-]+\.ts)\)/g)].map(
    ([, name = '', file = '']) => ({ name: name.replaceAll(/\s+/g, ' '), file }),
  );
}

/** Whether a test, a suite or a surface of fuzzing has that very name there. */
function has(file: string, name: string): boolean {
  if (!existsSync(join(ROOT, file))) return false;
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [`'${name}'`, `"${name}"`, `\`${name}\``].some((quoted) =>
    text.includes(quoted.replaceAll('\n', ' ')),
  );
}

describe.each(PAGES)('%s', (path) => {
  it('names only tests that exist', () => {
    const tests = named(path);
    expect(tests.length).toBeGreaterThan(20);
    expect(tests.filter(({ file, name }) => !has(file, name))).toEqual([]);
  });
});
