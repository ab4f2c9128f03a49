// `npm run bench:floor`: what a sweep costs beside a script that somebody writes by hand (bare-script.ts): the same reads of the same
// accounts by the same emulator and gateway, as many accounts at once, in as many threads, in turns. A sweep may take at most 1.25
// times its time and 1.5 times its processor time, in the median. `npm run bench:floor -- 20 3` takes fewer accounts and rounds.
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { localAccessKeyId } from '../../local/gateway/callers.ts';
import type { RecordedCall } from '../../local/gateway/recorder.ts';
import { fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime } from '../kit/journey/runtime.ts';
import { until } from '../kit/wait.ts';
import type { ScriptedAccount, ScriptStart, Session } from './bare-script.ts';
import { type CpuTime, cpuTime } from './cpu.ts';
import { median } from './median.ts';

const [count = '200', rounds = '5'] = process.argv.slice(2);
const ACCOUNTS = Number(count);
const ROUNDS = Number(rounds);
const MOST = { wall: 1.25, cpu: 1.5 };
/** As many threads as the local runtime has environments of a function, each with as many accounts as an invocation. */
const THREADS = 8;
const ACCOUNTS_A_THREAD = 10;

/** What one sweep took, in seconds, and its calls through the gateway. */
interface Sweep {
  readonly wall: number;
  readonly cpu: CpuTime | undefined;
  readonly calls: readonly RecordedCall[];
}

// Loading AWS's managed policies takes the emulator a third of a second an account.
process.env.MOTO_IAM_LOAD_MANAGED_POLICIES = 'false';
// A minute passes in a second there, and an hour in ten: with these schedules the ticks are as rare beside a sweep as on AWS.
const runtime = await startTestRuntime({
  context: { dueSchedule: 'rate(15 minutes)', listSchedule: 'rate(12 hours)' },
});
const fleet = fleetOf(runtime);
const script = startScript();
try {
  const accounts = await onboard();
  // Fills the caches of both, and makes the sessions.
  await sweepByOrgkeeper();
  await sweepByScript(accounts, new Set(accounts.map(({ id }) => id)));
  const sweeps: { readonly orgkeeper: Sweep; readonly script: Sweep }[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const orgkeeper = await sweepByOrgkeeper();
    const byScript = await sweepByScript(accounts, enteredBy(orgkeeper));
    compareReads(orgkeeper, byScript);
    sweeps.push({ orgkeeper, script: byScript });
    say(`round ${round}: ${seconds(orgkeeper)} by Orgkeeper, ${seconds(byScript)} by the script`);
  }
  report(sweeps);
} finally {
  await script.stop();
  await runtime.stop();
}

/** The accounts of the fleet, as the script knows them. */
async function onboard(): Promise<Omit<ScriptedAccount, 'session'>[]> {
  const ids: string[] = [];
  for (let index = 0; index < ACCOUNTS; index += 1) ids.push(await fleet.createAccount(`member-${index}`));
  say(`${ACCOUNTS} accounts are created`);
  await fleet.untilManyReady(ids, 60 + 6 * ACCOUNTS);
  await fleet.untilQuiet();
  return Promise.all(
    ids.map(async (id) => {
      const { outputs } = await fleet.view(id);
      return {
        id,
        vpcId: outputs['vpc.id'] ?? '',
        roleName: outputs['role.arn']?.split('/').at(-1) ?? '',
        policyName: 'analytics',
        parameters: Object.keys(outputs)
          .filter((key) => key.startsWith('parameter.'))
          .map((key) => key.slice('parameter.'.length)),
      };
    }),
  );
}

/** A sweep of the whole fleet, as the schedule requests it each night. */
async function sweepByOrgkeeper(): Promise<Sweep> {
  await fleet.untilQuiet();
  const logged = followLog();
  try {
    return await measured(async () => {
      const eventId = await fleet.put('DriftSweepRequested', {});
      let runs = 0;
      await until(
        `${ACCOUNTS} accounts are swept`,
        () => {
          for (const line of logged.more()) if (line.includes(eventId) && line.includes('"pass"')) runs += 1;
          return runs >= ACCOUNTS || undefined;
        },
        { seconds: 600, everyMs: 20, seen: () => runs },
      );
    });
  } finally {
    logged.close();
  }
}

/** The same by the script, which assumes the role of these accounts, and has the sessions of the others from before. */
async function sweepByScript(
  accounts: readonly Omit<ScriptedAccount, 'session'>[],
  enters: ReadonlySet<string>,
): Promise<Sweep> {
  await fleet.untilQuiet();
  return measured(() => script.sweep(accounts, enters));
}

