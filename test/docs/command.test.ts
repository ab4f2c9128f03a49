import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { COMMAND } from '../../cli/terminal.ts';
import { ROOT } from './pages.ts';

describe('the command line', () => {
  test('is called so that it runs from any directory', () => {
    const ran = spawnSync('sh', ['-c', `${COMMAND} --help`], { cwd: tmpdir(), encoding: 'utf8' });
    expect(ran.stdout).toMatch(/^Usage: orgkeeper /);
  });

  test('is never run by npx, since its name in the registry is not ours', () => {
    const byNpx = /\b(npx|npm exec|npm x|yarn dlx|pnpm dlx)( -\S+)* orgkeeper\b/;
    const files = filesIn(ROOT);
    const naming = files.filter((file) => byNpx.test(readFileSync(file, 'utf8')));
    expect(files.length).toBeGreaterThan(300);
    expect(naming).toEqual([]);
  });
});

/** What is made, or comes from elsewhere. */
const NOT_OURS = ['node_modules', '.git', '.orgkeeper', 'cdk.out', 'dist', 'coverage'];

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !NOT_OURS.includes(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesIn(path);
      return entry.isFile() ? [path] : [];
    });
}
