import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { startEmulator } from '../../local/emulator.ts';

const node = createRequire(import.meta.url).resolve('node/bin/node');
const project = fileURLToPath(new URL('../..', import.meta.url));

/** A checkout where no moto was ever installed, on a machine with a shell, this Node, and no Python. */
function withoutPython() {
  const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-checkout-'));
  for (const name of [
    'cli',
    'controllers',
    'infra',
    'local',
    'node_modules',
    'package.json',
    'shared',
    'test',
  ]) {
    symlinkSync(join(project, name), join(folder, name));
  }
  const PATH = join(folder, 'bin');
  mkdirSync(PATH);
  for (const command of ['sh', 'sed']) {
    const found = spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).stdout.trim();
    symlinkSync(found, join(PATH, command));
  }
  // What is imported by a link counts as being there: so it looks for its state in this folder.
  const links = ['--preserve-symlinks', '--preserve-symlinks-main'];
  return (...args: string[]) =>
    spawnSync(node, [...links, ...args], { cwd: folder, encoding: 'utf8', env: { PATH } });
}

const WHAT_TO_INSTALL = /^.*The emulator could not be installed \(.*: the command is missing\): install .*$/;

describe('The emulator', () => {
  it('listens on a port of its own, however many start at once', async () => {
    const where = { directory: mkdtempSync(join(tmpdir(), 'orgkeeper-state-')), say: () => undefined };
    const emulators = await Promise.all([1, 2, 3].map(() => startEmulator(where)));
    try {
      expect(new Set(emulators.map(({ endpoint }) => endpoint)).size).toBe(3);
    } finally {
      await Promise.all(emulators.map(({ stop }) => stop()));
    }
  }, 120_000);

  it('ends the demo, if it cannot be installed, in one sentence that says what to install', () => {
    const { status, stdout, stderr } = withoutPython()('local/demo.ts');
    expect([status, stderr]).toEqual([1, '']);
    expect(stdout.trim().split('\n').at(-1)).toMatch(WHAT_TO_INSTALL);
    expect(stdout).not.toMatch(/^\s+at /m);
  }, 60_000);

  it('ends a test run, if it cannot be installed, in one sentence that says what to install', () => {
    const setup = 'import setup from "./test/kit/global-setup.ts"; await setup();';
    const { status, stderr } = withoutPython()('--input-type=module', '--eval', setup);
    expect(status).toBe(1);
    expect(stderr.trim()).toMatch(WHAT_TO_INSTALL);
  }, 60_000);
});
