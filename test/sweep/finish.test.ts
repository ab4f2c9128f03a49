import { beforeEach, describe, expect, it } from '@jest/globals';
import { requestSweep, sweepFleet } from '../../controllers/fleet/sweep-fleet.ts';
import { finishSweeps } from '../../controllers/sweep/finish.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { announcements } from '../../shared/domain/announcements.ts';
import type { AccountStatus, PassRecord } from '../../shared/domain/status.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { getSweep } from '../../shared/store/controls.ts';
import { partsOf } from '../../shared/store/sweep-parts.ts';
import { aPass, aRecord, aStatus } from '../kit/factories.ts';
import { type FakeMain, fakeMain } from '../kit/fake-main.ts';

const SWEEP = 'sweep-1';
const ASKED = '2026-11-20T12:00:00Z';
const cause = { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: SWEEP };
const [A, B, C] = ['111111111111', '222222222222', '333333333333'] as const;
const later = (seconds: number) => new Date(Date.parse(ASKED) + seconds * 1000);
const refused = { status: 'False', reason: 'AccessRefused', message: 'The role refuses.' } as const;
const condition = { type: 'Access', changedAt: ASKED };

let fake: FakeMain;
beforeEach(() => {
  fake = fakeMain();
});

function keep(accountId: string, given: Partial<AccountRecord> = {}): void {
  const collection = { collection: 'account', collectionKey: accountId };
  fake.store.put({
    ...aRecord({ accountId, name: `name of ${accountId}`, ...given }),
    ...accountKey(accountId),
    ...collection,
  });
}

/** What a run of the account leaves; by default the one that the sweep requested, a minute later. */
function ran(accountId: string, run: Partial<PassRecord>, given: Partial<AccountStatus> = {}): void {
  const times = { startedAt: later(60).toISOString(), finishedAt: later(61).toISOString() };
  const lastPass = aPass({ cause, ...times, ...run });
  fake.store.put({ ...aStatus({ accountId, ...given, lastPass }), ...statusKey(accountId) });
}

const tick = async (now: Date, timeLeft = () => true) =>
  (await finishSweeps(now, { main: fake.main, timeLeft })).announced;
const told = () =>
  fake.put.filter(({ detailType }) => detailType === 'SweepFinished').map(({ detail }) => detail);
const sweepThem = (...accountIds: string[]) =>
  requestSweep({ accountIds }, { cause, time: ASKED, arrivedAt: ASKED }, { main: fake.main });

describe('a sweep whose request arrives hours late', () => {
  it('waits for runs from its arrival on', async () => {
    const arrivedAt = later(4 * 3600).toISOString();
    keep(A);
    await requestSweep({ accountIds: [A] }, { cause, time: ASKED, arrivedAt }, { main: fake.main });
    ran(A, { cause: { ...cause, id: 'another' }, startedAt: later(2 * 3600).toISOString() });
    expect([await tick(later(4 * 3600 + 30)), told()]).toEqual([0, []]);
    ran(A, { startedAt: later(4 * 3600 + 40).toISOString() });
    expect(await tick(later(4 * 3600 + 90))).toBe(1);
    expect(told()).toMatchObject([{ accounts: 1, unchanged: 1 }]);
  });
});

describe('a sweep of named accounts', () => {
  beforeEach(async () => {
    for (const id of [A, B, C]) keep(id);
    await sweepThem(A, B, C);
  });

  it('is announced once when the last of its runs has ended, with a count for each result', async () => {
    ran(A, { result: 'unchanged' });
    ran(B, { result: 'corrected', finishedAt: later(75).toISOString() });
    expect([await tick(later(90)), told()]).toEqual([0, []]);
    ran(C, { result: 'failed' }, { ready: false, conditions: [{ ...condition, ...refused }] });
    expect(await tick(later(150))).toBe(1);
    expect(await tick(later(210))).toBe(0);
    expect(told()).toEqual([
      {
        ...{ sweepId: SWEEP, startedAt: ASKED, stopped: false, cause, seconds: 75 },
        ...{ accounts: 3, unchanged: 1, corrected: 1, drifted: 0, waiting: 0, failed: 1, unreadable: 0 },
        worst: [
          {
            accountId: C,
            name: `name of ${C}`,
            result: 'failed',
            reason: 'AccessRefused',
            message: 'The role refuses.',
          },
        ],
      },
    ]);
    expect(announcements.SweepFinished.safeParse(told()[0]).success).toBe(true);
    expect((await getSweep(fake.main.table, SWEEP))?.finished).toMatchObject({ accounts: 3, failed: 1 });
  });

  it('requests no page: only the summary of the night does', async () => {
    for (const id of [A, B, C]) ran(id, {});
    expect(await tick(later(90))).toBe(1);
    expect(fake.sentTo('sweep')).toEqual([]);
  });

  it('counts a run of another cause that began after the request, and no earlier one', async () => {
    ran(A, {});
    ran(B, {});
    const other = { ...cause, id: 'another' };
    ran(C, { cause: other, startedAt: '2026-11-20T11:59:59.000Z' });
    expect(await tick(later(90))).toBe(0);
    ran(C, { cause: other, startedAt: '2026-11-20T12:00:30.000Z' });
    expect(await tick(later(150))).toBe(1);
  });

  it('waits for a run that failed for a passing reason, until it is parked', async () => {
    ran(A, {});
    ran(B, {});
    const conditions = [{ ...condition, ...refused, status: 'Unknown' as const, reason: 'Throttled' }];
    ran(C, { result: 'failed' }, { ready: false, conditions });
    expect(await tick(later(90))).toBe(0);
    ran(C, { result: 'failed' }, { ready: false, conditions, dueAt: later(900).toISOString() });
    expect(await tick(later(150))).toBe(1);
    expect(told()).toMatchObject([{ failed: 1, worst: [{ accountId: C, reason: 'Throttled' }] }]);
  });

  it('does not wait for accounts that are no longer managed', async () => {
    ran(A, {});
    keep(B, { lifecycle: 'retired' });
    fake.store.remove(accountKey(C));
    expect(await tick(later(90))).toBe(1);
    expect(told()).toMatchObject([{ accounts: 1, unchanged: 1, worst: [] }]);
  });

  it('ends after three hours, and counts a run without a result as failed', async () => {
    ran(A, {});
    ran(B, {});
    expect(await tick(later(3 * 3600))).toBe(0);
    expect(await tick(later(3 * 3600 + 60))).toBe(1);
    expect(told()).toMatchObject([{ accounts: 3, failed: 1, worst: [{ accountId: C, reason: 'NoResult' }] }]);
  });

  it('counts an account whose status cannot be read as failed', async () => {
    ran(A, {});
    ran(B, {});
    fake.store.put({ ...statusKey(C), version: 3 });
    expect(await tick(later(90))).toBe(1);
    expect(told()).toMatchObject([{ failed: 1, worst: [{ accountId: C, reason: 'UnreadableItem' }] }]);
  });

  it('is announced again only if whoever ended it has not announced it in two minutes', async () => {
    for (const id of [A, B, C]) ran(id, {});
    const { eventBridge } = fake.main.bus;
    const { send } = eventBridge;
    eventBridge.send = () => Promise.reject(new Error('killed'));
    await expect(tick(later(90))).rejects.toThrow('killed');
    eventBridge.send = send;
    expect(await tick(later(150))).toBe(0);
    expect([await tick(later(211)), await tick(later(400))]).toEqual([1, 0]);
    expect(told()).toHaveLength(1);
  });

  it('stays announced when its request is delivered again', async () => {
    for (const id of [A, B, C]) ran(id, {});
    await tick(later(90));
    await sweepThem(A, B, C);
    expect(await tick(later(150))).toBe(0);
  });
});