/**
 * The accounts whose role was assumed: an environment of Orgkeeper has some sessions from the sweep before. Not Management, whose
 * role the sweep assumes to list the organization, and the script has no use for.
 */
function enteredBy({ calls }: Pick<Sweep, 'calls'>): ReadonlySet<string> {
  const { main, management } = runtime.accounts;
  const assumed = calls.filter(({ action }) => action === 'AssumeRole');
  const entered = assumed.map(({ params }) => String(params.RoleArn).split(':')[4] ?? '');
  return new Set(entered.filter((account) => ![main, management].includes(account)));
}

async function measured(work: () => Promise<void>): Promise<Sweep> {
  await runtime.clearCalls();
  const before = cpuTime();
  const began = performance.now();
  await work();
  const wall = (performance.now() - began) / 1000;
  const cpu = before && minus(cpuTime() ?? before, before);
  return { wall, cpu, calls: await runtime.calls() };
}

/** The script, in as many threads as Orgkeeper's function has environments. */
function startScript() {
  const start: ScriptStart = {
    endpoint: runtime.endpoint,
    region: runtime.region,
    credentials: { accessKeyId: localAccessKeyId(runtime.accounts.management), secretAccessKey: 'local' },
  };
  const file = fileURLToPath(new URL('bare-script.ts', import.meta.url));
  const threads = Array.from({ length: THREADS }, () => new Worker(file, { workerData: start }));
  const sessions = new Map<string, Session>();

  function sweepPart(thread: Worker, part: readonly ScriptedAccount[]): Promise<Session[]> {
    return new Promise((resolve, reject) => {
      thread.once('error', reject);
      thread.once('message', (made: Session[]) => {
        thread.off('error', reject);
        resolve(made);
      });
      thread.postMessage(part);
    });
  }

  return {
    async sweep(accounts: readonly Omit<ScriptedAccount, 'session'>[], enters: ReadonlySet<string>) {
      const open = accounts.map((one) => ({
        ...one,
        session: enters.has(one.id) ? undefined : sessions.get(one.id),
      }));
      const work = async (thread: Worker) => {
        for (
          let part = open.splice(0, ACCOUNTS_A_THREAD);
          part.length > 0;
          part = open.splice(0, ACCOUNTS_A_THREAD)
        ) {
          const made = await sweepPart(thread, part);
          for (const [index, { id }] of part.entries()) {
            const session = made[index];
            if (session) sessions.set(id, session);
          }
        }
      };
      await Promise.all(threads.map(work));
    },
    stop: async () => void (await Promise.all(threads.map((thread) => thread.terminate()))),
  };
}

/** The lines of the functions' log from here on: asking for each status would cost the emulator time. */
function followLog() {
  const file = openSync(runtime.logFile, 'r');
  let position = statSync(runtime.logFile).size;
  let rest = '';
  return {
    more(): string[] {
      const buffer = Buffer.alloc(1 << 20);
      const read = readSync(file, buffer, 0, buffer.length, position);
      position += read;
      const lines = `${rest}${buffer.toString('utf8', 0, read)}`.split('\n');
      rest = lines.pop() ?? '';
      return lines;
    },
    close: () => closeSync(file),
  };
}

/** The script is no floor if it does not make the same calls into the accounts. */
function compareReads(orgkeeper: Sweep, byScript: Sweep): void {
  const [made, scripted] = [readsOf(orgkeeper), readsOf(byScript)];
  if (JSON.stringify(made) === JSON.stringify(scripted)) return;
  throw new Error(
    `The script makes other calls than a sweep: ${JSON.stringify({ orgkeeper: made, script: scripted })}`,
  );
}

/** The calls into the accounts, and how often; a role that is assumed again, since an answer was late, counts once. */
function readsOf({ calls }: Sweep): Record<string, number> {
  const { main, management } = runtime.accounts;
  const names = calls
    .filter(({ account, action }) => ![main, management].includes(account) && action !== 'AssumeRole')
    .map(({ service, action }) => `${service} ${action}`);
  const counts = Object.entries(Object.groupBy(names, (name) => name)).map(
    ([name, all = []]): [string, number] => [name, all.length],
  );
  return Object.fromEntries([
    ...counts.sort(([a], [b]) => a.localeCompare(b)),
    ['accounts entered', enteredBy({ calls }).size],
  ]);
}

