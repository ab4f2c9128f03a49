import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { commands } from '../../cli/commands/index.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-loading-'));
/** Writes down each file that Node loads, by `import` and by `require`. */
const recorder = join(folder, 'recorder.mjs');
writeFileSync(
  recorder,
  `import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, nextLoad) {
    if (url.startsWith('file:')) appendFileSync(process.env.LOADED, url + '\\n');
    return nextLoad(url, context);
  },
});`,
);

/** The files that `orgkeeper …argv` loads, by their paths in the checkout. */
function loadedBy(...argv: string[]): string[] {
  const list = join(folder, `${argv.join('_')}.txt`);
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', recorder, join(ROOT, 'cli', 'bin.mjs'), ...argv],
    { env: { ...process.env, LOADED: list }, encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return readFileSync(list, 'utf8')
    .trim()
    .split('\n')
    .map((url) => relative(ROOT, fileURLToPath(url)));
}

const commandFiles = (loaded: readonly string[]) =>
  loaded.filter((file) => file.startsWith('cli/commands/') && file !== 'cli/commands/index.ts');

describe('orgkeeper --help', () => {
  it('loads no command, and no package but commander', () => {
    const loaded = loadedBy('--help');
    expect(loaded).toContain('cli/commands/index.ts');
    expect(commandFiles(loaded)).toEqual([]);
    const packages = loaded.filter((file) => file.startsWith('node_modules/'));
    expect(packages.filter((file) => !file.startsWith('node_modules/commander/'))).toEqual([]);
  });
});

describe.each(Object.keys(commands))('orgkeeper %s', (name) => {
  it('loads the file of the command when it is called, and the file of no other command', () => {
    const file = name === 'resume' ? 'pause' : name;
    expect(commandFiles(loadedBy(name, '--help'))).toEqual([`cli/commands/${file}.ts`]);
  });
});
