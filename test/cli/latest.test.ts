import { beforeEach, describe, expect, it } from '@jest/globals';
import { timeBack } from '../../cli/latest.ts';
import { accountKey } from '../../shared/store/accounts.ts';
import { countDrifted, startSweep, stopSweep } from '../../shared/store/controls.ts';
import { putRejection } from '../../shared/store/rejections.ts';
import { saveStatus } from '../../shared/store/statuses.ts';
import { finishSweep } from '../../shared/store/sweep-parts.ts';
import { captured } from '../kit/captured.ts';
import { useMainInMemory } from '../kit/cli-in-memory.ts';
import { aPass, aRecord, aRejected, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

const fake = fakeMain();
const { table } = fake.main;
await useMainInMemory(() => fake);
const { run } = await import('../../cli/program.ts');

const OTHER = '567890123456';
const at = (hour: number) => `2026-11-20T${String(hour).padStart(2, '0')}:00:00.000Z`;
const trust = { kind: 'executionRole', resource: 'orgkeeper-execution', path: 'trustPolicy' };

const orgkeeper = (...argv: string[]) => captured(() => run(argv));

/** Saves a run as a reconcile does. */
async function saveRun(accountId: string, hour: number, version: number): Promise<void> {
  const actual = { Condition: { StringEquals: { 'sts:ExternalId': `secret-of-${accountId}` } } };
  const lastPass = aPass({
    id: `pass-${accountId}-${hour}`,
    startedAt: at(hour),
    finishedAt: at(hour),
    result: 'corrected',
    differences: [{ ...trust, action: 'updated', actual }],
  });
  const record = aRecord({ accountId });
  const status = aStatus({ accountId, version, lastPass });
  await saveStatus(table, status, { passId: lastPass.id, now: new Date(), record, inHistory: true });
}

beforeEach(async () => {
  fake.store.clear();
  for (const [accountId, name] of [
    [MEMBER, 'genomics'],
    [OTHER, 'physics'],
  ] as const) {
    const record = aRecord({ accountId, name, externalId: `secret-of-${accountId}` });
    fake.store.put({ ...record, ...accountKey(accountId), collection: 'account', collectionKey: accountId });
  }
});

describe('history', () => {
  beforeEach(async () => {
    await saveRun(MEMBER, 1, 1);
    await saveRun(OTHER, 2, 1);
    await saveRun(MEMBER, 3, 2);
  });
  const hours = (stdout: string) =>
    (JSON.parse(stdout) as { accountId: string; startedAt: string }[]).map(({ accountId, startedAt }) => [
      accountId,
      Number(startedAt.slice(11, 13)),
    ]);

  it('without an id shows the runs of all accounts, newest first, each with its account', async () => {
    const { stdout } = await orgkeeper('history', '--json');
    expect(hours(stdout)).toEqual([
      [MEMBER, 3],
      [OTHER, 2],
      [MEMBER, 1],
    ]);
    expect(stdout).not.toContain('secret-of-');
    expect((await orgkeeper('history')).stdout).toMatch(/^2026-11-20 03:00:00Z {2}456789012345 genomics/);
  });

  it('reads an index, and neither the records nor the statuses of the fleet', async () => {
    const before = { ...fake.store.calls };
    await orgkeeper('history', '--limit', '2');
    expect((fake.store.calls.QueryCommand ?? 0) - (before.QueryCommand ?? 0)).toBe(1);
    expect((fake.store.calls.BatchGetCommand ?? 0) - (before.BatchGetCommand ?? 0)).toBe(1);
    expect(fake.store.calls.GetCommand).toBe(before.GetCommand);
  });

  it('goes on, without a gap and without showing a run twice, where the last page ended', async () => {
    const first = await orgkeeper('history', '--limit', '2', '--json');
    const [, cursor = ''] = /--before '(.*)'/.exec(first.stderr) ?? [];
    const second = await orgkeeper('history', '--limit', '2', '--json', '--before', cursor);
    expect([...hours(first.stdout), ...hours(second.stdout)]).toHaveLength(3);
    expect(hours(second.stdout)).toEqual([[MEMBER, 1]]);
    expect(second.stderr).toBe('');
  });

  it.each([['for all'], ['for one', MEMBER]])('shows only what is in the time, %s', async (_, ...id) => {
    const inside = ['--since', at(1).replace('01', '02'), '--before', at(3)];
    const { stdout } = await orgkeeper('history', ...id, ...inside, '--json');
    expect(hours(stdout)).toEqual(id.length > 0 ? [] : [[OTHER, 2]]);
    const { stdout: later } = await orgkeeper('history', ...id, '--since', at(3), '--json');
    expect(hours(later)).toEqual([[MEMBER, 3]]);
    const { stderr } = await orgkeeper('history', ...id, '--since', at(5), '--before', at(4));
    expect(stderr).toMatch(/has changed or found anything in this time\.\n$/);
  });

  it('of one account goes on where the last page ended, too', async () => {
    const first = await orgkeeper('history', MEMBER, '--limit', '1', '--json');
    const [, cursor = ''] = /--before '(.*)'/.exec(first.stderr) ?? [];
    const second = await orgkeeper('history', MEMBER, '--limit', '1', '--json', '--before', cursor);
    expect([...hours(first.stdout), ...hours(second.stdout)]).toEqual([
      [MEMBER, 3],
      [MEMBER, 1],
    ]);
  });

  it.each([['for all'], ['for one', OTHER]])(
    'leaves out a line that cannot be read, and says which, %s',
    async (_, ...id) => {
      fake.store.put({ pk: `account#${OTHER}`, sk: 'pass#x', collection: 'pass', collectionKey: at(4) });
      const { stdout, stderr } = await orgkeeper('history', ...id, '--json');
      expect(hours(stdout)).toHaveLength(id.length > 0 ? 1 : 3);
      expect(stderr).toMatch(
        /^Left out: The item account#567890123456 \/ pass#x of the table cannot be read: .*\. Correct it in the table, .*\n$/,
      );
    },
  );
});

describe('sweeps', () => {
  it('lists the sweeps, newest first, with what requested them and whether the brake stopped them', async () => {
    const cause = { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'night-1' };
    await startSweep(table, { sweepId: 'night-1', accounts: 40, startedAt: at(2), cause });
    await startSweep(table, { sweepId: 'assign:1', accounts: 3, startedAt: at(4), baseline: 'analytics' });
    await stopSweep(table, 'night-1', MEMBER);
    const { stdout } = await orgkeeper('sweeps', '--json');
    expect(JSON.parse(stdout)).toEqual([
      {
        ...{ sweepId: 'assign:1', startedAt: at(4), accounts: 3, drifted: 0, stopped: false },
        baseline: 'analytics',
      },
      { sweepId: 'night-1', startedAt: at(2), accounts: 40, drifted: 0, stopped: true, cause },
    ]);
    const page = await orgkeeper('sweeps', '--limit', '1');
    expect(page.stdout).toMatch(/assign:1 +analytics +3 +– +– +– +– +– +– +–/);
    expect(page.stderr).toBe(`Older ones: add --before '${at(4)}#assign:1'.\n`);
    expect((await orgkeeper('sweeps', '--before', `${at(4)}#assign:1`)).stdout).toMatch(
      /night-1 .*stopped at 0/,
    );
  });

  it('shows how the runs of a sweep ended, and what its brake counted', async () => {
    await startSweep(table, { sweepId: 'night-2', accounts: 40, startedAt: at(2) });
    await countDrifted(table, 'night-2', MEMBER);
    const tally = { accounts: 40, unchanged: 33, corrected: 2, drifted: 1, waiting: 0, failed: 4 };
    await finishSweep(table, 'night-2', { ...tally, lastAt: at(3), worst: [], seconds: 75 }, new Date(at(3)));
    const [head, line] = (await orgkeeper('sweeps')).stdout.split('\n');
    expect(head).toMatch(/ACCOUNTS +UNCHANGED +CORRECTED +DRIFTED +WAITING +FAILED +SECONDS +BRAKE$/);
    expect(line).toMatch(/night-2 +– +40 +33 +2 +1 +0 +4 +75 +1 counted$/);
    expect(JSON.parse((await orgkeeper('sweeps', '--json')).stdout)).toMatchObject([
      { sweepId: 'night-2', drifted: 1, finished: { ...tally, seconds: 75 } },
    ]);
  });

  it('says that there was none', async () => {
    expect((await orgkeeper('sweeps')).stderr).toBe('No sweep in this time.\n');
  });
});

describe('rejected', () => {
  it('lists the rejected requests, newest first, with who sent them and why', async () => {
    const rejection = { reason: 'InvalidRequest', message: 'It names no account.', problems: [] };
    await putRejection(table, aRejected('event-1', { rejectedAt: at(1) }), rejection);
    await putRejection(table, aRejected('event-2', { rejectedAt: at(2), sentBy: OTHER }), rejection);
    const { stdout } = await orgkeeper('rejected', '--json');
    expect(JSON.parse(stdout)).toMatchObject([
      { rejectedAt: at(2), reason: 'InvalidRequest', cause: { id: 'event-2' }, sentBy: OTHER },
      { rejectedAt: at(1), cause: { id: 'event-1' }, accountId: MEMBER },
    ]);
    const page = await orgkeeper('rejected', '--limit', '1');
    expect(page.stdout).toBe(
      `2026-11-20 02:00:00Z  InvalidRequest  AccountRegistrationRequested event-2  sent by ${OTHER}  account ${MEMBER}\n` +
        '  It names no account.\n',
    );
    expect(page.stderr).toContain(`--before '${at(2)}#event-2'`);
    expect((await orgkeeper('rejected', '--since', at(3))).stderr).toBe(
      'No request was rejected in this time.\n',
    );
  });
});

describe('a time in the past', () => {
  const now = Date.parse('2026-11-20T12:00:00.000Z');

  it.each([
    ['90m', '2026-11-20T10:30:00.000Z'],
    ['24h', '2026-11-19T12:00:00.000Z'],
    ['2w', '2026-11-06T12:00:00.000Z'],
    ['2026-11-01', '2026-11-01T00:00:00.000Z'],
    ['2026-11-01T02:00:00+02:00', '2026-11-01T00:00:00.000Z'],
  ])('is %s', (text, time) => {
    expect(timeBack(text, undefined, now)).toBe(time);
  });

  it.each(['', '24', 'h', '-1h', '1.5h', '24 h', '2026-02-30', 'yesterday', '999999w'])(
    "is not '%s'",
    (text) => {
      expect(() => timeBack(text, undefined, now)).toThrow(/^It /);
    },
  );
});