function report(sweeps: readonly { readonly orgkeeper: Sweep; readonly script: Sweep }[]): void {
  const wall = median(sweeps.map(({ orgkeeper, script: by }) => orgkeeper.wall / by.wall));
  const cpu = median(sweeps.map(({ orgkeeper, script: by }) => totalOf(orgkeeper.cpu) / totalOf(by.cpu)));
  const load = loadavg()[0]?.toFixed(1);
  say('');
  say(
    `${ACCOUNTS} accounts, ${ROUNDS} rounds, ${availableParallelism()} cores, load ${load}. Each account, in the median:`,
  );
  say('');
  printParts(sweeps);
  say('');
  printCalls(sweeps);
  say('');
  const verdict = (ratio: number, most: number) => `${ratio.toFixed(2)} times (${most} is allowed)`;
  say(
    `A sweep takes ${verdict(wall, MOST.wall)} the time of the script, ${verdict(cpu, MOST.cpu)} its processor time.`,
  );
  if (Number.isNaN(cpu)) say('The processor time is only known on Linux.');
  process.exitCode = wall > MOST.wall || cpu > MOST.cpu ? 1 : 0;
}

/** Where the processor time goes, and how long the cores did nothing for either. */
function printParts(sweeps: readonly { readonly orgkeeper: Sweep; readonly script: Sweep }[]): void {
  const idle = ({ wall, cpu }: Sweep) => wall * availableParallelism() - totalOf(cpu);
  const parts: [string, (sweep: Sweep) => number][] = [
    ['emulator', ({ cpu }) => cpu?.emulator ?? Number.NaN],
    ['gateway', ({ cpu }) => cpu?.gateway ?? Number.NaN],
    ["handlers, or the script's own", ({ cpu }) => (cpu ? cpu.functions + cpu.own : Number.NaN)],
    ['idle', idle],
    ['wall', ({ wall }) => wall],
  ];
  row('ms', 'Orgkeeper', 'script');
  for (const [name, of] of parts) {
    const each = (sweep: Sweep) => (1000 * of(sweep)) / ACCOUNTS;
    row(
      name,
      median(sweeps.map(({ orgkeeper }) => each(orgkeeper))).toFixed(1),
      median(sweeps.map(({ script: by }) => each(by))).toFixed(1),
    );
  }
}

/** The calls through the gateway, without those of the mappings, which poll and delete beside it. */
function printCalls(sweeps: readonly { readonly orgkeeper: Sweep; readonly script: Sweep }[]): void {
  const { main, management } = runtime.accounts;
  const inMember = ({ account }: RecordedCall) => ![main, management].includes(account);
  const groups: [string, (call: RecordedCall) => boolean][] = [
    ['reads of the account', inMember],
    ['entering', ({ service }) => service === 'sts'],
    ['table', ({ service }) => service === 'dynamodb'],
    ['queue', ({ service }) => service === 'sqs'],
    ['bus', ({ service }) => service === 'events'],
    ['organization', ({ service }) => service === 'organizations'],
  ];
  row('calls (ms each)', 'Orgkeeper', 'script');
  for (const [name, fits] of groups) {
    const each = (all: readonly Sweep[]) => {
      const calls = all.flatMap((sweep) => sweep.calls.filter(fits));
      const milliseconds = calls.reduce((sum, call) => sum + call.milliseconds, 0) / (calls.length || 1);
      return `${(calls.length / all.length / ACCOUNTS).toFixed(2)} (${milliseconds.toFixed(0)})`;
    };
    row(name, each(sweeps.map(({ orgkeeper }) => orgkeeper)), each(sweeps.map(({ script: by }) => by)));
  }
}

function totalOf(cpu: CpuTime | undefined): number {
  return cpu ? Object.values(cpu).reduce((sum: number, part: number) => sum + part, 0) : Number.NaN;
}

function minus(after: CpuTime, before: CpuTime): CpuTime {
  return {
    own: after.own - before.own,
    gateway: after.gateway - before.gateway,
    functions: after.functions - before.functions,
    emulator: after.emulator - before.emulator,
  };
}

function row(name: string, ...cells: readonly string[]): void {
  say(`${name.padEnd(32)}${cells.map((cell) => cell.padStart(16)).join('')}`);
}

function seconds({ wall, cpu }: Sweep): string {
  return `${wall.toFixed(1)} s${cpu ? ` and ${totalOf(cpu).toFixed(1)} s of processor time` : ''}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
