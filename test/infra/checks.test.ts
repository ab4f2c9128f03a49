import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Stack, aws_sqs as sqs } from 'aws-cdk-lib';
import { buildApp } from '../../infra/app.ts';
import { readContext } from '../../infra/context.ts';
import { permissions } from '../../shared/deployment/permissions.ts';
import { app, CONTEXT } from './support.ts';

jest.setTimeout(120_000);

const LINTER = 'cfn-lint';

const VARIANTS = [
  ['three accounts', {}],
  [
    'Main as the management account, with Control Tower elsewhere',
    {
      managementAccountId: CONTEXT.mainAccountId,
      controlTowerRegion: 'eu-central-1',
      alarmEmail: 'oncall@example.com',
    },
  ],
  ['China', { region: 'cn-north-1', operators: [] }],
  ['GovCloud', { region: 'us-gov-west-1', operators: [] }],
] as const;

describe("cdk-nag's AwsSolutions checks", () => {
  beforeEach(() => {
    // CDK prints the report of a failed validation; the error thrown is what counts here.
    jest.spyOn(console, 'error').mockImplementation(() => undefined);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    process.exitCode = undefined;
  });

  test.each(VARIANTS.slice(0, 2))('pass with %s', (_, changes) => {
    expect(() => app(changes, true).synth()).not.toThrow();
  });

  test('work: a queue that allows plain HTTP fails them', () => {
    const broken = app({}, true);
    new sqs.Queue(broken.node.findChild('orgkeeper') as Stack, 'Open');
    expect(() => broken.synth()).toThrow('AwsSolutions-SQS4');
  });

  test('have a reason for every wildcard that is suppressed', () => {
    const grants = Object.values(permissions(readContext(CONTEXT))).flat();
    const wide = grants.filter(({ resources }) => resources.some((resource) => resource.includes('*')));
    expect(wide.length).toBeGreaterThan(0);
    for (const { because } of wide) expect(because).toMatch(/\.$/);
    for (const grant of grants.filter((one) => !wide.includes(one))) expect(grant.because).toBeUndefined();
  });
});

describe('cfn-lint', () => {
  const installed = spawnSync(LINTER, ['--version']).status === 0;
  const title = installed
    ? 'finds nothing in any template'
    : 'is not on PATH, so the templates go unchecked here';

  (installed ? test : test.skip)(title, () => {
    const stacks = VARIANTS.flatMap(([, changes]) => app(changes).synth().stacks);
    const regions = new Set(stacks.map(({ environment }) => environment.region));
    const files = stacks.map(({ templateFullPath }) => templateFullPath);
    const { status, stdout } = spawnSync(LINTER, ['--regions', ...regions, '--', ...files], {
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });
});

test('without bundles, the app says how to make them', () => {
  const build = () => buildApp(CONTEXT, { functionsDir: '/nowhere' });
  expect(build).toThrow(
    'No bundle in /nowhere for: intake, sweep, reconcile, create-account, review. Run npm run build first.',
  );
});

test('cdk.json runs the app, and the scripts deploy stacks that it has', () => {
  const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'));
  expect(read('cdk.json').app).toBe('node infra/app.ts');
  const stacks = app()
    .synth()
    .stacks.map(({ stackName }) => stackName);
  const { scripts } = read('package.json');
  for (const script of ['deploy:main', 'deploy:management']) {
    const [, names = ''] = /cdk deploy ([\w -]+?)( &&|$| --)/.exec(scripts[script]) ?? [];
    expect(names).not.toBe('');
    for (const name of names.split(' ')) expect(stacks).toContain(name);
  }
});
