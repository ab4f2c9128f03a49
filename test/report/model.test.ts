import { describe, expect, it } from '@jest/globals';
import {
  type DifferingByDay,
  type FleetReport,
  makeReport,
  noteDiffering,
  type ReportParts,
  seen,
} from '../../controllers/report/model.ts';
import { accountView } from '../../shared/domain/account-view.ts';
import { RUNNING } from '../../shared/domain/control.ts';
import { UnreadableItem } from '../../shared/domain/errors.ts';
import type { AccountStatus, Difference } from '../../shared/domain/status.ts';
import type { ListedAccount } from '../../shared/store/listed-accounts.ts';
import type { FleetPass } from '../../shared/store/statuses.ts';
import { aPass, aRecord, aStatus } from '../kit/factories.ts';
import { reportedFleet } from '../kit/reported-fleet.ts';

const NOW = new Date('2026-11-20T06:00:00.000Z');
const [A, B, C] = ['111111111111', '222222222222', '333333333333'] as const;
const SINCE_LONG = '2026-01-01T00:00:00.000Z';

function listed(accountId: string, given: Partial<AccountStatus> = {}, record = {}): ListedAccount {
  const kept = aRecord({ accountId, externalId: `secret-of-${accountId}`, ...record });
  const view = accountView({
    record: kept,
    status: aStatus({ accountId, ...given }),
    control: RUNNING,
    now: NOW,
  });
  return { view, record: kept, readySince: SINCE_LONG };
}

function refused(accountId: string, type: string, reason: string, message: string): ListedAccount {
  const condition = {
    type,
    reason,
    message,
    status: 'False' as const,
    changedAt: '2026-11-19T00:00:00.000Z',
  };
  return listed(accountId, { ready: false, conditions: [condition], lastPass: aPass({ result: 'failed' }) });
}

const difference = (kind: string, given: Partial<Difference> = {}): Difference => ({
  ...{ kind, resource: 'it', path: 'tags', action: 'updated' },
  ...given,
});

const run = (accountId: string, startedAt: string, ...differences: Difference[]): FleetPass => ({
  ...aPass({ id: startedAt, startedAt, result: 'corrected', differences }),
  accountId,
});

/** The report on these accounts and runs, as they are stored. */
function made({
  accounts = [],
  passes = [],
  ...parts
}: Partial<Omit<ReportParts, 'accounts' | 'differing'> & { accounts: ListedAccount[] }>): FleetReport {
  const nothing = { sweeps: [], rollouts: [], rejected: [], unreadable: [], control: RUNNING };
  const differing: DifferingByDay = new Map();
  for (const pass of passes) {
    const account = accounts.find(({ view }) => view.accountId === pass.accountId);
    noteDiffering(differing, pass, account?.readySince);
  }
  const times = { since: '2026-11-19T06:00:00.000Z', now: NOW };
  return makeReport({ ...nothing, ...times, accounts: accounts.map(seen), passes, differing, ...parts });
}

