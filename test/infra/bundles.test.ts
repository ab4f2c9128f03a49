import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Bundle, bundleFunctions, filesAtStart, sizes } from '../../infra/build.ts';
import { readContext } from '../../infra/context.ts';
import { FUNCTIONS } from '../../shared/deployment/names.ts';
import { permissions } from '../../shared/deployment/permissions.ts';
import { aBaselineItem, aRecord, MEMBER } from '../kit/factories.ts';
import { fakeAws } from '../kit/fake-aws.ts';
import { FIRST_EVENTS } from '../kit/first-events.ts';
import { invoke } from '../kit/invoke.ts';
import { aMessage, batch } from '../kit/lambda.ts';
import { CONTEXT, only, templates, text } from './support.ts';

// Synthesising takes its time on a busy machine.
jest.setTimeout(60_000);

/** Services that a function calls in Main or, through the organization role, in the management account. */
const SERVICES = ['dynamodb', 'events', 'organizations', 'sqs'];
/** Parts of DynamoDB's libraries that come along with every one of its commands. */
const COME_ALONG = ['dynamodb:Scan', 'dynamodb:Query', 'dynamodb:DescribeEndpoints'];
/** Lambda itself makes these calls, by the function's role; reconcile deletes messages itself, too. */
const BY_LAMBDA = ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'];
/** Calls whose permission has another name. Transactions of ours put; those of some functions do more. */
const PERMISSION: Record<string, string[]> = {
  'sqs:SendMessageBatch': ['sqs:SendMessage'],
  'sqs:ChangeMessageVisibilityBatch': ['sqs:ChangeMessageVisibility'],
  'sqs:DeleteMessageBatch': [],
  'dynamodb:TransactWriteItems': ['dynamodb:PutItem'],
  'intake dynamodb:TransactWriteItems': ['dynamodb:ConditionCheckItem', 'dynamodb:PutItem'],
  'sweep dynamodb:TransactWriteItems': [
    'dynamodb:ConditionCheckItem',
    'dynamodb:DeleteItem',
    'dynamodb:PutItem',
  ],
  'create-account dynamodb:TransactWriteItems': ['dynamodb:ConditionCheckItem', 'dynamodb:PutItem'],
  // Bundled with the other reads of the organization; only sweep lists.
  'create-account organizations:ListAccounts': [],
  'reconcile dynamodb:TransactWriteItems': [
    'dynamodb:ConditionCheckItem',
    'dynamodb:DeleteItem',
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
  ],
  // It tags the account that it creates.
  'organizations:CreateAccount': ['organizations:CreateAccount', 'organizations:TagResource'],
};

/** What a function may load at its start, in kB of 1,024 bytes. */
const KILOBYTES_AT_START: Record<(typeof FUNCTIONS)[number], number> = {
  intake: 350,
  sweep: 390,
  'create-account': 365,
  reconcile: 665,
  review: 580,
};

let bundles: Bundle[];
const config = text(only(templates().orgkeeper, 'AWS::SSM::Parameter').Value);

beforeAll(async () => {
  bundles = await bundleFunctions(mkdtempSync(path.join(tmpdir(), 'orgkeeper-bundles-')));
});

/** The SDK commands that ended up in a bundle, as permissions. */
function calls({ name, metafile }: Bundle): string[] {
  const files = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const found = files.flatMap(([file, { bytesInOutput }]) => {
    const [, client = '', command] = /client-([\w-]+)\/.*\/commands\/(\w+)Command\.js$/.exec(file) ?? [];
    const service = client === 'eventbridge' ? 'events' : client;
    const call = `${service}:${command}`;
    return bytesInOutput > 0 && SERVICES.includes(service) ? permissionsFor(name, call) : [];
  });
  return [...new Set(found)].filter((call) => !COME_ALONG.includes(call)).sort();
}

function permissionsFor(name: string, call: string): string[] {
  return PERMISSION[`${name} ${call}`] ?? PERMISSION[call] ?? [call];
}