describe('a sweep with a part that cannot be read', () => {
  const broken = { pk: `sweep#${SWEEP}`, sk: 'part#named#500', sweepId: SWEEP, accountIds: 'none' };
  beforeEach(async () => {
    keep(A);
    await sweepThem(A);
    fake.store.put(broken);
  });

  it('ends without its accounts once its other runs have ended, and says so', async () => {
    expect([await tick(later(90)), told()]).toEqual([0, []]);
    ran(A, {});
    expect(await tick(later(150))).toBe(1);
    expect(await tick(later(400))).toBe(0);
    expect(told()).toMatchObject([{ accounts: 1, unchanged: 1, unreadable: 1 }]);
    expect((await getSweep(fake.main.table, SWEEP))?.finished).toMatchObject({ unreadable: 1 });
  });

  it('does not hold up other sweeps', async () => {
    keep(B);
    const other = { ...cause, id: 'sweep-2' };
    await requestSweep(
      { accountIds: [B] },
      { cause: other, time: ASKED, arrivedAt: ASKED },
      { main: fake.main },
    );
    ran(B, { cause: other });
    expect(await tick(later(90))).toBe(1);
    expect(told()).toMatchObject([{ sweepId: 'sweep-2', unreadable: 0 }]);
  });

  it('ends with none if all of its parts are such', async () => {
    fake.store.remove({ pk: broken.pk, sk: 'part#named#0' });
    expect(await tick(later(90))).toBe(1);
    expect(told()).toMatchObject([{ accounts: 0, unreadable: 1, seconds: 0, worst: [] }]);
  });
});

describe('a sweep of the fleet', () => {
  const message = { task: 'sweep', sweepId: SWEEP, cause, requestedAt: ASKED } as const;
  const send = (timeLeft = () => true) =>
    sweepFleet(message, { main: fake.main, timeLeft, now: () => later(5) });

  const parts = async () => (await partsOf(fake.main.table, SWEEP)).items;

  it('does not end before all of its work is sent', async () => {
    keep(A);
    ran(A, {});
    await send(() => false);
    expect(await tick(later(90))).toBe(0);
    await send();
    expect(await tick(later(90))).toBe(1);
    expect(told()).toMatchObject([{ accounts: 1 }]);
  });

  it('leaves out retiring accounts, which have no result that a fleet is judged by', async () => {
    keep(A);
    keep(B, { lifecycle: 'retiring' });
    await send();
    ran(A, { result: 'drifted' });
    expect(await tick(later(90))).toBe(1);
    expect(told()).toMatchObject([{ accounts: 1, drifted: 1 }]);
  });

  it('reads each account of a part that is complete once, however long the others take', async () => {
    for (let index = 0; index < 700; index++) keep(String(400_000_000_000 + index));
    await send();
    expect((await parts()).map(({ accountIds }) => accountIds.length)).toEqual([500, 200]);
    for (let index = 0; index < 699; index++) ran(String(400_000_000_000 + index), {});
    expect(await tick(later(90))).toBe(0);
    expect((await parts()).map(({ tally }) => tally?.accounts)).toEqual([500, undefined]);
    // A later run changes nothing of what is counted.
    ran('400000000000', { result: 'failed' }, { conditions: [{ ...condition, ...refused }] });
    ran('400000000699', {});
    expect(await tick(later(150))).toBe(1);
    expect(told()).toMatchObject([{ accounts: 700, unchanged: 700, failed: 0 }]);
  });
});
