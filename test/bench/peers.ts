// `npm run bench:peers`: a sweep beside other products that are on PATH and run at the local runtime. Each does the job of its own that
// comes nearest to a sweep, over the same accounts, by the same emulator and gateway, in turns. Afterwards somebody changes a VPC by hand, and
// the bench looks what each does about it. Orgkeeper needs none of them: without any, the bench says how they are installed, and ends.
// `npm run bench:peers -- 20 5` takes fewer accounts and more rounds.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, CreateStackSetCommand } from '@aws-sdk/client-cloudformation';
import {
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  EC2Client,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2';
import type { RecordedCall } from '../../local/gateway/recorder.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';
import { until } from '../kit/wait.ts';
import { cpuTime, cpuTimeOfEnded } from './cpu.ts';
import { median } from './median.ts';
import { custodian } from './peers/cloud-custodian.ts';
import { orgFormation } from './peers/org-formation.ts';
import { isOnPath, type Job, type Peer, runCommand } from './peers/peer.ts';

const [count = '50', rounds = '3'] = process.argv.slice(2);
const ACCOUNTS = Number(count);
const ROUNDS = Number(rounds);

/** What one run of a job took; calls for each account. */
interface Run {
  readonly seconds: number;
  /** Of a processor: its own, and that of emulator, gateway and functions. NaN where there is no /proc. */
  readonly processor: number;
  readonly callsInAccounts: number;
  readonly otherCalls: number;
}

const found = [orgFormation, custodian].filter(isInstalled);
if (found.length > 0) await compare(found);
else say('None is on PATH, so that nothing is measured.');

function isInstalled({ name, commands, install }: Peer): boolean {
  const missing = commands.filter((command) => !isOnPath(command));
  if (missing.length > 0) say(`${name}: ${missing.join(' and ')} not found on PATH; to install: ${install}`);
  return missing.length === 0;
}

async function compare(peers: readonly Peer[]): Promise<void> {
  // Loading AWS's managed policies takes the emulator a third of a second an account.
  process.env.MOTO_IAM_LOAD_MANAGED_POLICIES = 'false';
  // With these schedules the ticks, whose time passes faster there, are as rare beside a job as on AWS.
  const runtime = await startTestRuntime({
    context: { dueSchedule: 'rate(15 minutes)', listSchedule: 'rate(12 hours)' },
  });
  const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-peers-'));
  try {
    const fleet = fleetOf(runtime);
    const accounts = await onboard(fleet);
    const jobs = [sweep(runtime, fleet)];
    for (const peer of peers) jobs.push(...(await prepared(peer, runtime, accounts, folder)));
    say(await stackSets(runtime));
    const measured = new Map<Job, Run[]>(jobs.map((job) => [job, []]));
    // The first round only fills the caches.
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const [job, runs] of measured) {
        await fleet.untilQuiet();
        const run = await measure(job, runtime);
        if (round > 0) runs.push(run);
      }
    }
    const changes = new Map<Job, string>();
    for (const job of jobs) changes.set(job, await afterChange(job, runtime, accounts[0] ?? ''));
    report(measured, changes);
  } finally {
    await runtime.stop();
    rmSync(folder, { recursive: true });
  }
}

async function onboard(fleet: Fleet): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < ACCOUNTS; index += 1) ids.push(await fleet.createAccount(`member-${index}`));
  await fleet.untilManyReady(ids, 60 + 6 * ACCOUNTS);
  say(`${ACCOUNTS} accounts are ready`);
  return ids;
}

async function prepared(
  peer: Peer,
  runtime: TestRuntime,
  accounts: readonly string[],
  parent: string,
): Promise<readonly Job[]> {
  const folder = join(parent, peer.commands[0] ?? '');
  mkdirSync(folder);
  const { main, management } = runtime.accounts;
  const environment = runtime.environment(management);
  const version = await runCommand(peer.version, { folder, environment });
  say(`${peer.name} ${version.trim()} is on PATH`);
  return peer.prepare({ accounts, main, region: runtime.region, folder, environment });
}

/** Orgkeeper's own: a sweep of the whole fleet, until the last account's run is over. */
function sweep(runtime: TestRuntime, fleet: Fleet): Job {
  return {
    name: 'Orgkeeper, sweep',
    does: 'reads each account, compares it with its baseline, and corrects it',
    enters: true,
    cidr: '10.0.0.0/16',
    async run() {
      const eventId = await fleet.put('DriftSweepRequested', {});
      // The functions' log says it at no cost: asking for each status would cost the emulator time.
      const runs = () =>
        readFileSync(runtime.logFile, 'utf8')
          .split('\n')
          .filter((line) => line.includes(eventId) && line.includes('"pass"')).length;
      await until(`${ACCOUNTS} accounts are swept`, () => runs() >= ACCOUNTS || undefined, {
        ...{ seconds: 600, everyMs: 50, seen: runs },
      });
    },
  };
}

