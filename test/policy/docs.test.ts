import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { covers, differences, evaluate, parsePolicy, samePolicy } from '../../shared/policy/index.ts';

const page = readFileSync('docs/policies.md', 'utf8');
const known = { covers, parsePolicy, evaluate, differences, samePolicy };

/** The statements of the page's code blocks, each with what its comment says comes of it. */
const examples = [...page.matchAll(/```ts\n(.*?)```/gs)].flatMap(([, block = '']) =>
  [...block.matchAll(/((?:^(?!\/\/).*\n)+)((?:^\/\/.*\n?)+)/gm)].map(([, code = '', comment = '']) => ({
    code: code.trim().replace(/;$/, ''),
    comment: comment.replaceAll(/^\/\/ ?/gm, '').trim(),
  })),
);

/** The commands of the page, each with what it prints. */
const commands = [...page.matchAll(/^```\n(\$.*?)^```/gms)].flatMap(([, block = '']) =>
  [...block.matchAll(/^\$ orgkeeper (.*)\n((?:(?!\$ ).*\n)+)/gm)].map(([, command = '', printed = '']) => ({
    command,
    printed,
  })),
);

const get = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const files = {
  'a.json': policy(get),
  'a.txt': encodeURIComponent(policy(get)),
  'b.json': policy({ ...get, Action: ['s3:GetObject', 's3:PutObject'] }),
  'wrong.json': policy(get, { ...get, Effect: 'Permit' }),
  'role.json': policy({ ...get, Action: 'ec2:*' }),
};

/** Without what colours the output, or adds to it. */
const env = { PATH: process.env.PATH ?? '' };

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orgkeeper-policies-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('docs/policies.md', () => {
  test('has an example of each function', () => {
    for (const name of Object.keys(known))
      expect(examples.some((each) => each.code.startsWith(name))).toBe(true);
  });

  test.each(examples)('is true: $code', ({ code, comment }) => {
    const [, kind, expected = ''] = /^(=>|throws:) (.*)$/s.exec(comment) ?? [];
    if (kind === 'throws:') expect(() => runInNewContext(code, known)).toThrow(expected);
    else expect(plain(runInNewContext(code, known))).toEqual(plain(runInNewContext(`(${expected})`)));
  });

  test('has a script that uses the module as a library, and runs', () => {
    const [, script = '', printed] = /```js\n(.*?)\/\/ prints: (.*?)\n```/s.exec(page) ?? [];
    const module = pathToFileURL(resolve('shared/policy/index.ts')).href;
    writeFileSync(join(folder, 'grants.mjs'), script.replace('./shared/policy/index.ts', module));
    const out = execFileSync(process.execPath, ['grants.mjs'], { cwd: folder, env, encoding: 'utf8' });
    expect(out.trim()).toBe(printed);
  });

  test('has a command that makes one file of the module, and that file works', () => {
    const [, command = ''] = /^npx (esbuild .*)$/m.exec(page) ?? [];
    const file = join(folder, 'policy.mjs');
    const args = command.split(' ').map((each) => each.replace('policy.mjs', file));
    execFileSync(`node_modules/.bin/${args[0]}`, [...args.slice(1), '--log-level=error']);
    const code = `import { samePolicy } from './policy.mjs'; console.log(samePolicy('', '{}'))`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: folder, env });
    expect(String(out)).toBe('true\n');
  });

  test('has commands of both kinds', () => expect(commands.length).toBeGreaterThan(4));

  test.each(commands)('shows the output: $command', ({ command, printed }) => {
    const main = resolve('cli/main.mjs');
    const { stdout, stderr } = spawnSync(process.execPath, [main, ...command.split(' ')], {
      cwd: folder,
      env,
      encoding: 'utf8',
    });
    expect(stdout + stderr).toBe(printed);
  });
});

/** The value without the other realm's prototypes. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
