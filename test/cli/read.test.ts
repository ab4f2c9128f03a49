import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { accountKey } from '../../shared/store/accounts.ts';
import { changeControl } from '../../shared/store/controls.ts';
import { keep, leave, orgkeeper, pass, record, status, useWorld } from './support.ts';

const A = '111111111111';
const B = '222222222222';
const C = '333333333333';

const drift = {
  kind: 'executionRole',
  resource: 'orgkeeper-analysis',
  path: 'tags.owner',
  desired: 'orgkeeper',
  actual: 'mallory',
  action: 'updated' as const,
};

const world = useWorld();

describe('account ID', () => {
  test('prints the public document, no more and no less, for scripts', async () => {
    await keep(world.table, record(A));
    await leave(world.table, status(A, { lastPass: pass({ result: 'corrected', differences: [drift] }) }));
    const { stdout, stderr, code } = await orgkeeper('account', A, '--json');
    expect(JSON.parse(stdout)).toEqual({
      accountId: A,
      name: 'genomics',
      email: 'genomics@example.com',
      origin: 'created',
      state: 'active',
      mode: 'enforce',
      baseline: { name: 'analytics', version: 3 },
      ready: true,
      conditions: status(A).conditions,
      outputs: { 'role.arn': `arn:aws:iam::${A}:role/orgkeeper-analysis` },
      lastPass: {
        id: 'pass-1',
        startedAt: '2026-01-02T03:04:05.000Z',
        finishedAt: '2026-01-02T03:04:07.000Z',
        cause: { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'event-1' },
        result: 'corrected',
        calls: { reads: 14, writes: 0 },
        differences: [drift],
      },
    });
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });

  test('shows people the conditions, and both values of each difference', async () => {
    await keep(world.table, record(A));
    await leave(world.table, status(A, { lastPass: pass({ result: 'corrected', differences: [drift] }) }));
    const { stdout } = await orgkeeper('account', A);
    expect(stdout).toMatch(/state\s+active \(enforce, created\)/);
    expect(stdout).toMatch(/ExecutionRole\s+True\s+InDesiredState\s+Everything is as the baseline says\./);
    expect(stdout).toMatch(/^~ executionRole orgkeeper-analysis\n~ {3}tags\.owner: mallory → orgkeeper$/m);
  });

  const own = record(A).externalId;
  const opened = {
    ...drift,
    path: 'trustPolicy',
    desired: { 'Statement[0].Condition.StringEquals.sts:ExternalId': own },
    actual: { 'Statement[0].Condition.StringEquals.sts:ExternalId': 'another-external-id' },
  };
  test.each([
    ['account', []],
    ['account', ['--json']],
    ['history', []],
    ['history', ['--json']],
  ])('%s masks ExternalIds with %j, unless they are requested', async (name, options) => {
    await keep(world.table, record(A));
    await leave(world.table, status(A, { lastPass: pass({ result: 'corrected', differences: [opened] }) }));
    const masked = await orgkeeper(name, A, ...options);
    expect(masked.stdout).toContain('an****id');
    for (const secret of [own, 'another-external-id']) expect(masked.stdout).not.toContain(secret);
    const shown = await orgkeeper(name, A, ...options, '--show-secrets');
    for (const secret of [own, 'another-external-id']) expect(shown.stdout).toContain(secret);
  });

  test('prints remedies and warnings completely', async () => {
    const [condition] = status(A).conditions;
    const message = `${'The role lacks s3:GetObject. '.repeat(12)}Add it. Warning: AdministratorAccess: it may do all.`;
    await keep(world.table, record(A));
    await leave(world.table, status(A, { conditions: condition ? [{ ...condition, message }] : [] }));
    expect((await orgkeeper('account', A)).stdout).toContain(message);
  });

  test('lets no name control the terminal', async () => {
    await keep(world.table, record(A, { name: 'evil\u001b]0;title\u0007\nroot' }));
    const { stdout } = await orgkeeper('account', A);
    expect(stdout).toContain('evil\\u001b]0;title\\u0007 root');
  });

  test.each([
    ['an account that nobody knows', A, /^orgkeeper: Orgkeeper does not know account 111111111111: .*\n$/],
    [
      'an id of 11 digits',
      '12345678901',
      /^orgkeeper: '12345678901' is not an account id: an account id has exactly 12 digits\.\n$/,
    ],
  ])('says in one sentence what is wrong with %s', async (_, id, sentence) => {
    const { stdout, stderr, code } = await orgkeeper('account', id, '--json');
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr).toMatch(sentence);
  });
});

/** Days since a run of long ago. */
const AGE = expect.stringMatching(/^\d{3,}d$/);

