// `npm run bench:scale`: the real functions over a simulated AWS (test/simulation), for fleets of 100, 1,000 and 10,000 accounts.
// `npm run bench:scale -- 1000` simulates the storms for so many accounts (10,000 if absent), and sweeps up to that size; a second
// argument takes only the scenarios whose names contain it. While a region is down, an account makes three hundred calls: these storms are
// of a thousand accounts at most.
import { performance } from 'node:perf_hooks';
import {
  appearedAtOnce,
  driftedWithBrake,
  driftedWithoutBrake,
  healthySweep,
  type Outcome,
  regionDown,
  regionOfIamDown,
  requestedAtOnce,
  type Scenario,
  type ScenarioSetup,
  slowSts,
  THREE_REGIONS,
} from '../simulation/scenarios.ts';

const [most = '10000', only = ''] = process.argv.slice(2);
const accounts = Number(most);
const sizes = [100, 1_000, 10_000].filter((size) => size <= accounts);

const plan: readonly (readonly [name: string, scenario: Scenario, setup: ScenarioSetup])[] = [
  ...sizes.map((size) => ['sweep', healthySweep, { accounts: size }] as const),
  ...sizes.map(
    (size) => ['sweep, three regions', healthySweep, { accounts: size, regions: THREE_REGIONS }] as const,
  ),
  ['sweep, maximumConcurrency 70', healthySweep, { accounts, maximumConcurrency: 70 }],
  [
    'sweep, three regions, maximumConcurrency 150',
    healthySweep,
    { accounts, regions: THREE_REGIONS, maximumConcurrency: 150 },
  ],
  ['sweep, maximumConcurrency 200', healthySweep, { accounts, maximumConcurrency: 200 }],
  ['sweep, a whole processor', healthySweep, { accounts, reconcileMegabytes: 1_769 }],
  ['sweep, the mapping grows', healthySweep, { accounts, mappingGrows: true }],
  [
    'sweep, the mapping grows, a whole processor',
    healthySweep,
    { accounts, mappingGrows: true, reconcileMegabytes: 1_769 },
  ],
  ['STS at a tenth of its rate', slowSts, { accounts }],
  ['all changed by hand, the brake stops the sweep', driftedWithBrake, { accounts }],
  ['all changed by hand, without a brake', driftedWithoutBrake, { accounts }],
  ['a region down for 20 minutes', regionDown, { accounts: Math.min(1_000, accounts) }],
  [
    'us-east-1 down for 20 minutes, and with it IAM and Organizations',
    regionOfIamDown,
    { accounts: Math.min(1_000, accounts) },
  ],
  ['500 accounts appear at once', appearedAtOnce, { accounts: Math.min(500, accounts) }],
  ['500 accounts are requested at once', requestedAtOnce, { accounts: Math.min(500, accounts) }],
];

// Errors are made by the hundred thousand, and nobody reads where.
Error.stackTraceLimit = 0;
// Metrics of the functions are lines of the log.
console.log = () => undefined;
const say = (text: string) => void process.stdout.write(`${text}\n`);

let isWell = true;
for (const [name, scenario, setup] of plan.filter(([name]) => name.includes(only))) {
  process.stderr.write(`${name}, ${setup.accounts} accounts …\n`);
  const began = performance.now();
  const outcome = await scenario(setup);
  isWell &&= outcome.faults.length === 0 && outcome.seconds !== undefined;
  report(name, outcome, (performance.now() - began) / 1000);
}
process.exitCode = isWell ? 0 : 1;

function report(name: string, outcome: Outcome, tookSeconds: number): void {
  const { seconds, secondsToSend, callsAnAccount, writeUnitsAnAccount, throttled, atOnce, faults } = outcome;
  const { secondsOfRunsAnAccount, unanswered, errors, notes } = outcome;
  say(
    `${name}: ${outcome.accounts} accounts, ${outcome.regions} ${outcome.regions === 1 ? 'region' : 'regions'}`,
  );
  say(
    `  ${seconds?.toFixed(1) ?? 'did not end'} s; the last run was requested after ${secondsToSend.toFixed(1)} s`,
  );
  say(`  ${callsAnAccount.toFixed(1)} calls and ${writeUnitsAnAccount.toFixed(1)} write units an account`);
  say(
    `  ${atOnce} invocations of reconcile at once; of all, ${secondsOfRunsAnAccount.toFixed(2)} s an account`,
  );
  for (const [limit, times] of Object.entries(throttled)) say(`  refused ${times} times: ${limit}`);
  if (unanswered > 0) say(`  without an answer: ${unanswered}`);
  if (errors > 0) say(`  errors logged, and tried again: ${errors}`);
  for (const [note, value] of Object.entries(notes)) say(`  ${note}: ${Number(value.toFixed(1))}`);
  for (const fault of faults) say(`  FAULT: ${fault}`);
  say(`  simulated in ${tookSeconds.toFixed(0)} s`);
}