describe('the bundles', () => {
  test('are one for each function of the main stack', () => {
    expect(bundles.map(({ name }) => name).sort()).toEqual([...FUNCTIONS].sort());
  });

  test.each(FUNCTIONS)('%s loads by itself, outside of this checkout, and has a handler', (name) => {
    const door = path.join(bundles.find((bundle) => bundle.name === name)?.directory ?? '', 'index.mjs');
    const script = `console.log(typeof (await import(${JSON.stringify(door)})).handler)`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: tmpdir(),
      encoding: 'utf8',
      env: { AWS_REGION: 'eu-west-1', ORGKEEPER_CONFIG: config },
    });
    expect({ stdout, stderr }).toEqual({ stdout: 'function\n', stderr: '' });
  });

  test('contain only what is used of zod: no language but English', () => {
    for (const { name, metafile } of bundles) {
      const languages = Object.values(metafile.outputs)
        .flatMap(({ inputs }) => Object.entries(inputs))
        .filter(([file, { bytesInOutput }]) => /zod\/v4\/locales\/\w+\.js$/.test(file) && bytesInOutput > 0);
      expect([name, languages.map(([file]) => path.basename(file))]).toEqual([name, ['en.js']]);
    }
  });

  test.each(FUNCTIONS)('%s loads no more at its start than its limit', (name) => {
    const bundle = bundles.find((one) => one.name === name);
    const { entryBytes } = sizes((bundle as Bundle).metafile);
    expect(Math.ceil(entryBytes / 1024)).toBeLessThanOrEqual(KILOBYTES_AT_START[name]);
  });

  test('load no client at their start but that of DynamoDB', () => {
    for (const { name, metafile } of bundles) {
      const inputs = [...filesAtStart(metafile)].flatMap((file) =>
        Object.entries(metafile.outputs[file]?.inputs ?? {}),
      );
      const clients = inputs.flatMap(([file, { bytesInOutput }]) => {
        const [, client] = /node_modules\/@aws-sdk\/(client-[\w-]+)\//.exec(file) ?? [];
        return client && bytesInOutput > 0 ? [client] : [];
      });
      expect([name, ...new Set(clients)]).toEqual([name, 'client-dynamodb']);
    }
  });

  test('load nothing of Node that nobody uses, such as fetch, which an import of node:http brings', () => {
    for (const { name, directory } of bundles) {
      const bundle = JSON.stringify(pathToFileURL(path.join(directory, 'index.mjs')).href);
      const print = `process.stdout.write(process.moduleLoadList.filter((one) => /undici|_http_client/.test(one)).join())`;
      const { stdout } = spawnSync(
        process.execPath,
        ['--input-type=module', '--eval', `await import(${bundle}); ${print}`],
        { encoding: 'utf8', env: { ORGKEEPER_CONFIG: config, AWS_REGION: 'eu-west-1' } },
      );
      expect([name, stdout]).toEqual([name, 'NativeModule _http_client']);
    }
  });

  test('an account whose baseline has parameters only is run without EC2, IAM, EMR and S3 being loaded', async () => {
    const parameter = { name: '/bench/one', value: 'a value' };
    const aws = await fakeAws({ parameters: [parameter], roles: [] });
    try {
      const section = [{ ...parameter, description: 'Of the bench' }];
      aws.table.put({ ...aBaselineItem(), sections: { parameters: section } });
      aws.table.put({ pk: `account#${MEMBER}`, sk: 'desired', ...aRecord() });
      const { directory } = bundles.find(({ name }) => name === 'reconcile') ?? { directory: '' };
      const file = path.join(directory, 'index.mjs');
      const event = FIRST_EVENTS.reconcile ?? {};
      const { files } = await invoke(aws.endpoint, { file, event, listFiles: true });
      const clients = files.flatMap((url) => /(client-[\w-]+)-\w+\.mjs$/.exec(url)?.[1] ?? []);
      expect(new Set(aws.calls)).toContain('ssm:GetParameters');
      // Those of the account, and what entering it, the message and the announcement need.
      expect(clients.sort()).toEqual([
        'client-eventbridge',
        'client-resource-groups-tagging-api',
        'client-sqs',
        'client-ssm',
        'client-sts',
      ]);
    } finally {
      await aws.stop();
    }
  });

  test('the page of the fleet is made by what lies in the bundle of sweep, which loads it for this task only', async () => {
    const aws = await fakeAws({ parameters: [], roles: [] });
    try {
      const { directory } = bundles.find(({ name }) => name === 'sweep') ?? { directory: '' };
      const start = { file: path.join(directory, 'index.mjs'), listFiles: true };
      const loads = async (task: object) => {
        const { files } = await invoke(aws.endpoint, { ...start, event: batch(aMessage(task)) });
        return files.filter((url) => /(client-s3|nightly)-[\w-]+\.mjs$/.test(url)).length;
      };
      expect(await loads({ task: 'due' })).toBe(0);
      expect(await loads({ task: 'page', day: '2026-11-20' })).toBe(2);
      expect(aws.calls.filter((call) => call === 's3:PUT')).toHaveLength(1);
    } finally {
      await aws.stop();
    }
  });

  test('have each service that kinds call in a file of its own, loaded lazily', () => {
    const { outputs } = bundles.find(({ name }) => name === 'reconcile')?.metafile ?? { outputs: {} };
    const lazy = Object.keys(outputs).flatMap((file) => /(client-[\w-]+)-\w+\.mjs$/.exec(file)?.[1] ?? []);
    expect(lazy).toEqual(
      expect.arrayContaining([
        'client-ec2',
        'client-emr',
        'client-iam',
        'client-s3',
        'client-s3-control',
        'client-ssm',
      ]),
    );
  });

  test('hold of EC2, which has 800 operations, what is called', () => {
    const reconcile = bundles.find(({ name }) => name === 'reconcile');
    const ec2 = Object.entries(reconcile?.metafile.outputs ?? {}).filter(([file]) =>
      /client-ec2-\w+\.mjs$/.test(file),
    );
    expect(ec2.map(([, { bytes }]) => bytes < 100 * 1024)).toEqual([true]);
  });

  test('only the functions that render kinds contain the EC2 client', () => {
    const withEc2 = bundles.filter(({ metafile }) =>
      Object.keys(metafile.inputs).some((file) => file.includes('/client-ec2/')),
    );
    expect(withEc2.map(({ name }) => name)).toEqual(['reconcile', 'review']);
  });
});

