import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { coerce, satisfies } from 'semver';
import { withoutAws } from './own-environment.ts';

/** The versions of moto that Orgkeeper is tested with. */
export const MOTO_RANGE = '>=5.2.1,<5.3';

/** A running emulator. */
export interface Emulator {
  readonly endpoint: string;
  /** Stops and continues its processes, as if the network were gone; undefined when it is not ours. */
  readonly pause?: () => void;
  readonly resume?: () => void;
  /** Resolves with a sentence when the emulator is gone before it was stopped. Never resolves otherwise. */
  readonly lost: Promise<string>;
  /** Ends it, if this runtime started it. */
  stop(): Promise<void>;
}

/** Where to look and where to say what happens. */
export interface EmulatorOptions {
  /** An emulator that runs already, instead of starting one. */
  readonly endpoint?: string;
  /** `.orgkeeper` of the project. */
  readonly directory: string;
  readonly say: (line: string) => void;
}

/**
 * Starts moto on a free port and waits until it answers; installs it first into the directory when there is
 * none on PATH. Rejects with a sentence that says what to install when it cannot.
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const never = new Promise<string>(() => undefined);
  if (options.endpoint) {
    const endpoint = options.endpoint.replace(/\/$/, '');
    if (!(await answers(endpoint, 10_000))) {
      throw new Error(
        `No emulator answers at ${endpoint} (AWS_ENDPOINT_URL). Start it, or unset AWS_ENDPOINT_URL.`,
      );
    }
    return { endpoint, lost: never, stop: async () => undefined };
  }
  const command = await motoServer(options);
  mkdirSync(join(options.directory, 'logs'), { recursive: true });
  const logFile = join(options.directory, 'logs', `emulator-${randomUUID()}.log`);
  const log = openSync(logFile, 'w');
  // The guard ends the emulator also when this process is killed and can no longer do it itself.
  const child = spawn('sh', ['-c', GUARD, 'orgkeeper-emulator', command], {
    stdio: ['pipe', log, log],
    detached: true,
    env: {
      // AWS's own policies can be attached by hand, as on AWS. They cost the emulator 0.3 s an account: a test of
      // hundreds of accounts sets this to false.
      MOTO_IAM_LOAD_MANAGED_POLICIES: 'true',
      MOTO_EC2_LOAD_DEFAULT_AMIS: 'false', // 5 MB and a fifth of its time for each account, and nothing starts one.
      ...withoutAws(process.env),
      PYTHONUNBUFFERED: '1',
    },
  });
  closeSync(log);
  child.stdin?.on('error', () => undefined);
  let stopping = false;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lost = new Promise<string>((resolve) => {
    child.once('exit', () => {
      if (!stopping) resolve(`The emulator (moto) ended by itself; see ${logFile}.`);
    });
  });
  const endpoint = await Promise.race([addressOf(logFile, child), lost.then((why) => new Error(why))]);
  if (typeof endpoint !== 'string') {
    signalGroup(child, 'SIGKILL');
    throw endpoint ?? new Error(`The emulator (moto) did not answer within 60 s; see ${logFile}.`);
  }
  return {
    endpoint,
    pause: () => signalGroup(child, 'SIGSTOP'),
    resume: () => signalGroup(child, 'SIGCONT'),
    lost,
    stop: async () => {
      stopping = true;
      signalGroup(child, 'SIGKILL');
      await ended;
    },
  };
}

/**
 * The command that starts moto: the one on PATH, else the one that was installed into the directory, else one that
 * is installed there now. Throws a sentence that says what to install when it cannot.
 */
export async function motoServer(options: Omit<EmulatorOptions, 'endpoint'>): Promise<string> {
  return findMoto(options) ?? installMoto(options);
}

/**
 * Starts moto, and ends it once standard input closes: that is, when the process that started it is gone. Port 0: moto
 * itself takes a free one and says which. A port that was found free before may be another emulator's by then, and
 * that one would answer here.
 */
const GUARD = `exec 3<&0
"$1" -H 127.0.0.1 -p 0 </dev/null & moto=$!
{ cat <&3 >/dev/null; kill -KILL $moto; } 2>/dev/null &
wait $moto`;

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid) process.kill(-child.pid, signal);
  } catch {
    // It has ended already.
  }
}

