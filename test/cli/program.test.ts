import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Ran } from '../kit/captured.ts';
import { useWorld } from './support.ts';

const root = join(import.meta.dirname, '..', '..');
const world = useWorld();

/** What a program is started with at least. */
const bare = { PATH: process.env.PATH ?? '', HOME: tmpdir() };

/** The command line as people start it. */
async function spawned(argv: string[], env: Record<string, string>): Promise<Ran> {
  const child = spawn(process.execPath, [join(root, 'cli', 'bin.mjs'), ...argv], {
    env: { ...bare, ...env },
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const code = await new Promise<number>((resolve) => child.once('close', (ended) => resolve(ended ?? -1)));
  return { code, stdout: String(Buffer.concat(out)), stderr: String(Buffer.concat(err)) };
}

/** No instance metadata, no profile of the machine's owner. */
const nobody = {
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
};

describe('the program', () => {
  test('prints its help', async () => {
    const { code, stdout } = await spawned(['--help'], {});
    expect(code).toBe(0);
    expect(stdout).toMatch(/Usage: orgkeeper/);
    expect(stdout).toMatch(/ {2}baseline +list, show, validate, publish and assign/);
  });

  test('prints JSON, and nothing else, on stdout, and no colour into a pipe', async () => {
    const { code, stdout, stderr } = await spawned(['accounts', '--json'], world.env);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
    expect((await spawned(['baseline', 'list'], { ...world.env, CI: 'true' })).stderr).not.toContain(
      '\u001b',
    );
  });

  test.each([
    [
      'an unknown command',
      ['acounts'],
      {},
      /^orgkeeper: Unknown command 'acounts'\. Did you mean accounts\?\n$/,
    ],
    [
      'an unknown option',
      ['accounts', '--drift'],
      {},
      /^orgkeeper: Unknown option '--drift'\. Did you mean --drifted\?\n$/,
    ],
    ['a missing file', ['baseline', 'validate'], {}, /^orgkeeper: Missing required argument 'file'\.\n$/],
    [
      'a value that is no pair',
      ['register', '111111111111', '--name', 'x', '--tag', 'y'],
      {},
      /^orgkeeper: Option .*'y' is invalid\. It must be key=value\.\n$/,
    ],
    [
      'a time that is none',
      ['pause', '111111111111', '--for', '2d'],
      {},
      /^orgkeeper: Option .*'2d' is invalid\. It must be .* such as 30m or 8h\.\n$/,
    ],
    [
      'no credentials',
      ['accounts'],
      { ...nobody, AWS_REGION: 'eu-west-1' },
      /^orgkeeper: No AWS credentials were found .*\n$/,
    ],
    [
      'no region',
      ['accounts'],
      { ...nobody, AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' },
      /^orgkeeper: No region is set: set AWS_REGION .*\n$/,
    ],
    [
      'an emulator that does not run',
      ['accounts'],
      {
        AWS_ACCESS_KEY_ID: 'x',
        AWS_SECRET_ACCESS_KEY: 'x',
        AWS_REGION: 'eu-west-1',
        AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      },
      /^orgkeeper: Nothing answers at http:\/\/127\.0\.0\.1:9 \(AWS_ENDPOINT_URL\): is `orgkeeper local start` running\?\n$/,
    ],
    [
      'an emulator to use that does not run',
      ['local', 'start', '--port', '0'],
      { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
      /^Gateway at .*\. Using the emulator at http:\/\/127\.0\.0\.1:9 …\norgkeeper: No emulator answers at .*\n$/,
    ],
  ])('answers %s with one sentence and exit code 1', async (_, argv, env, sentence) => {
    const { code, stdout, stderr } = await spawned(argv, env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(sentence);
  });

  test('names account and region if no deployment is found in them', async () => {
    const { code, stderr } = await spawned(['accounts'], { ...world.env, AWS_REGION: 'eu-central-1' });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^orgkeeper: There is no Orgkeeper in account 123456789012, region eu-central-1 .*\n$/,
    );
  });

  test('prints a stack trace only on request', async () => {
    const { stderr } = await spawned(['account', '1'], { ORGKEEPER_DEBUG: '1' });
    expect(stderr).toMatch(/Failure: '1' is not an account id[\s\S]+ at /);
  });

  test('ends quietly when the reader of its output is gone', async () => {
    const child = spawn(process.execPath, [join(root, 'cli', 'bin.mjs'), '--help'], {
      env: bare,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout?.destroy();
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect({ code, said }).toEqual({ code: 0, said: '' });
  });
});