describe('The report of a fleet', () => {
  it('counts each account once, and those that nobody manages as neither ready nor not ready', () => {
    const accounts = [
      listed(A),
      refused(B, 'Network', 'InUse', 'It is used.'),
      listed(C, {}, { lifecycle: 'unmanaged' }),
    ];
    expect(made({ accounts }).counts).toEqual({
      ...{ accounts: 3, managed: 2, ready: 1, notReady: 1, corrected: 0, drifted: 0 },
      states: { active: 1, failed: 1, unmanaged: 1 },
    });
  });

  it('groups the accounts that are not ready by reason, with what the conditions say, whatever account they name', () => {
    const say = (id: string) => `Subnet of ${id} is used: remove it.`;
    const accounts = [
      ...[refused(B, 'Network', 'InUse', say(B)), refused(A, 'Network', 'InUse', say(A))],
      refused(C, 'Access', 'AccessDenied', 'It refuses.'),
    ];
    expect(made({ accounts }).reasons).toEqual([
      { reason: 'Network InUse', accountIds: [A, B], messages: ['Subnet of ID is used: remove it.'] },
      { reason: 'Access AccessDenied', accountIds: [C], messages: ['It refuses.'] },
    ]);
  });

  it('lists who is not ready first', () => {
    const accounts = [listed(A), refused(B, 'Network', 'InUse', 'It is used.'), listed(C)];
    expect(made({ accounts }).accounts.map(({ accountId }) => accountId)).toEqual([B, A, C]);
  });

  it('shows the runs since the time, whom they corrected, and no ExternalId', () => {
    const secret = difference('executionRole', { actual: { note: `secret-of-${A}` } });
    const { runs, counts } = made({
      accounts: [listed(A), listed(B)],
      passes: [
        run(A, '2026-11-20T02:00:00.000Z', secret),
        run(B, '2026-11-20T01:00:00.000Z', difference('network', { action: 'reported' })),
        run(B, '2026-11-18T01:00:00.000Z', difference('network')),
      ],
    });
    expect(runs.map(({ accountId, at }) => [accountId, at.slice(0, 10)])).toEqual([
      [A, '2026-11-20'],
      [B, '2026-11-20'],
    ]);
    expect(counts.corrected).toBe(1);
    expect(JSON.stringify(runs)).not.toContain('secret-of-');
  });

  it('charts 30 days, an account once a kind and day, without runs from before it was first ready', () => {
    const { chart } = made({
      accounts: [listed(A), { ...listed(B), readySince: '2026-11-20T03:00:00.000Z' }],
      passes: [
        run(A, '2026-11-20T02:00:00.000Z', difference('network'), difference('roles')),
        run(A, '2026-11-20T01:00:00.000Z', difference('network'), difference('network')),
        run(B, '2026-11-20T02:00:00.000Z', difference('network', { action: 'created' })),
        run(A, '2026-10-22T01:00:00.000Z', difference('roles')),
        run(A, '2026-10-21T01:00:00.000Z', difference('roles')),
      ],
    });
    expect(chart.kinds).toEqual(['network', 'roles']);
    expect(chart.days).toHaveLength(30);
    expect(chart.days.at(-1)).toEqual({ day: '2026-11-20', counts: [1, 1] });
    expect(chart.days[0]).toEqual({ day: '2026-10-22', counts: [0, 1] });
    expect(chart.days.flatMap(({ counts }) => counts).reduce((sum, count) => sum + count)).toBe(3);
  });

  it('shows the roll-outs that are open, and those that ended since the time', () => {
    const [halted] = reportedFleet(0).rollouts;
    if (!halted) throw new Error('the fleet has a roll-out');
    const ended = { ...halted, id: 'ended', stage: { is: 'finished' as const } };
    const recent = { ...ended, id: 'recent', changedAt: '2026-11-20T01:00:00.000Z' };
    expect(made({ rollouts: [halted, ended, recent] }).rollouts).toMatchObject([
      { rolloutId: 'rollout-1', state: 'halted', wave: 2, message: expect.stringMatching(/^6 of 100/) },
      { rolloutId: 'recent', state: 'finished' },
    ]);
  });

  it('lists the exceptions that hold, the first to end first', () => {
    const excepting = (accountId: string, ...untils: string[]): ListedAccount => {
      const exceptions = untils.map((until) => ({
        ...{ path: `network:${until.slice(0, 4)}`, until, because: 'x', request: 'event-5', at: '' },
      }));
      const record = aRecord({ accountId, exceptions });
      return { record, view: accountView({ record, control: RUNNING, now: NOW }) };
    };
    const over = '2025-01-01T00:00:00.000Z';
    const accounts = [
      excepting(A, '2028-01-01T00:00:00.000Z', over),
      excepting(B, '2027-01-01T00:00:00.000Z'),
      listed(C),
    ];
    expect(made({ accounts }).exceptions.map(({ accountId, path }) => `${accountId} ${path}`)).toEqual([
      `${B} network:2027`,
      `${A} network:2028`,
    ]);
  });

  it('names the items that cannot be read, what is paused among them', () => {
    const item = (pk: string, sk: string) =>
      new UnreadableItem({ pk, sk }, [{ path: 'a', message: 'is missing' }]);
    const control = { ...RUNNING, fleetPaused: true, unreadable: item('control', 'fleet') };
    const { unreadable, fleetPaused } = made({ unreadable: [item('rollout#x', 'rollout')], control });
    expect(fleetPaused).toBe(true);
    const wrong =
      'of the table cannot be read: a is missing. Correct it in the table, or restore it from a backup.';
    expect(unreadable).toEqual([
      { item: 'control / fleet', message: `The item control / fleet ${wrong}` },
      { item: 'rollout#x / rollout', message: `The item rollout#x / rollout ${wrong}` },
    ]);
  });

  it('shows of a sweep what `sweeps --json` shows, and nothing else that its item holds', () => {
    const sweep = {
      sweepId: 'night',
      accounts: 3,
      drifted: 1,
      stopped: false,
      startedAt: '2026-11-20T02:00:00.000Z',
    };
    const stored = { ...sweep, cursor: A, driftedAccounts: new Set([A]) };
    expect(made({ sweeps: [stored] }).sweeps).toEqual([sweep]);
  });

  it('shows how the baselines are spread, the newest version of each first', () => {
    const of = (id: string, version: number, lifecycle = 'managed') =>
      listed(id, {}, { baseline: { name: 'analytics', version }, lifecycle });
    expect(made({ accounts: [of(A, 3), of(B, 4), of(C, 9, 'retired')] }).baselines).toEqual([
      { name: 'analytics', version: 4, accounts: 1, ready: 1, isNewest: true },
      { name: 'analytics', version: 3, accounts: 1, ready: 1, isNewest: false },
    ]);
  });
});
