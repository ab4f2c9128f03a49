import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { standIns } from './stand-ins.ts';

const node = createRequire(import.meta.url).resolve('node/bin/node');
const CLI = fileURLToPath(new URL('./start-cli.ts', import.meta.url));
const functionsDir = standIns();

let started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  started = [];
});

/** Runs `local …` with what it prints; `said` resolves when the text has come. */
function local(...args: string[]) {
  const child = spawn(node, [CLI, functionsDir, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const said = async (pattern: RegExp) => {
    const until = Date.now() + 90_000;
    while (!pattern.test(out + err)) {
      if (Date.now() > until || child.exitCode !== null) throw new Error(`It said: ${out}${err}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return pattern.exec(out + err) ?? [];
  };
  return { child, code, said, output: () => ({ out, err }) };
}

/** Processes whose command line has the text. */
function processesWith(text: string): string[] {
  return commandLines().filter((line) => line.includes(text) && !line.includes('ps -ww'));
}

/** Of all processes; `ps` is asked only where there is no /proc: slim images of Linux have none. */
function commandLines(): string[] {
  if (!existsSync('/proc/self/cmdline')) {
    return execFileSync('ps', ['-ww', '-eo', 'pid,args'], { encoding: 'utf8' }).split('\n');
  }
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
    } catch {
      return []; // It has just ended.
    }
  });
}

describe('local start', () => {
  it('is ready, leaves no process behind after Ctrl-C, and ends with 0', async () => {
    const run = local('start', '--port', '0');
    const [, endpoint = ''] = await run.said(/^ready (http:\/\/127\.0\.0\.1:\d+)$/m);
    const [, emulatorPort = ''] = await run.said(/Emulator at http:\/\/127\.0\.0\.1:(\d+)/);
    expect((await fetch(`${endpoint}/_orgkeeper/health`)).status).toBe(200);
    expect(processesWith(`-p ${emulatorPort}`)).not.toEqual([]);
    run.child.kill('SIGINT');
    expect(await run.code).toBe(0);
    expect(processesWith(`-p ${emulatorPort}`)).toEqual([]);
    await expect(fetch(`${endpoint}/_orgkeeper/health`)).rejects.toThrow();
  }, 120_000);

  it('takes its emulator with it when it is killed', async () => {
    const run = local('start', '--port', '0');
    const [, emulatorPort = ''] = await run.said(/Emulator at http:\/\/127\.0\.0\.1:(\d+)/);
    run.child.kill('SIGKILL');
    await run.code;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(processesWith(`-p ${emulatorPort}`)).toEqual([]);
  }, 120_000);

  it('says in a sentence that the port is taken, and ends with 1', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    try {
      const run = local('start', '--port', String(port));
      expect(await run.code).toBe(1);
      expect(run.output().err).toContain(`Port ${port} is in use`);
      expect(run.output().out).toBe('');
    } finally {
      server.close();
    }
  }, 60_000);

  it('ends with a sentence and 1 when the emulator has lost its state', async () => {
    const run = local('start', '--port', '0');
    const [, emulator = ''] = await run.said(/Emulator at (http:\/\/127\.0\.0\.1:\d+)/);
    await run.said(/^ready /m);
    await fetch(`${emulator}/moto-api/reset`, { method: 'POST' });
    expect(await run.code).toBe(1);
    expect(run.output().err).toContain('The emulator lost its state');
  }, 120_000);
});
