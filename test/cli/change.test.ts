import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { moveAccounts } from '../../cli/commands/baseline-assign.ts';
import { editRecord } from '../../cli/fleet.ts';
import { mainClients } from '../../shared/aws/main-clients.ts';
import { accountKey, getRecord } from '../../shared/store/accounts.ts';
import { publishBaseline } from '../../shared/store/baselines.ts';
import { changeControl, countDrifted, getControl, getSweep } from '../../shared/store/controls.ts';
import { saveStatus, takeLease } from '../../shared/store/statuses.ts';
import { aStatus } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { memoryTable } from '../kit/memory-table.ts';
import { until } from '../kit/wait.ts';
import { config, keep, leave, orgkeeper, record, status, useWorld } from './support.ts';

const A = '111111111111';
const B = '222222222222';
const C = '333333333333';

const world = useWorld();
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'orgkeeper-'));
}, 90_000);

const publishText = (name: string, text: string) =>
  publishBaseline(world.table, {
    name,
    description: 'd',
    sections: {},
    text,
    publishedAt: '2026-01-01T00:00:00.000Z',
  });

async function file(text: string): Promise<string> {
  const path = join(directory, 'baseline.yaml');
  await writeFile(path, text);
  return path;
}

const valid =
  'name: small\ndescription: One parameter\nparameters:\n  - name: /orgkeeper/id\n    value: ${account.id}\n';

