// `npm run bench:isolation`: what four bad accounts cost the other 96. In turns, the 96 are swept alone, and together with an
// account that denies every call, one that answers each call after 30 s, one whose region does not answer, and one whose desired
// state is invalid. The median of the ratios may be 1.1 at most; `npm run bench:isolation -- 24 3` takes fewer accounts and rounds.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlannedFault } from '../../local/gateway/faults.ts';
import { fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime } from '../kit/journey/runtime.ts';
import { until } from '../kit/wait.ts';
import { median } from './median.ts';

const [count = '96', rounds = '5'] = process.argv.slice(2);
const GOOD = Number(count);
const ROUNDS = Number(rounds);
const MOST = 1.1;

const runtime = await startTestRuntime();
const fleet = fleetOf(runtime);
let failed = false;
try {
  const ids = await onboard(GOOD + 4);
  const good = ids.slice(0, GOOD);
  const bad = ids.slice(GOOD);
  await makeInvalid(bad[3] ?? '');
  await sweep(good, good);
  const ratios: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const without = await sweep(good, good);
    await makeBad(bad);
    const beside = await sweep(ids, good);
    await requireBad();
    await runtime.clearFaults();
    await fleet.untilQuiet();
    ratios.push(beside / without);
    say(`round ${round}: ${without.toFixed(1)} s alone, ${beside.toFixed(1)} s beside the bad ones`);
  }
  const ratio = median(ratios);
  // A ratio that is not known is none that is kept.
  failed = !(ratio <= MOST);
  say(`${GOOD} accounts take ${ratio.toFixed(2)} times as long beside 4 bad ones; ${MOST} is allowed.`);
} finally {
  await runtime.stop();
}
process.exitCode = failed ? 1 : 0;

async function onboard(accounts: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < accounts; index += 1) ids.push(await fleet.createAccount(`member-${index}`));
  say(`${accounts} accounts are created`);
  for (let start = 0; start < ids.length; start += 10)
    await fleet.untilReady(...ids.slice(start, start + 10));
  return ids;
}

/** Gives the account a baseline that it cannot have: it names a value that the account has not. */
async function makeInvalid(accountId: string): Promise<void> {
  const file = join(tmpdir(), `orgkeeper-bench-${process.pid}.yaml`);
  const text = 'name: invalid\nparameters:\n  - name: /invalid\n    value: ${values.missing}\n';
  writeFileSync(file, text);
  await command('baseline', 'publish', file);
  await command('baseline', 'assign', 'invalid@1', accountId, '--yes');
  await fleet.untilQuiet();
}

async function command(...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await fleet.orgkeeper(...args);
  if (code !== 0) throw new Error(`orgkeeper ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
}

async function makeBad([denying, slow, silent]: readonly string[]): Promise<void> {
  const all = { caller: 'role', count: 'all' } as const;
  await runtime.fault({
    ...all,
    account: denying ?? '',
    effect: { kind: 'error', code: 'AccessDenied', message: 'denied', status: 403 },
  });
  await runtime.fault({ ...all, account: slow ?? '', effect: { kind: 'delay', milliseconds: 30_000 } });
  await runtime.fault({
    ...all,
    account: silent ?? '',
    region: runtime.region,
    effect: { kind: 'silence' },
  });
}

/** @throws if one of the bad accounts was not: the ratio would say nothing */
async function requireBad(): Promise<void> {
  const answer = await fetch(`${runtime.endpoint}/_orgkeeper/faults`);
  const { faults } = (await answer.json()) as { faults: readonly PlannedFault[] };
  const idle = faults.filter(({ applied }) => applied === 0).map(({ effect }) => effect.kind);
  if (faults.length !== 3 || idle.length > 0)
    throw new Error(`of ${faults.length} bad accounts these met no call: ${idle.join(', ')}`);
}

/** Sweeps accounts, and waits for these: seconds from the request until the last of their runs was over. */
async function sweep(swept: readonly string[], waitedFor: readonly string[]): Promise<number> {
  const began = Date.now();
  const eventId = await fleet.put('DriftSweepRequested', { accountIds: swept });
  const ends = await until(
    `${waitedFor.length} accounts are swept`,
    async () => {
      const statuses = await Promise.all(waitedFor.map((id) => fleet.status(id)));
      const runs = statuses.map((status) => status?.lastPass);
      if (runs.some((run) => run?.cause.id !== eventId)) return undefined;
      return runs.map((run) => Date.parse(run?.finishedAt ?? ''));
    },
    // To look all the time would keep the emulator from its work.
    { seconds: 300, everyMs: 2_000 },
  );
  return (Math.max(...ends) - began) / 1000;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
