// `npm run bench:memory`: the most memory (RSS) that a new environment of each function takes with its first event; and that of reconcile
// with one large account, with ten of them in one invocation, and with one whose parameters are still to be made. Fails if any exceeds the function's memory setting.
// `npm run bench:memory -- 30 2` takes that many parameters and regions.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bundle, bundleFunctions } from '../../infra/build.ts';
import { MEGABYTES } from '../../infra/memory.ts';
import { FUNCTIONS, type FunctionName } from '../../shared/deployment/names.ts';
import { itemBytes } from '../../shared/store/item-size.ts';
import { aBaselineItem, aRecord } from '../kit/factories.ts';
import { type FakeRole, fakeAws } from '../kit/fake-aws.ts';
import { FIRST_EVENTS, workOf } from '../kit/first-events.ts';
import { invoke } from '../kit/invoke.ts';

const [parameterCount = '300', regionCount = '20'] = process.argv.slice(2);
const PARAMETERS = Array.from({ length: Number(parameterCount) }, (_, index) => ({
  name: `/bench/parameter-${index}`,
  value: `A value of a usual length, number ${index}.`,
}));
const REGIONS = [
  ...['eu-west-1', 'eu-west-2', 'eu-west-3', 'eu-central-1', 'eu-north-1', 'us-east-1', 'us-east-2'],
  ...[
    'us-west-1',
    'us-west-2',
    'ca-central-1',
    'sa-east-1',
    'ap-south-1',
    'ap-northeast-1',
    'ap-northeast-2',
  ],
  ...['ap-northeast-3', 'ap-southeast-1', 'ap-southeast-2', 'eu-south-1', 'me-south-1', 'af-south-1'],
].slice(0, Number(regionCount));
/** Five roles with ten policies each. */
const ROLES = Array.from({ length: 5 }, (_, index) => aRole(`role-${index}`));
const ACCOUNTS = Array.from({ length: 10 }, (_, index) => String(100_000_000_000 + index));

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
mkdirSync(dist, { recursive: true });
const folder = mkdtempSync(join(dist, 'memory-'));
const aws = await fakeAws({ parameters: PARAMETERS, roles: ROLES });
let failed = false;
try {
  const bundles = await bundleFunctions(folder);
  say(['', 'at start', 'most', 'of']);
  for (const name of FUNCTIONS) {
    aws.table.clear();
    aws.table.put(aBaselineItem());
    await measure(name, { bundles, as: name, event: FIRST_EVENTS[name] ?? {} });
  }
  const size = `${PARAMETERS.length} parameters in each of ${REGIONS.length} regions and 50 policies`;
  const one = ACCOUNTS.slice(0, 1);
  for (const accounts of [one, ACCOUNTS]) {
    aws.table.clear();
    aws.table.put(baseline(), ...accounts.map(record));
    const as = `reconcile: ${accounts.length === 1 ? 'one account' : `${accounts.length} accounts`} with ${size}`;
    await measure('reconcile', { bundles, as, event: workOf(accounts) });
    for (const account of accounts) requireReady(account);
  }
  aws.table.clear();
  aws.table.put(baseline(), ...one.map(record));
  aws.emptyParameters();
  const as = `reconcile: one account in which ${PARAMETERS.length * REGIONS.length} parameters are made`;
  await measure('reconcile', { bundles, as, event: workOf(one) });
  for (const account of one) requireReady(account);
  const kilobytes = Math.round(itemBytes(statusOf(ACCOUNTS[0] ?? '') ?? {}) / 1024);
  say([
    `The item with the status of such an account has ${kilobytes} KB, of the 400 KB that DynamoDB allows.`,
  ]);
} finally {
  await aws.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

async function measure(
  name: FunctionName,
  { bundles, as, event }: { bundles: readonly Bundle[]; as: string; event: object },
): Promise<void> {
  const { directory = '' } = bundles.find((one) => one.name === name) ?? {};
  const most = MEGABYTES[name];
  const took = await invoke(aws.endpoint, { file: join(directory, 'index.mjs'), event, megabytes: most });
  failed ||= took.megabytes > most;
  say([as, ...[took.megabytesAtStart, took.megabytes, most].map((each) => `${Math.round(each)} MB`)]);
}

/** @throws if the run did not find the account as its baseline wants it: its memory would say nothing */
function requireReady(accountId: string): void {
  const status = statusOf(accountId);
  if (status?.ready !== true)
    throw new Error(`${accountId} is not ready: ${JSON.stringify(status?.conditions)}`);
}

function statusOf(accountId: string) {
  return aws.table.item({ pk: `account#${accountId}`, sk: 'status' });
}

function baseline() {
  const sections = {
    parameters: PARAMETERS.map((one) => ({ ...one, description: 'Of the bench' })),
    roles: Object.fromEntries(
      ROLES.map(({ key, trust, policies }) => [key, { trustPolicy: trust, inlinePolicies: policies }]),
    ),
  };
  return { ...aBaselineItem(), sections };
}

function record(accountId: string) {
  const status = aRecord({ accountId, regions: REGIONS as [string, ...string[]] });
  return { pk: `account#${accountId}`, sk: 'desired', ...status };
}

function aRole(name: string): FakeRole {
  const policy = (index: number) => ({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:ListBucket', 's3:GetBucketLocation', 'kms:Decrypt', 'glue:GetTable'],
        Resource: Array.from({ length: 8 }, (_, at) => `arn:aws:s3:::${name}-data-of-team-${index}-${at}/*`),
      },
    ],
  });
  return {
    ...{ name, key: name },
    trust: {
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
    },
    policies: Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`policy-${index}`, policy(index)]),
    ),
  };
}

function say([name = '', ...cells]: readonly string[]): void {
  process.stdout.write(`${name.padEnd(90)}${cells.map((cell) => cell.padStart(10)).join('')}\n`);
}