describe('pause and resume', () => {
  test('of the fleet and of baselines do not undo each other', async () => {
    await publishText('analytics', 'x');
    await orgkeeper('pause', '--fleet');
    await orgkeeper('pause', '--baseline', 'analytics');
    const pause = { at: expect.any(String), requestedBy: expect.stringMatching(/^arn:aws:/) };
    const baselines = { analytics: pause };
    expect(await getControl(world.table)).toEqual({
      fleetPaused: true,
      pausedBaselines: ['analytics'],
      pauses: { fleet: pause, baselines },
    });
    await orgkeeper('resume', '--fleet');
    expect(await getControl(world.table)).toEqual({
      fleetPaused: false,
      pausedBaselines: ['analytics'],
      pauses: { baselines },
    });
    await orgkeeper('resume', '--baseline', 'analytics');
    expect(await getControl(world.table)).toEqual({
      fleetPaused: false,
      pausedBaselines: [],
      pauses: { baselines: {} },
    });
  });

  test('say who paused, why and until when, wherever the pause shows', async () => {
    await keep(world.table, record(A));
    const { stderr } = await orgkeeper('pause', A, '--for', '2h', '--reason', 'their migration');
    const pause = (await getRecord(world.table, A))?.pause;
    expect(pause).toMatchObject({
      requestedBy: expect.stringMatching(/^arn:aws:/),
      reason: 'their migration',
    });
    expect(Date.parse(pause?.until ?? '') - Date.parse(pause?.at ?? '')).toBe(7_200_000);
    expect(stderr).toMatch(/^Paused 111111111111 until \d{4}-.*Z; it resumes by itself then\.\n/);
    const listed = await orgkeeper('accounts', '--state', 'paused');
    const shown = await orgkeeper('account', A);
    const json = await orgkeeper('account', A, '--json');
    expect(listed.stdout).toMatch(/account paused until \d{4}-.*Z: their migration/);
    expect(shown.stdout).toContain(
      `until ${pause?.until}, by ${pause?.requestedBy}, because: their migration`,
    );
    expect(JSON.parse(json.stdout)).toMatchObject({ state: 'paused', pauses: [{ of: 'account', ...pause }] });
  });

  test('with a later end replace a pause, and without one make it last', async () => {
    await keep(world.table, record(A));
    await orgkeeper('pause', A, '--for', '30m');
    const { pause: short } = (await getRecord(world.table, A)) ?? {};
    await orgkeeper('pause', A, '--for', '2h');
    const { pause: long } = (await getRecord(world.table, A)) ?? {};
    expect(Date.parse(long?.until ?? '')).toBeGreaterThan(Date.parse(short?.until ?? ''));
    await orgkeeper('pause', A);
    expect((await getRecord(world.table, A))?.pause).not.toHaveProperty('until');
  });

  test('are both saved if they run at the same time', async () => {
    // In memory: the emulator's threads may both find the condition of a write to hold.
    const { table } = memoryTable();
    const pause = (name: string) =>
      changeControl(table, (control) => ({
        ...control,
        pausedBaselines: [...control.pausedBaselines, name].toSorted(),
      }));
    await pause('a');
    await Promise.all(['b', 'c', 'd'].map(pause));
    expect((await getControl(table)).pausedBaselines).toEqual(['a', 'b', 'c', 'd']);
  });

  const LEFT = '999999999999';

  /** Runs are writing into A and B; the run of a third account was killed long ago. */
  async function writing(seconds: number): Promise<void> {
    await publishText('analytics', 'x');
    await keep(world.table, record(A));
    await keep(world.table, record(B, { baseline: { name: 'other', version: 1 } }));
    await keep(world.table, record(LEFT));
    const now = new Date();
    const lease = (accountId: string, left: number, of = record(accountId)) =>
      takeLease(world.table, {
        accountId,
        passId: `pass-${accountId}`,
        until: new Date(now.getTime() + left * 1000),
        now,
        readVersion: 0,
        record: of,
      });
    const other = record(B, { baseline: { name: 'other', version: 1 } });
    await Promise.all([lease(A, seconds), lease(B, seconds, other), lease(LEFT, -90)]);
  }

  test.each([
    ['the fleet', ['--fleet'], [A, B]],
    ['a baseline', ['--baseline', 'analytics'], [A]],
    ['an account', [B], [B]],
  ])('of %s say which runs may still be writing, and until when', async (_, args, expected) => {
    await writing(30);
    const { stderr, code } = await orgkeeper('pause', ...args, '--no-wait');
    expect(code).toBe(0);
    const lines = stderr.split('\n').filter((line) => line.includes('run pass-'));
    expect(lines).toEqual(
      expected.map((id) =>
        expect.stringMatching(new RegExp(`account ${id}, run pass-${id}, until 20\\d\\d-.*Z`)),
      ),
    );
    expect((await orgkeeper('resume', ...args)).stderr).not.toContain('may still be writing');
  });

  test('wait until the run that is writing has ended', async () => {
    await writing(30);
    const pausing = orgkeeper('pause', A);
    await until('the pause', async () => (await getRecord(world.table, A))?.paused || undefined);
    await saveStatus(world.table, aStatus({ accountId: A, version: 1 }), {
      ...{ passId: `pass-${A}`, now: new Date(), record: record(A), isLeased: true },
    });
    const { stderr, code } = await pausing;
    expect(code).toBe(0);
    expect(stderr).toContain('No run that began before the pause is writing any more.');
  });

  test('say after the timeout which run may still be writing, and fail', async () => {
    await writing(30);
    const { stderr, code } = await orgkeeper('pause', A, '--timeout', '1');
    expect(code).toBe(1);
    expect(stderr).toContain(`account ${A}, run pass-${A}, until`);
    expect((await getRecord(world.table, A))?.paused).toBe(true);
  });

  test('change nothing the second time', async () => {
    await keep(world.table, record(A));
    for (const command of ['pause', 'resume']) {
      expect((await orgkeeper(command, A)).code).toBe(0);
      const once = await getRecord(world.table, A);
      expect((await orgkeeper(command, A)).code).toBe(0);
      expect(await getRecord(world.table, A)).toEqual(once);
    }
  });

  test('of accounts do not change their desired state', async () => {
    await keep(world.table, record(A));
    await keep(world.table, record(B));
    expect((await orgkeeper('pause', A, B)).code).toBe(0);
    const paused = await getRecord(world.table, B);
    expect(paused).toEqual({
      ...record(B),
      paused: true,
      pause: { at: expect.any(String), requestedBy: expect.stringMatching(/^arn:aws:/) },
      changedBy: expect.stringMatching(/^cli:[0-9a-f-]{36}$/),
      followed: ['event-1', expect.stringMatching(/^cli:/)],
    });
    await orgkeeper('resume', A);
    expect([(await getRecord(world.table, A))?.paused, (await getRecord(world.table, B))?.paused]).toEqual([
      false,
      true,
    ]);
    // A roll-out counts from the end of the pause, so that it does not take what the next run corrects for drift.
    const resumed = await getRecord(world.table, A);
    expect(Date.parse(resumed?.pause?.until ?? '')).toBeGreaterThanOrEqual(
      Date.parse(resumed?.pause?.at ?? ''),
    );
  });

  test('with one unknown account pause none', async () => {
    await keep(world.table, record(A));
    expect((await orgkeeper('pause', A, B)).code).toBe(1);
    expect((await getRecord(world.table, A))?.paused).toBe(false);
  });

  test.each([[[]], [['--fleet', A]], [['--fleet', '--baseline', 'x']]])(
    'of %j say what is missing',
    async (argv) => {
      const { code, stderr } = await orgkeeper('pause', ...argv);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: 'orgkeeper: Name what to pause or resume: one of --fleet, --baseline NAME, or account ids.\n',
      });
    },
  );

  test('of a baseline that was never published is an error', async () => {
    expect((await orgkeeper('pause', '--baseline', 'analytisc')).code).toBe(1);
  });
});