describe('accounts', () => {
  beforeEach(async () => {
    await keep(world.table, record(C, { lifecycle: 'unmanaged', name: 'old' }));
    await keep(world.table, record(A));
    await keep(world.table, record(B, { name: 'physics' }));
    await leave(world.table, status(A, { lastPass: pass({ result: 'corrected', differences: [drift] }) }));
    const conditions = [
      { type: 'Network', status: 'False', reason: 'InUse', message: 'Used.', changedAt: '' } as const,
    ];
    await leave(world.table, status(B, { ready: false, conditions, lastPass: pass({ result: 'failed' }) }));
  });

  const ids = (json: string) =>
    (JSON.parse(json) as { accountId: string }[]).map(({ accountId }) => accountId);

  test('lists the documents of all accounts in order of id', async () => {
    const { stdout } = await orgkeeper('accounts', '--json');
    expect(ids(stdout)).toEqual([A, B, C]);
    expect(JSON.parse(stdout)[0]).toEqual(JSON.parse((await orgkeeper('account', A, '--json')).stdout));
  });

  test('filters by managed and not ready, and by drifted', async () => {
    expect(ids((await orgkeeper('accounts', '--not-ready', '--json')).stdout)).toEqual([B]);
    expect(ids((await orgkeeper('accounts', '--drifted', '--json')).stdout)).toEqual([A]);
  });

  test('is CSV with every column, and a wide table with more of them', async () => {
    const [head, a, b] = (await orgkeeper('accounts', '-o', 'csv')).stdout.split('\n');
    expect(head).toMatch(/^accountId,name,email,baseline,state,ready,reason,lastResult,lastRun,mode,origin,/);
    expect(a).toMatch(/^111111111111,genomics,[^,]*,analytics@3,active,true,,corrected,2026-01-02T03:04:07/);
    expect(b).toMatch(/^222222222222,physics,[^,]*,analytics@3,failed,false,Network InUse,failed,/);
    const { stdout } = await orgkeeper('accounts', '-o', 'wide', '--state', 'active');
    expect(stdout).toMatch(
      /MODE +ORIGIN +OU +REGIONS +FINISHED\n111111111111 .*enforce +created .*2026-01-02 03:04:07Z\n$/,
    );
  });

  test('is a table for people, and the count goes to stderr', async () => {
    const { stdout, stderr } = await orgkeeper('accounts');
    expect(stdout.split('\n').map((line) => line.split(/\s{2,}/))).toEqual([
      ['ACCOUNT', 'NAME', 'BASELINE', 'STATE', 'READY', 'REASON', 'LAST RESULT', 'LAST RUN'],
      [A, 'genomics', 'analytics@3', 'active', 'yes', '–', 'corrected', AGE],
      [B, 'physics', 'analytics@3', 'failed', 'no', 'Network InUse', 'failed', AGE],
      [C, 'old', 'analytics@3', 'unmanaged', 'no', '–', '–', '–'],
      [''],
    ]);
    expect(stderr).toBe('3 of 3 accounts; 1 ready, 1 not.\n');
  });

  test('shows an account whose record cannot be read among the others, with the problem', async () => {
    const Item = { ...accountKey(A), collection: 'account', collectionKey: A, accountId: A };
    await world.table.documents.send(new PutCommand({ TableName: world.table.name, Item }));
    const { stdout, code } = await orgkeeper('accounts', '--json');
    const [broken, ...others] = JSON.parse(stdout);
    expect(broken).toMatchObject({ accountId: A, name: A, state: 'failed', ready: false });
    expect(broken.conditions[0].message).toContain(
      `The item account#${A} / desired of the table cannot be read`,
    );
    expect({ others: others.length, code }).toEqual({ others: 2, code: 0 });
    const one = await orgkeeper('account', A);
    expect(one.stdout).toMatch(/Items\s+False\s+UnreadableItem/);
  });

  test('shows a pause of the fleet on every managed account', async () => {
    await changeControl(world.table, () => ({ fleetPaused: true, pausedBaselines: [] }));
    const states = JSON.parse((await orgkeeper('accounts', '--json')).stdout) as { state: string }[];
    expect(states.map(({ state }) => state)).toEqual(['paused', 'paused', 'unmanaged']);
  });
});

describe('history ID', () => {
  test('lists the runs that found something, newest first, up to the requested number', async () => {
    await keep(world.table, record(A));
    for (const day of [1, 2, 3]) {
      const lastPass = pass({
        id: `pass-${day}`,
        startedAt: `2026-01-0${day}T00:00:00.000Z`,
        result: 'corrected',
        differences: [drift],
      });
      await leave(world.table, status(A, { lastPass }));
    }
    const { stdout } = await orgkeeper('history', A, '--limit', '2', '--json');
    expect(JSON.parse(stdout)).toMatchObject([
      { id: 'pass-3', baseline: { name: 'analytics', version: 3 } },
      { id: 'pass-2' },
    ]);
    expect((await orgkeeper('history', A)).stdout).toMatch(
      /2026-01-03 00:00:00Z {2}corrected {2}analytics@3[\s\S]*mallory → orgkeeper/,
    );
  });

  test('is empty for an account without runs, and fails for an unknown one', async () => {
    await keep(world.table, record(A));
    expect(await orgkeeper('history', A, '--json')).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
    expect((await orgkeeper('history', B, '--json')).code).toBe(1);
  });
});
