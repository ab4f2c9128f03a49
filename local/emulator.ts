import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { coerce, satisfies } from 'semver';
import { withoutAws } from './own-environment.ts';

/** The versions of moto that Orgkeeper is tested with. */
export const MOTO_RANGE = '>=5.2.1,<5.3';

/** A running emulator. */
export interface Emulator {
  readonly endpoint: string;
  /** Stops and continues its processes, as if the network were down; undefined if this runtime did not start it. */
  readonly pause?: () => void;
  readonly resume?: () => void;
  /** Resolves with a sentence if the emulator ends before it is stopped; otherwise never. */
  readonly lost: Promise<string>;
  /** Ends it, if this runtime started it. */
  stop(): Promise<void>;
}

/** Options of the emulator. */
export interface EmulatorOptions {
  /** Endpoint of a running emulator, to use instead of starting one. */
  readonly endpoint?: string;
  /** `.orgkeeper` of the project. */
  readonly directory: string;
  readonly say: (line: string) => void;
}

/**
 * Starts moto on a free port and waits until it answers. If moto is not on PATH, installs it into the directory first. Rejects with
 * a sentence that says what to install if that fails.
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
  const python = await pythonWithMoto(options);
  mkdirSync(join(options.directory, 'logs'), { recursive: true });
  const logFile = join(options.directory, 'logs', `emulator-${randomUUID()}.log`);
  const log = openSync(logFile, 'w');
  // The guard process ends the emulator, too, if this process is killed.
  const child = spawn('sh', ['-c', GUARD, 'orgkeeper-emulator', python, STARTER], {
    stdio: ['pipe', log, log],
    detached: true,
    env: {
      // Makes AWS managed policies available. They take the emulator 0.3 s per account, so a test with hundreds of accounts sets
      // this to false.
      MOTO_IAM_LOAD_MANAGED_POLICIES: 'true',
      MOTO_EC2_LOAD_DEFAULT_AMIS: 'false', // Saves 5 MB and a fifth of the time per account; nothing here uses AMIs.
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
 * The Python interpreter that has moto: that of the moto_server on PATH, else the one in the directory, where moto is installed if
 * missing.
 * @throws a sentence that says what to install if that fails
 */
export async function pythonWithMoto(options: Omit<EmulatorOptions, 'endpoint'>): Promise<string> {
  return findMoto(options) ?? installMoto(options);
}

/** What the interpreter runs. */
const STARTER = fileURLToPath(new URL('./emulator.py', import.meta.url));

/**
 * Starts moto, and ends it when standard input closes, which it does when the parent process ends. Port 0 lets moto choose a free
 * port: a port that was found free before might be taken by another emulator in between.
 */
const GUARD = `exec 3<&0
"$1" "$2" -H 127.0.0.1 -p 0 </dev/null & moto=$!
{ cat <&3 >/dev/null; kill -KILL $moto; } 2>/dev/null &
wait $moto`;

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid) process.kill(-child.pid, signal);
  } catch {
    // The process has already ended.
  }
}

function findMoto({ directory, say }: Omit<EmulatorOptions, 'endpoint'>): string | undefined {
  for (const command of ['moto_server', join(directory, 'moto', 'bin', 'moto_server')]) {
    const [python, version] = interpreterOf(command);
    if (python === undefined || version === undefined) continue;
    if (isTested(version)) return python;
    say(`${command} is moto ${version}; Orgkeeper is tested with ${MOTO_RANGE}, so it installs its own.`);
  }
  return undefined;
}

/**
 * The interpreter of a moto_server, and the version of its moto; none if the command is missing. The first line of the command names
 * the interpreter, unless a version manager has put a script of its own in its place.
 */
function interpreterOf(command: string): readonly string[] {
  const path = command.includes('/') ? command : run('sh', ['-c', `command -v ${command}`]);
  if (!path || !existsSync(path)) return [];
  return run('sh', ['-c', INTERPRETER, 'interpreter', path])?.split('\n') ?? [];
}

const INTERPRETER = `python=$(sed -n '1s/^#![[:space:]]*//p' "$1")
case "$python" in *python*) ;; *) python=python3 ;; esac
ask='import sys; from importlib.metadata import version; found = version("moto"); print(sys.executable); print(found)'
$python -c "$ask" 2>/dev/null || python3 -c "$ask" 2>/dev/null`;

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
  return python;
}

/** Runs a command that ends with this process at the latest. Returns why it failed; undefined if it did not. */
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

/** The endpoint that moto prints, once it answers; undefined if moto ends or takes longer than a minute. */
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