describe('baseline', () => {
  test('publish prints the new version, once for one text, and assigns it to nobody', async () => {
    await keep(world.table, record(A, { baseline: { name: 'small', version: 1 } }));
    expect(await orgkeeper('baseline', 'publish', await file(valid))).toEqual({
      code: 0,
      stdout: 'small@1\n',
      stderr: '',
    });
    const again = await orgkeeper('baseline', 'publish', await file(valid));
    expect(again).toEqual({ code: 0, stdout: 'small@1\n', stderr: expect.stringMatching(/^Unchanged/) });
    expect((await orgkeeper('baseline', 'publish', await file(`${valid}# more\n`))).stdout).toBe('small@2\n');
    expect((await getRecord(world.table, A))?.baseline?.version).toBe(1);
    expect(await world.nextRequest(1)).toBeUndefined();
  });

  test('publish and validate name each problem with its file and line, and publish nothing', async () => {
    const path = await file(valid.replace('account.id', 'nonsense').replace('description', 'descripton'));
    for (const command of ['validate', 'publish']) {
      const { code, stdout, stderr } = await orgkeeper('baseline', command, path);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain(`${path}:2: descripton: unknown key`);
      expect(stderr).toContain(`${path}:5: parameters[0].value: unknown name \${nonsense}`);
    }
    expect((await orgkeeper('baseline', 'list', '--json')).stdout).toBe('[]\n');
  });

  test('publish refuses a role that Main may not assume, which validate cannot know', async () => {
    const path = await file(`name: small
executionRole:
  name: bad-name
  trustPolicy: { Statement: { Effect: Allow, Principal: { AWS: "\${main.runnerRole}" }, Action: "sts:AssumeRole" } }
`);
    expect((await orgkeeper('baseline', 'validate', path)).code).toBe(0);
    const { code, stderr } = await orgkeeper('baseline', 'publish', path);
    expect(code).toBe(1);
    expect(stderr).toContain(`${path}:3: executionRole.name: bad-name does not match executionRolePattern`);
    expect((await orgkeeper('baseline', 'list', '--json')).stdout).toBe('[]\n');
  });

  test('validate --json is for machines', async () => {
    const good = await orgkeeper('baseline', 'validate', await file(valid), '--json');
    expect(good).toEqual({
      code: 0,
      stdout: '{\n  "valid": true,\n  "problems": [],\n  "warnings": []\n}\n',
      stderr: '',
    });
    const bad = await orgkeeper('baseline', 'validate', await file('name: small\n'), '--json');
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.stdout)).toMatchObject({ valid: false, problems: [{ path: '' }] });
  });

  test('validate warns of an action that AWS does not have, and the file stays valid', async () => {
    const path = await file(`name: small
executionRole:
  name: orgkeeper-execution
  trustPolicy: { Statement: { Effect: Allow, Principal: { AWS: "\${main.runnerRole}" }, Action: "sts:AssumeRole" } }
  inlinePolicies:
    app:
      Statement: { Effect: Allow, Action: "s3:GetObjct", Resource: "*" }
`);
    const place = 'executionRole.inlinePolicies.app.Statement.Action';
    const message = 'AWS has no action s3:GetObjct; did you mean s3:GetObject?';
    const { code, stderr } = await orgkeeper('baseline', 'validate', path);
    expect(code).toBe(0);
    expect(stderr).toContain(`${path} is a valid baseline: small with executionRole.`);
    expect(stderr).toContain(`${path}:7: ${place}: ${message}`);
    const json = await orgkeeper('baseline', 'validate', path, '--json');
    expect(JSON.parse(json.stdout)).toEqual({
      valid: true,
      problems: [],
      warnings: [{ path: place, message, line: 7 }],
    });
  });

  test('validate of a file that does not exist says so', async () => {
    const { stderr } = await orgkeeper('baseline', 'validate', '/nowhere.yaml');
    expect(stderr).toBe('orgkeeper: /nowhere.yaml cannot be read: there is no such file.\n');
  });

  test('list counts the accounts on each version, show prints the text unchanged', async () => {
    await publishText('analytics', 'text: 1\n');
    await publishText('analytics', 'text: 2\n');
    await keep(world.table, record(A, { baseline: { name: 'analytics', version: 1 } }));
    const { stdout } = await orgkeeper('baseline', 'list', '--json');
    expect(JSON.parse(stdout)).toEqual([
      {
        name: 'analytics',
        version: 1,
        description: 'd',
        publishedAt: '2026-01-01T00:00:00.000Z',
        accounts: 1,
      },
      {
        name: 'analytics',
        version: 2,
        description: 'd',
        publishedAt: '2026-01-01T00:00:00.000Z',
        accounts: 0,
      },
    ]);
    expect((await orgkeeper('baseline', 'list')).stdout).toMatch(/analytics@1 +1 +2026-01-01 00:00:00Z +d/);
    expect((await orgkeeper('baseline', 'show', 'analytics')).stdout).toBe('text: 2\n');
    expect((await orgkeeper('baseline', 'show', 'analytics@1')).stdout).toBe('text: 1\n');
    expect(JSON.parse((await orgkeeper('baseline', 'show', 'analytics@1', '--json')).stdout)).toMatchObject({
      version: 1,
    });
    expect((await orgkeeper('baseline', 'show', 'analytics@3')).code).toBe(1);
  });
});