function findMoto({ directory, say }: Omit<EmulatorOptions, 'endpoint'>): string | undefined {
  for (const command of ['moto_server', join(directory, 'moto', 'bin', 'moto_server')]) {
    const version = versionOf(command);
    if (version === undefined) continue;
    if (isTested(version)) return command;
    say(`${command} is moto ${version}; Orgkeeper is tested with ${MOTO_RANGE}, so it installs its own.`);
  }
  return undefined;
}

/** moto_server has no --version: the interpreter in its first line knows. */
function versionOf(command: string): string | undefined {
  const path = command.includes('/') ? command : run('sh', ['-c', `command -v ${command}`]);
  if (!path || !existsSync(path)) return undefined;
  return run('sh', ['-c', VERSION, 'version', path]) || undefined;
}

const VERSION = `python=$(sed -n '1s/^#![[:space:]]*//p' "$1")
case "$python" in *python*) ;; *) python=python3 ;; esac
$python -c 'from importlib.metadata import version; print(version("moto"))' 2>/dev/null ||
python3 -c 'from importlib.metadata import version; print(version("moto"))' 2>/dev/null`;

function isTested(version: string): boolean {
  return satisfies(coerce(version) ?? '', MOTO_RANGE.replace(',', ' '));
}

async function installMoto({ directory, say }: Omit<EmulatorOptions, 'endpoint'>): Promise<string> {
  const target = join(directory, 'moto');
  const requirement = `moto[server]${MOTO_RANGE}`;
  const python = join(target, 'bin', 'python');
  mkdirSync(directory, { recursive: true });
  say(`Installing ${requirement} into ${target} …`);
  const withUv = run('sh', ['-c', 'command -v uv']) !== undefined;
  const steps = withUv
    ? [
        ['uv', 'venv', '--quiet', '--clear', target],
        ['uv', 'pip', 'install', '--quiet', '--python', python, requirement],
      ]
    : [
        ['python3', '-m', 'venv', '--clear', target],
        [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', requirement],
      ];
  for (const [command = '', ...args] of steps) {
    const why = await failureOf(command, args);
    if (why === undefined) continue;
    throw new Error(
      `The emulator could not be installed (${command} ${args.slice(0, 2).join(' ')}: ${why}): install it yourself ` +
        `with "pip install '${requirement}'" (Python 3.10 or newer), or set AWS_ENDPOINT_URL to one that runs.`,
    );
  }
  return join(target, 'bin', 'moto_server');
}

/** Runs a command, beside other work and never longer than this process: why it failed, or undefined when it did not. */
function failureOf(command: string, args: readonly string[]): Promise<string | undefined> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const end = () => child.kill();
  process.once('exit', end);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return new Promise<string | undefined>((resolve) => {
    child.once('error', () => resolve('the command is missing'));
    child.once('close', (code) =>
      resolve(code === 0 ? undefined : (said.trim().split('\n').at(-1) ?? 'it failed')),
    );
  }).finally(() => process.removeListener('exit', end));
}

function run(command: string, args: string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Where moto says that it listens, once it answers there; undefined when it ends or takes longer than a minute. */
async function addressOf(logFile: string, child: ChildProcess): Promise<string | undefined> {
  const until = Date.now() + 60_000;
  while (Date.now() < until && child.exitCode === null && child.signalCode === null) {
    const said = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(readFileSync(logFile, 'utf8'))?.[1];
    if (said) return (await answers(said, until - Date.now())) ? said : undefined;
    await pause(50);
  }
  return undefined;
}

async function answers(endpoint: string, milliseconds: number): Promise<boolean> {
  const until = Date.now() + milliseconds;
  while (Date.now() < until) {
    const ok = await fetch(`${endpoint}/moto-api/config`, { signal: AbortSignal.timeout(5000) }).then(
      (response) => response.body?.cancel().then(() => true) ?? true,
      () => false,
    );
    if (ok) return true;
    await pause(50);
  }
  return false;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