async function measure(job: Job, runtime: TestRuntime): Promise<Run> {
  await runtime.clearCalls();
  const before = processorTime();
  const began = performance.now();
  await job.run();
  const seconds = (performance.now() - began) / 1000;
  const processor = processorTime() - before;
  const calls = (await runtime.calls()).filter((call) => isOf(job, call, runtime));
  const inAccounts = calls.filter((call) => isInMember(call, runtime));
  const entered = new Set(inAccounts.map(({ account }) => account)).size;
  if (entered !== (job.enters ? ACCOUNTS : 0))
    throw new Error(`${job.name} called into ${entered} of ${ACCOUNTS} accounts`);
  return {
    seconds,
    processor,
    callsInAccounts: inAccounts.length / ACCOUNTS,
    otherCalls: (calls.length - inAccounts.length) / ACCOUNTS,
  };
}

function processorTime(): number {
  const running = cpuTime();
  if (running === undefined) return Number.NaN;
  return running.gateway + running.functions + running.emulator + (cpuTimeOfEnded() ?? Number.NaN);
}

/** Peers work as the administrator of the management account; of Main are only calls of Orgkeeper, and of those who wait for it. */
function isOf({ name }: Job, { account, principal }: RecordedCall, { accounts }: TestRuntime): boolean {
  return name.startsWith('Orgkeeper')
    ? !principal.endsWith(':user/administrator')
    : account !== accounts.main;
}

function isInMember({ account }: RecordedCall, { accounts }: TestRuntime): boolean {
  return ![accounts.main, accounts.management].includes(account);
}

/** Somebody switches off the DNS host names of the VPC that the job is about: what its next run does about that. */
async function afterChange(job: Job, runtime: TestRuntime, account: string): Promise<string> {
  const ec2 = new EC2Client(runtime.as(account));
  const { Vpcs = [] } = await ec2.send(
    new DescribeVpcsCommand({ Filters: [{ Name: 'cidr', Values: [job.cidr] }] }),
  );
  const VpcId = Vpcs[0]?.VpcId;
  const hostNames = (Value: boolean) =>
    ec2.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: { Value } }));
  if (job.names?.(account)) throw new Error(`${job.name} names a VPC that nobody has changed`);
  await hostNames(false);
  await job.run();
  const { EnableDnsHostnames } = await ec2.send(
    new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsHostnames' }),
  );
  await hostNames(true);
  if (EnableDnsHostnames?.Value) return 'corrected';
  return job.names?.(account) ? 'named' : 'not seen';
}

/** Why StackSets are not among the jobs. */
async function stackSets(runtime: TestRuntime): Promise<string> {
  const client = new CloudFormationClient({ ...runtime.as(runtime.accounts.management), maxAttempts: 1 });
  const TemplateBody = '{"Resources":{}}';
  const refused = await client
    .send(new CreateStackSetCommand({ StackSetName: 'baseline', TemplateBody }))
    .then(
      () => undefined,
      (error: Error) => error.message,
    );
  if (refused === undefined)
    throw new Error('StackSets run at the local runtime: they should be measured, too');
  return `CloudFormation StackSets do not run at the local runtime: ${refused}`;
}

function report(measured: ReadonlyMap<Job, readonly Run[]>, changes: ReadonlyMap<Job, string>): void {
  const load = loadavg()[0]?.toFixed(1);
  const [sweeps = []] = measured.values();
  say('');
  say(`${ACCOUNTS} accounts, median of ${ROUNDS} rounds, ${availableParallelism()} cores, load ${load}.`);
  say('');
  row('', 'seconds', 'processor s', 'calls inside', 'other calls', 'a changed VPC');
  for (const [job, runs] of measured) {
    const middle = (of: (run: Run) => number) => median(runs.map(of));
    const beside = (of: (run: Run) => number) => {
      const ratio = median(runs.map((run, round) => of(run) / of(sweeps[round] ?? run)));
      return `${middle(of).toFixed(1)} (${ratio.toFixed(1)} x)`;
    };
    row(
      job.name,
      beside(({ seconds }) => seconds),
      beside(({ processor }) => processor),
      middle(({ callsInAccounts }) => callsInAccounts).toFixed(1),
      middle(({ otherCalls }) => otherCalls).toFixed(1),
      changes.get(job) ?? '',
    );
    say(`    ${job.does}`);
  }
}

function row(name: string, ...cells: readonly string[]): void {
  say(`${name.padEnd(28)}${cells.map((cell) => cell.padStart(15)).join('')}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