describe('baseline assign', () => {
  beforeEach(async () => {
    await publishText('analytics', '1');
    await publishText('analytics', '2');
    await keep(world.table, record(A, { baseline: { name: 'analytics', version: 1 } }));
    await keep(world.table, record(B, { baseline: { name: 'analytics', version: 2 } }));
    await keep(world.table, record(C, { baseline: { name: 'other', version: 1 } }));
    await keep(world.table, record('444444444444', { lifecycle: 'unmanaged' }));
    for (const id of [A, B, C]) await leave(world.table, status(id));
  });
  const version = async (id: string) => (await getRecord(world.table, id))?.baseline;

  test('moves accounts on other baselines, counts the change of desired state, and requests one sweep', async () => {
    const { code, stderr } = await orgkeeper('baseline', 'assign', 'analytics@2', '--all', '--yes');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^Moved 2 accounts to analytics@2;/),
    });
    expect(await getRecord(world.table, A)).toEqual({
      ...record(A),
      baseline: { name: 'analytics', version: 2 },
      baselineBy: 'request',
      generation: 2,
      changedBy: expect.stringMatching(/^cli:/),
      changedAt: expect.any(String),
      assigned: { at: expect.any(String), since: record(A).registeredAt },
      followed: ['event-1', expect.stringMatching(/^cli:/)],
      owed: { announce: [], work: [expect.objectContaining({ accountId: A })] },
      dueAt: expect.any(String),
    });
    expect((await getRecord(world.table, B))?.generation).toBe(1);
    const request = await world.nextRequest();
    expect(request).toMatchObject({
      'detail-type': 'DriftSweepRequested',
      detail: { accountIds: [A, C], reason: 'baseline analytics@2 assigned' },
    });
    expect(await world.nextRequest(1)).toBeUndefined();
  });

  test('moves the accounts of one baseline, or named ones, and no other', async () => {
    await orgkeeper('baseline', 'assign', 'analytics@2', '--from', 'other', '--yes');
    expect([await version(A), await version(C)]).toMatchObject([
      { version: 1 },
      { name: 'analytics', version: 2 },
    ]);
    await orgkeeper('baseline', 'assign', 'analytics@1', C, '--yes', '--reason', 'ticket 42');
    expect([await version(B), await version(C)]).toMatchObject([{ version: 2 }, { version: 1 }]);
    const requests = [await world.nextRequest(), await world.nextRequest()];
    const requestedBy = expect.stringMatching(/^arn:aws:/);
    expect(requests.map((request) => request?.detail)).toEqual([
      { accountIds: [C], requestedBy, reason: 'baseline analytics@2 assigned' },
      { accountIds: [C], requestedBy, reason: 'ticket 42' },
    ]);
  });

  test('says how many accounts it would move, and moves none, if nobody can confirm', async () => {
    const { code, stderr } = await orgkeeper('baseline', 'assign', 'analytics@2', '--all');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Move 2 accounts to analytics@2 \(1 from analytics@1, 1 from other@1\)\? .*pass --yes to confirm\.\n$/,
    );
    expect(await version(A)).toMatchObject({ version: 1 });
    expect(await world.nextRequest(1)).toBeUndefined();
  });

  test.each([
    [
      'a version that was never published',
      ['analytics@9', '--all'],
      /There is no analytics@9: the newest version is analytics@2/,
    ],
    ['no version', ['analytics', '--all'], /Name the version: the newest is analytics@2/],
    ['an unknown baseline', ['nothing@1', '--all'], /There is no baseline nothing/],
    ['no choice of accounts', ['analytics@2'], /Name the accounts/],
    ['two choices', ['analytics@2', A, '--all'], /Name the accounts/],
    ['an account that is not kept', ['analytics@2', A, '444444444444'], /444444444444 is unmanaged/],
  ])('to %s is refused and moves none', async (_, argv, sentence) => {
    const { code, stderr } = await orgkeeper('baseline', 'assign', ...argv, '--yes');
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
    expect(await version(A)).toMatchObject({ version: 1 });
  });

  test('requests nothing if nothing moves, and notes the assignment', async () => {
    expect((await orgkeeper('baseline', 'assign', 'analytics@2', B, '--yes')).code).toBe(0);
    expect(await getRecord(world.table, B)).toMatchObject({
      generation: 1,
      baseline: { version: 2 },
      assigned: { at: expect.any(String) },
    });
    const stale = { moving: [record(B)], unseen: [], there: [] };
    expect(await moveAccounts(mainClients(config), { name: 'analytics', version: 2 }, stale, {})).toEqual({
      moved: [],
      eventIds: [],
    });
    expect(await world.nextRequest(1)).toBeUndefined();
  });

  test.each([
    ['--all', ['--all']],
    ['ids', [A, B]],
    ['--from where they were', ['--from', 'analytics@1']],
  ])('that was stopped between moves and request is completed by its repetition, by %s', async (_, argv) => {
    const bus = { name: 'gone', eventBridge: mainClients(config).bus.eventBridge };
    const moves = { moving: [record(A)], unseen: [], there: [] };
    await expect(
      moveAccounts({ table: world.table, bus }, { name: 'analytics', version: 2 }, moves, {}),
    ).rejects.toThrow(
      /^1 account moved, .*no event bus gone.* Run the same command again to request them\.$/,
    );
    expect(await version(A)).toMatchObject({ version: 2 });
    const elsewhere = ['analytics@2', ...argv, '--yes'];
    const { code, stderr } = await orgkeeper('baseline', 'assign', ...elsewhere);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/1 account already on it had no run since; runs are requested/),
    });
    expect((await world.nextRequest())?.detail.accountIds).toContain(A);
    await leave(world.table, status(A, { observedGeneration: 2 }));
    await orgkeeper('baseline', 'assign', 'analytics@2', A, '--yes');
    expect(await world.nextRequest(1)).toBeUndefined();
  });

  test('that was stopped leaves the owed runs under the circuit breaker of one sweep, with who and why', async () => {
    const bus = { name: 'gone', eventBridge: mainClients(config).bus.eventBridge };
    const moves = { moving: [record(A), record(C)], unseen: [], there: [] };
    const by = { requestedBy: 'ana', reason: 'ticket 42' };
    const moved = moveAccounts({ table: world.table, bus }, { name: 'analytics', version: 2 }, moves, by);
    await expect(moved).rejects.toThrow('runs cannot be requested');
    const owed = (await getRecord(world.table, A))?.owed?.work ?? [];
    expect(owed).toEqual([
      expect.objectContaining({
        accountId: A,
        sweepId: expect.stringMatching(/^assign:/),
        cause: expect.objectContaining(by),
      }),
    ]);
    expect((await getSweep(world.table, String(owed[0]?.sweepId)))?.cause).toMatchObject(by);
    const sweep = await countDrifted(world.table, String(owed[0]?.sweepId), A);
    expect(sweep).toMatchObject({ accounts: 2, drifted: 1, stopped: false });
  });

  test('keeps what somebody else changes at the same time', async () => {
    // In memory: the emulator's threads may both find the condition of a write to hold.
    const { main, put } = fakeMain([{ ...record(A), ...accountKey(A) }]);
    const rename = editRecord(main.table, A, (read) => ({
      ...read,
      name: 'renamed',
      generation: read.generation + 1,
    }));
    const moves = { moving: [record(A)], unseen: [], there: [] };
    await Promise.all([rename, moveAccounts(main, { name: 'analytics', version: 2 }, moves, {})]);
    expect(await getRecord(main.table, A)).toMatchObject({
      name: 'renamed',
      generation: 3,
      baseline: { version: 2 },
    });
    expect(put).toMatchObject([{ detailType: 'DriftSweepRequested', detail: { accountIds: [A] } }]);
  });
});
