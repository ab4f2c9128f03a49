import { type ChildProcess, type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ListAccountsCommand, OrganizationsClient } from '@aws-sdk/client-organizations';
import { afterEach, describe, expect, it } from '@jest/globals';
import { localClient } from '../../local/deploy.ts';
import { OLD_ACCOUNT } from '../../local/old-account.ts';
import { MANAGEMENT } from '../kit/factories.ts';
import { until } from '../kit/wait.ts';
import { standIns } from './stand-ins.ts';

const node = createRequire(import.meta.url).resolve('node/bin/node');
const CLI = fileURLToPath(new URL('./start-cli.ts', import.meta.url));
const functionsDir = standIns();

let started: ChildProcess[] = [];
/** What these started, for when a test fails that it goes with them. */
let theirs: number[] = [];
afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  for (const pid of running(theirs)) process.kill(pid, 'SIGKILL');
  started = [];
  theirs = [];
});

/** Runs `local …` with what it prints; `said` resolves when the text has come. */
function local(...args: string[]) {
  return follow(spawn(node, [CLI, functionsDir, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }));
}

/** The same by npm, as `npm start` does it: the script of this folder's package says how. */
function npm(...args: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-npm-'));
  const scripts = { local: `exec ${node} ${CLI} ${functionsDir}` };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'started-by-npm', scripts }));
  const command = ['run', '--silent', 'local', '--', ...args];
  return follow(spawn('npm', command, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] }));
}

function follow(child: ChildProcessByStdio<null, Readable, Readable>) {
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
    const ended = () => {
      if (child.exitCode !== null) throw new Error(`It ended, and said: ${out}${err}`);
      return undefined;
    };
    const match = () => pattern.exec(out + err) ?? ended();
    return until(`it says ${pattern}`, match, { everyMs: 50, seen: () => out + err });
  };
  return { child, code, said, output: () => ({ out, err }) };
}

/** Every process that this one started, directly or not, and that runs. */
function startedBy(pid: number | undefined): number[] {
  const all = processes();
  const below = (parent: number): number[] =>
    all.flatMap((one) => (one.parent === parent ? [one.pid, ...below(one.pid)] : []));
  const found = pid === undefined ? [] : below(pid);
  theirs.push(...found);
  return found;
}

/** Those of these processes that still run. */
function running(pids: readonly number[]): number[] {
  return processes().flatMap(({ pid }) => (pids.includes(pid) ? [pid] : []));
}

/** All processes but those that have ended and wait to be asked for it. `ps` only where there is no /proc: slim Linux has no ps. */
function processes(): { readonly pid: number; readonly parent: number }[] {
  if (!existsSync('/proc/self/stat')) {
    const listed = execFileSync('ps', ['-axo', 'pid=,ppid=,stat='], { encoding: 'utf8' });
    return listed.split('\n').flatMap((line) => {
      const [pid, parent, state = 'Z'] = line.trim().split(/\s+/);
      return state.startsWith('Z') ? [] : [{ pid: Number(pid), parent: Number(parent) }];
    });
  }
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      // `1234 (a name) S 1 …`: the state and the parent come after the name.
      const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      return state === 'Z' ? [] : [{ pid: Number(pid), parent: Number(parent) }];
    } catch {
      return []; // It has just ended.
    }
  });
}

/** Resolves once none of these processes runs any more. */
async function gone(pids: readonly number[]): Promise<void> {
  await until('no process runs any more', () => (running(pids).length === 0 ? true : undefined), {
    ...{ seconds: 20, everyMs: 100 },
    seen: () => running(pids),
  });
}

describe('local start', () => {
  it('prints ready, leaves no process after Ctrl-C, and exits 0', async () => {
    const run = local('start', '--port', '0');
    const [, endpoint = ''] = await run.said(/^ready (http:\/\/127\.0\.0\.1:\d+)$/m);
    expect((await fetch(`${endpoint}/_orgkeeper/health`)).status).toBe(200);
    const organizations = new OrganizationsClient(localClient(endpoint, MANAGEMENT, 'us-east-1'));
    // The README registers the account that existed before by this id.
    expect((await organizations.send(new ListAccountsCommand({}))).Accounts).toContainEqual(
      expect.objectContaining({ Id: OLD_ACCOUNT.id, Name: OLD_ACCOUNT.name }),
    );
    const started = startedBy(run.child.pid);
    expect(started.length).toBeGreaterThan(1);
    run.child.kill('SIGINT');
    expect(await run.code).toBe(0);
    expect(running(started)).toEqual([]);
    await expect(fetch(`${endpoint}/_orgkeeper/health`)).rejects.toThrow();
  }, 120_000);

  it('ends its emulator when it is killed', async () => {
    const run = local('start', '--port', '0');
    await run.said(/Emulator at /);
    const started = startedBy(run.child.pid);
    expect(started).not.toEqual([]);
    run.child.kill('SIGKILL');
    await run.code;
    await gone(started);
  }, 120_000);

  it.each(['SIGTERM', 'SIGHUP'] as const)(
    'ends at once on %s while it starts',
    async (signal) => {
      const run = local('start', '--port', '0');
      await run.said(/Emulator at /);
      const started = startedBy(run.child.pid);
      run.child.kill(signal);
      expect(await run.code).toBe(0);
      await gone(started);
      expect(run.output().out).toBe('');
    },
    120_000,
  );

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const)(
    'ends with all processes that it started when the npm that runs it gets %s',
    async (signal) => {
      const run = npm('start', '--port', '0');
      const [, endpoint = ''] = await run.said(/^ready (http:\/\/127\.0\.0\.1:\d+)$/m);
      const started = startedBy(run.child.pid);
      expect(started.length).toBeGreaterThan(2);
      run.child.kill(signal);
      await run.code;
      await gone(started);
      await expect(fetch(`${endpoint}/_orgkeeper/health`)).rejects.toThrow();
    },
    120_000,
  );

  it('says in a sentence that the port is in use, and exits 1', async () => {
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

  it('ends with a sentence and exit code 1 when the emulator has lost its state', async () => {
    const run = local('start', '--port', '0');
    const [, emulator = ''] = await run.said(/Emulator at (http:\/\/127\.0\.0\.1:\d+)/);
    await run.said(/^ready /m);
    await fetch(`${emulator}/moto-api/reset`, { method: 'POST' });
    expect(await run.code).toBe(1);
    expect(run.output().err).toContain('The emulator lost its state');
  }, 120_000);
});
