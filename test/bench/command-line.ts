// `npm run bench:command-line`: commands that read a fleet of 10,000 accounts, beside a bare client that reads the same: the time to the
// first row and to the end, and the peak of memory. `npm run bench:command-line -- storm` makes the report on a fleet in which every account
// differed on each of the last thirty days.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startLargeFleet } from './large-fleet.ts';
import { median } from './median.ts';

const ACCOUNTS = 10_000;
/** What `accounts` promises for its first row. */
const FIRST_ROW_SECONDS = 2;
const isStorm = process.argv.includes('storm');
const ROUNDS = isStorm ? 1 : 7;
const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const orgkeeper = file('../../cli/bin.mjs');
const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-bench-'));
const page = join(folder, 'report.html');

const BARE = 'a bare client';
const programs: Readonly<Record<string, readonly string[]>> = isStorm
  ? { [BARE]: [file('scan-alone.mjs')], 'report --output FILE': [orgkeeper, 'report', '--output', page] }
  : {
      [BARE]: [file('scan-alone.mjs')],
      accounts: [orgkeeper, 'accounts'],
      'accounts --output json': [orgkeeper, 'accounts', '--output', 'json'],
      'accounts --reason InUse': [orgkeeper, 'accounts', '--reason', 'InUse'],
      'accounts --drifted': [orgkeeper, 'accounts', '--drifted'],
      'history --limit 100': [orgkeeper, 'history', '--limit', '100'],
      'report --output FILE': [orgkeeper, 'report', '--output', page],
    };

/** Writes the peak of the process's memory, in KB, into its fourth stream. */
const PEAK = `data:text/javascript,${encodeURIComponent(
  "import { writeSync } from 'node:fs'; process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)));",
)}`;

interface Measured {
  /** Seconds until stdout has something beside a header; those until the end if it never has. */
  readonly first: number;
  readonly seconds: number;
  readonly megabytes: number;
}

const fleet = await startLargeFleet({
  accounts: ACCOUNTS,
  differing: 100,
  linesADay: isStorm ? ACCOUNTS : 200,
});
const env = {
  ...process.env,
  AWS_ENDPOINT_URL: fleet.endpoint,
  AWS_REGION: fleet.region,
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
};

async function measure(args: readonly string[]): Promise<Measured> {
  const start = process.hrtime.bigint();
  const since = () => Number(process.hrtime.bigint() - start) / 1e9;
  const child = spawn(process.execPath, ['--import', PEAK, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let [first, said, peak] = [undefined as number | undefined, '', ''];
  child.stdout?.on('data', (chunk: Buffer) => {
    if (first === undefined && /\d{12}/.test(chunk.toString('latin1'))) first = since();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  child.stdio[3]?.on('data', (chunk: Buffer) => {
    peak += chunk;
  });
  const code = await new Promise((done) => child.once('close', done));
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${said}`);
  return { first: first ?? since(), seconds: since(), megabytes: Number(peak) / 1024 };
}

/** Round by round, so that what else the machine does meets all of them alike; the first round only fills the cache. */
const rounds: Record<string, Measured>[] = [];
for (let round = 0; round <= ROUNDS; round += 1) {
  const measured: Record<string, Measured> = {};
  for (const [name, args] of Object.entries(programs)) measured[name] = await measure(args);
  if (round > 0) rounds.push(measured);
}
fleet.stop();
rmSync(folder, { recursive: true });

const of = (name: string, what: keyof Measured) =>
  median(rounds.map((round) => round[name]?.[what] ?? Number.NaN));
const ratio = (name: string, what: keyof Measured) =>
  median(rounds.map((round) => (round[name]?.[what] ?? Number.NaN) / (round[BARE]?.[what] ?? Number.NaN)));
process.stdout.write(`${ACCOUNTS} accounts, median of ${ROUNDS} interleaved runs, × ${BARE}:\n`);
process.stdout.write(
  `${''.padEnd(26)}${['first row', 'whole', 'peak memory'].map((head) => head.padStart(18)).join('')}\n`,
);
for (const name of Object.keys(programs)) {
  const cell = (what: keyof Measured, unit: string, digits: number) =>
    `${of(name, what).toFixed(digits)} ${unit} ${ratio(name, what).toFixed(2)} ×`.padStart(18);
  process.stdout.write(
    `${name.padEnd(26)}${cell('first', 's', 2)}${cell('seconds', 's', 1)}${cell('megabytes', 'MB', 0)}\n`,
  );
}
if (!isStorm && of('accounts', 'first') > FIRST_ROW_SECONDS) {
  process.stdout.write(`The first row of \`accounts\` took more than ${FIRST_ROW_SECONDS} s.\n`);
  process.exitCode = 1;
}