describe('permissions', () => {
  // Where Main is the management account, the functions hold the permissions of Organizations themselves.
  const granted = permissions(readContext({ ...CONTEXT, managementAccountId: CONTEXT.mainAccountId }));

  test.each(FUNCTIONS)('%s may make the calls in its bundle, and no others', (name) => {
    const bundle = bundles.find((one) => one.name === name);
    const actions = granted[name]
      .flatMap((grant) => grant.actions)
      .filter((action) => SERVICES.includes(action.split(':')[0] ?? ''))
      .filter((action) => !BY_LAMBDA.includes(action) && !COME_ALONG.includes(action));
    expect([...new Set(actions)].sort()).toEqual(bundle && calls(bundle));
  });

  test.each([
    ['intake', 'reading'],
    ['sweep', 'reading'],
    ['create-account', 'creating'],
    ['reconcile', 'entering'],
    ['review', 'entering'],
  ] as const)('%s is allowed the same calls of Organizations through the %s role', (name, role) => {
    const separate = permissions(readContext(CONTEXT))[role].flatMap(({ actions }) => actions);
    const itself = granted[name].flatMap(({ actions }) => actions);
    const ofOrganizations = (actions: string[]) => actions.filter((one) => one.startsWith('organizations:'));
    expect(ofOrganizations(separate).sort()).toEqual(ofOrganizations(itself).sort());
  });
});
