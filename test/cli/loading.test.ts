import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { commands } from '../../cli/commands/index.ts';
import { program } from '../../cli/program.ts';

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

/** What `orgkeeper …argv` prints, and the files that it loads, by their paths in the checkout. */
function loadedBy(...argv: string[]): { stdout: string; files: string[] } {
  const list = join(folder, `${argv.join('_')}.txt`);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', recorder, join(ROOT, 'cli', 'bin.mjs'), ...argv],
    { env: { ...process.env, LOADED: list }, encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const urls = readFileSync(list, 'utf8').trim().split('\n');
  return { stdout, files: urls.map((url) => relative(ROOT, fileURLToPath(url))) };
}

const commandFiles = (loaded: readonly string[]) =>
  loaded.filter((file) => file.startsWith('cli/commands/') && file !== 'cli/commands/index.ts');

describe('orgkeeper --help', () => {
  it('loads no command and no package', () => {
    const loaded = loadedBy('--help').files;
    expect(loaded).toContain('cli/commands/index.ts');
    expect(commandFiles(loaded)).toEqual([]);
    expect(loaded.filter((file) => file.startsWith('node_modules/'))).toEqual([]);
  });

  it('prints what commander would print', async () => {
    const root = await program(() => false);
    let written = '';
    root.configureOutput({
      writeOut: (text) => {
        written += text;
      },
    });
    root.outputHelp();
    expect(written).toContain('Exit: 0 done');
    for (const argv of ['--help', '-h', 'help']) expect(loadedBy(argv).stdout).toBe(written);
  });
});

/** The files of the commands that are not one file of the command's own name. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  baseline: ['baseline', 'baseline-assign'],
  resume: ['pause'],
  exceptions: ['except'],
  // It prints the names of all commands.
  completion: readdirSync(join(ROOT, 'cli', 'commands')).flatMap((file) =>
    file === 'index.ts' || file === 'plan-fleet.ts' ? [] : file.replace('.ts', ''),
  ),
  rollout: ['rollout', 'rollout-follow', 'rollout-start'],
};

describe.each(Object.keys(commands))('orgkeeper %s', (name) => {
  it('loads the file of the command when it is called, and the file of no other command', () => {
    const own = (FILES[name] ?? [name]).map((file) => `cli/commands/${file}.ts`);
    expect(commandFiles(loadedBy(name, '--help').files).toSorted()).toEqual(own.toSorted());
  });
});

describe('orgkeeper accounts', () => {
  it('loads the SDK clients of Systems Manager and DynamoDB, and no other', () => {
    const clients = loadedBy('accounts', '--help').files.flatMap(
      (file) => /^node_modules\/@aws-sdk\/(client-[a-z-]+|lib-[a-z-]+)\//.exec(file)?.[1] ?? [],
    );
    expect([...new Set(clients)].toSorted()).toEqual(['client-dynamodb', 'client-ssm', 'lib-dynamodb']);
  });
});
