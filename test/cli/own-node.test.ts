import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const OWN_NODE = fileURLToPath(new URL('../../cli/own-node.mjs', import.meta.url));
const PROGRAM = 'process.stdout.write(`${process.version} ${process.argv.slice(2)}`);';

/** A checkout with the program in it; `packages`: whether `npm ci` has run, with its scripts or without. */
function checkout(packages: 'none' | 'without scripts' | 'all') {
  const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-checkout-'));
  mkdirSync(join(folder, 'cli'));
  copyFileSync(OWN_NODE, join(folder, 'cli', 'own-node.mjs'));
  writeFileSync(join(folder, 'program.mjs'), PROGRAM);
  for (const [node, version] of Object.entries({ old: '18.20.0', 20: '20.9.0' })) {
    const set = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`;
    writeFileSync(join(folder, `${node}.cjs`), set);
  }
  const windows = `Object.defineProperty(process, 'platform', { value: 'win32' });`;
  writeFileSync(join(folder, 'windows.cjs'), windows);
  const own = join(folder, 'node_modules', 'node');
  if (packages !== 'none') {
    mkdirSync(join(own, 'bin'), { recursive: true });
    writeFileSync(join(own, 'package.json'), '{}');
  }
  if (packages === 'all') {
    const says = '#!/bin/sh\necho "own Node: $*"\n';
    writeFileSync(join(own, 'bin', 'node'), says, { mode: 0o755 });
  }
  return {
    run: (node: 'old' | '20' | 'windows' | 'this', ...args: string[]) => {
      const before = node === 'this' ? [] : ['-r', `./${node}.cjs`];
      const options = { cwd: folder, encoding: 'utf8' } as const;
      return spawnSync(process.execPath, [...before, 'cli/own-node.mjs', ...args], options);
    },
  };
}

describe("The project's own Node", () => {
  it('runs a program if the Node of the shell is older', () => {
    const { stdout, status } = checkout('all').run('old', 'program.mjs', 'a');
    expect([stdout, status]).toEqual(['own Node: program.mjs a\n', 0]);
  });

  it('is not needed if the Node of the shell is as new', () => {
    const { stdout, status } = checkout('without scripts').run('this', 'program.mjs', 'a', 'b');
    expect([stdout, status]).toEqual([`${process.version} a,b`, 0]);
  });

  it('accepts options for Node itself', () => {
    const { stdout } = checkout('all').run('this', '--stack-size=900', 'program.mjs', 'a');
    expect(stdout).toBe(`${process.version} a`);
  });

  it.each([
    ['this', 'none', /^Orgkeeper's packages are not installed: run "npm ci" \(this is Node [\d.]+\)\.\n$/],
    [
      'old',
      'none',
      /^Orgkeeper needs Node 20 or newer, and this is Node 18\.20\.0: install one .*"npm ci"\.\n$/,
    ],
    ['old', 'without scripts', /^Orgkeeper needs Node 20 or newer, and this is Node 18\.20\.0: .*\n$/],
    [
      '20',
      'without scripts',
      /^Orgkeeper's own Node 24 is not installed: run "npm ci" .* Node 20\.9\.0\)\.\n$/,
    ],
    ['windows', 'all', /^Orgkeeper does not run on Windows itself: run it in WSL \(https:.*\)\.\n$/],
  ] as const)(
    'causes one sentence if it is missing, by %s Node with packages: %s',
    (node, packages, sentence) => {
      const { stdout, stderr, status } = checkout(packages).run(node, 'program.mjs');
      expect([stdout, status]).toEqual(['', 1]);
      expect(stderr).toMatch(sentence);
    },
  );

  it('is searched by code that a Node of 2020 can parse', () => {
    for (const file of ['bin.mjs', 'own-node.mjs']) {
      const text = readFileSync(fileURLToPath(new URL(`../../cli/${file}`, import.meta.url)), 'utf8');
      expect(text.replaceAll(/\/\/.*/g, '')).not.toMatch(/^(if .*)?await |\?\?|\?\.|replaceAll|\.at\(/m);
    }
  });
});
