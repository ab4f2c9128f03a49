import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { planInWords } from '../../cli/commands/plan.ts';
import { answerPlan, type PlanWork } from '../../controllers/engine/plan.ts';
import type { FleetDeps } from '../../controllers/fleet/outcome.ts';
import { onItsWay } from '../../controllers/intake/event.ts';
import { follow } from '../../controllers/intake/follow.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { createAccess } from '../../shared/aws/access.ts';
import { mainClients } from '../../shared/aws/main-clients.ts';
import { Envelope } from '../../shared/domain/envelope.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { putRejection } from '../../shared/store/rejections.ts';
import type { Ran } from '../kit/captured.ts';
import { systemClock } from '../kit/clock.ts';
import { aRejected } from '../kit/factories.ts';
import { config, keep, orgkeeper, record, useWorld } from './support.ts';

const A = '111111111111';
const text = 'name: small\nparameters:\n  - name: /orgkeeper/account/id\n    value: ${account.id}\n';

const world = useWorld();
let file: string;
beforeAll(async () => {
  file = join(await mkdtemp(join(tmpdir(), 'orgkeeper-')), 'small.yaml');
  await writeFile(file, text);
}, 90_000);
beforeEach(async () => {
  await orgkeeper('baseline', 'publish', file);
  await keep(world.table, record(A, { baseline: { name: 'small', version: 1 } }));
});

describe('plan ID', () => {
  test('lists what a run would change, changes nothing, and exits 2', async () => {
    const { code, stdout } = await planned(A, '--json');
    expect(code).toBe(2);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ accountId: A, baseline: { name: 'small', version: 1 }, obstacles: [] });
    expect(document.differences).toEqual([
      expect.objectContaining({ kind: 'parameters', resource: '/orgkeeper/account/id', action: 'created' }),
    ]);
    await expect(
      (await member()).send(new GetParameterCommand({ Name: '/orgkeeper/account/id' })),
    ).rejects.toThrow(/not found/i);
  });

  test('is a diff for people, with the totals last', async () => {
    const { code, stdout, stderr } = await planned(A);
    expect(code).toBe(2);
    expect(stdout).toBe(`+ parameters /orgkeeper/account/id\n+   "${A}"\n\nPlan: 1 to create.\n`);
    expect(stderr).toMatch(/ from small@1 in account 111111111111\.\n$/);
  });

  test('masks the ExternalId, unless it is requested', async () => {
    await writeFile(file, text.replace('${account.id}', '${account.externalId}'));
    const { externalId } = record(A);
    for (const options of [[], ['--json']]) {
      const masked = await planned(A, '--baseline', file, ...options);
      expect(masked.stdout).toContain(`${externalId.slice(0, 2)}****${externalId.slice(-2)}`);
      expect(masked.stdout).not.toContain(externalId);
    }
    const shown = await planned(A, '--baseline', file, '--show-secrets');
    expect(shown.stdout).toContain(externalId);
    await writeFile(file, text);
  });

  test('with a file says what the file would change, and exits 0 if that is nothing', async () => {
    await writeFile(file, 'name: small\nparameters: []\n');
    const { code, stdout } = await planned(A, '--baseline', file, '--json');
    expect({ code, document: JSON.parse(stdout) }).toEqual({
      code: 0,
      document: { accountId: A, baseline: { name: 'small' }, differences: [], obstacles: [] },
    });
    await writeFile(file, text);
  });

  test('enters no unmanaged account', async () => {
    await keep(world.table, record('222222222222', { lifecycle: 'unmanaged' }));
    const { code, stderr } = await orgkeeper('plan', '222222222222');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^orgkeeper: Account 222222222222 is unmanaged, /);
    expect(await world.nextRequest(1)).toBeUndefined();
  });

  test('says why intake rejects the request', async () => {
    const [{ code, stderr }] = await Promise.all([
      orgkeeper('plan', A),
      world.nextRequest().then((event) =>
        putRejection(world.table, aRejected(event?.id ?? ''), {
          reason: 'UnknownAccount',
          message: 'Account 111111111111 is retired.',
          problems: [{ path: 'detail.accountId', message: 'is retired' }],
        }),
      ),
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('The request was rejected: UnknownAccount: Account 111111111111 is retired.');
  });
});

describe('planInWords', () => {
  const difference = { kind: 'network', resource: 'vpc', path: 'cidr', action: 'reported' } as const;
  const obstacle = { kind: 'network', state: 'blocked', message: 'In the way.' } as const;
  const said = (differences: number, foreign: number, obstacles: number) =>
    planInWords(
      {
        accountId: A,
        baseline: { name: 'small', version: 1 },
        differences: Array.from({ length: differences }, () => difference),
        obstacles: Array.from({ length: obstacles }, () => obstacle),
      },
      foreign,
      'small@1',
    );

  test.each([
    [1, 0, 0, '1 difference from small@1 in account 111111111111.'],
    [5, 3, 0, '2 differences from small@1 in account 111111111111. 3 unowned resources are left alone.'],
    [
      1,
      1,
      0,
      'Account 111111111111 is as in small@1: a run would change nothing. 1 unowned resource is left alone.',
    ],
    [0, 0, 0, 'Account 111111111111 is as in small@1: a run would change nothing.'],
    [0, 0, 1, 'A run could not bring account 111111111111 to small@1 now.'],
  ])(
    'says the totals of %i differences, %i of them unowned, and %i obstacles',
    (differences, foreign, obstacles, sentence) => {
      expect(said(differences, foreign, obstacles)).toBe(sentence);
    },
  );

  test('does not count what is excepted as a difference', () => {
    const excepted = { ...difference, exceptedUntil: '2027-01-31T00:00:00.000Z' };
    const plan = { accountId: A, baseline: { name: 'small', version: 1 }, obstacles: [] };
    expect(planInWords({ ...plan, differences: [excepted] }, 0, 'small@1')).toBe(
      'A run by small@1 would change nothing in account 111111111111. 1 difference is excepted.',
    );
    expect(
      planInWords({ ...plan, differences: [excepted, excepted, difference, difference] }, 1, 'small@1'),
    ).toBe(
      '1 difference from small@1 in account 111111111111. 2 differences are excepted. 1 unowned resource is left alone.',
    );
  });
});

/** `plan` with these arguments, while intake and reconcile do their part. */
async function planned(...argv: string[]): Promise<Ran> {
  const [ran] = await Promise.all([orgkeeper('plan', ...argv), answered()]);
  return ran;
}

async function answered(): Promise<void> {
  // The emulator does not say whose event it is.
  const envelope = Envelope.parse({ ...(await world.nextRequest()), account: config.mainAccountId });
  const main = mainClients(config);
  const outcome = await follow(envelope, onItsWay(envelope, false, new Date()), {
    config,
    main,
  } as FleetDeps);
  if (outcome.did !== 'accepted') throw new Error(`intake ${outcome.did} ${JSON.stringify(outcome)}`);
  const deps = {
    ...systemClock,
    config,
    main,
    access: createAccess({ config, organizationRole: 'entering' }),
    kinds,
    loadBaseline: ({ name, version }: { name: string; version: number }) =>
      getBaseline(main.table, name, version),
  };
  for (const message of outcome.work as PlanWork['message'][])
    await answerPlan({ message, now: new Date(), lastTry: true }, deps);
}

async function member(): Promise<SSMClient> {
  const RoleArn = `arn:aws:iam::${A}:role/OrganizationAccountAccessRole`;
  const { Credentials } = await new STSClient({}).send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' }),
  );
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
  return new SSMClient({
    credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
  });
}
