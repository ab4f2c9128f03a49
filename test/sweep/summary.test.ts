import { Metrics } from '@aws-lambda-powertools/metrics';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { announceNight } from '../../controllers/sweep/summary.ts';
import { sweepHandler } from '../../controllers/sweep/sweep.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { announcements } from '../../shared/domain/announcements.ts';
import type { Sweep } from '../../shared/domain/control.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import { SweepMessage } from '../../shared/domain/work.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { captured } from '../kit/captured.ts';
import { aConfig, aPass, aRecord, aRollout, aStatus } from '../kit/factories.ts';
import { type FakeMain, fakeMain } from '../kit/fake-main.ts';
import { aMessage, batch, secondsLeft, silentLogger } from '../kit/lambda.ts';
import { noBucket } from '../kit/review-bucket.ts';

const NIGHT = '2026-11-20T02:00:00Z';
const minutes = (count: number) => new Date(Date.parse(NIGHT) + count * 60_000);
const hoursAgo = (count: number) => minutes(-60 * count).toISOString();
const [READY, LATE, FRESH, OLD] = ['111111111111', '222222222222', '333333333333', '444444444444'] as const;
const refused = (changedAt: string) => [
  {
    type: 'Access',
    status: 'False',
    reason: 'AccessRefused',
    message: 'The "role" refuses.',
    changedAt,
  } as const,
];

let fake: FakeMain;
let time: Date;
beforeEach(() => {
  time = minutes(1);
  fake = fakeMain();
  keep(READY);
  ran(READY);
  keep(LATE);
  const lastPass = aPass({ result: 'failed' });
  ran(LATE, { ready: false, unreadySince: hoursAgo(30), conditions: refused(hoursAgo(2)), lastPass });
  keep(FRESH, { changedAt: hoursAgo(1) });
  keep(OLD, { lifecycle: 'unmanaged' });
});

function keep(accountId: string, given: Partial<AccountRecord> = {}): void {
  const record = aRecord({ accountId, name: `name of ${accountId}`, ...given });
  fake.store.put({ ...record, ...accountKey(accountId), collection: 'account', collectionKey: accountId });
}

function ran(accountId: string, given: Partial<AccountStatus> = {}): void {
  const status = aStatus({ accountId, ...given });
  fake.store.put({ ...status, ...statusKey(accountId) });
}

/** A sweep of all accounts whose runs have ended, unless something else is given. */
function swept(
  sweepId: string,
  startedAt: string,
  given: { readonly [K in keyof Sweep]?: Sweep[K] | undefined } = {},
): void {
  const counts = { accounts: 3, unchanged: 1, corrected: 1, drifted: 0, waiting: 0, failed: 1 };
  fake.store.put({
    ...{ sweepId, startedAt, accounts: 3, drifted: 1, stopped: false, fleet: true },
    finished: { ...counts, lastAt: startedAt, worst: [], seconds: 94, unreadable: 0 },
    ...given,
    ...{
      pk: `sweep#${sweepId}`,
      sk: 'progress',
      collection: 'sweep',
      collectionKey: `${startedAt}#${sweepId}`,
    },
  });
}

/** The sweep function's answer to a task, and the metrics that it wrote. */
async function carryOut(task: object): Promise<Record<string, unknown>[]> {
  const { logger } = silentLogger();
  const handler = sweepHandler({
    config: aConfig({ onboard: { since: NIGHT } }),
    main: fake.main,
    organization: {
      describe: async () => undefined,
      tags: async () => ({}),
      place: async () => ({ units: [], path: '/' }),
      async *pages() {},
    },
    logger,
    bucket: noBucket,
    loadMetrics: async () => new Metrics({ namespace: 'Orgkeeper', serviceName: 'sweep' }),
    now: () => time,
  });
  delete process.env.POWERTOOLS_METRICS_DISABLED;
  let answer: unknown;
  const { stdout } = await captured(async () => {
    answer = await handler(batch(aMessage(task)), secondsLeft(300));
  });
  expect(answer).toEqual({ batchItemFailures: [] });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const begin = (night = NIGHT) => carryOut({ task: 'summary', night });
const tick = (at: Date) => announceNight(at, { main: fake.main });
const told = () =>
  fake.put.filter(({ detailType }) => detailType === 'FleetSummary').map(({ detail }) => detail);

describe('FleetSummary', () => {
  it('is announced once, when the sweep of all accounts has ended, whatever is delivered again', async () => {
    await begin();
    swept('sweep-1', minutes(0).toISOString(), { finished: undefined });
    expect([await tick(minutes(2)), told()]).toEqual([false, []]);
    swept('sweep-1', minutes(0).toISOString());
    expect(await tick(minutes(3))).toBe(true);
    expect(await tick(minutes(4))).toBe(false);
    await begin();
    expect(await tick(minutes(20))).toBe(false);
    expect(told()).toEqual([
      {
        night: minutes(0).toISOString(),
        ...{ accounts: 3, ready: 1, notReady: 2, notReadyForADay: 1 },
        states: { unmanaged: 1, pending: 1, active: 1, paused: 0, failed: 1, retired: 0, departed: 0 },
        reasons: [
          { reason: 'Access AccessRefused', accounts: 1 },
          { reason: 'State pending', accounts: 1 },
        ],
        worst: [
          {
            ...{ accountId: LATE, name: `name of ${LATE}`, state: 'failed', since: hoursAgo(30) },
            ...{ reason: 'Access AccessRefused', message: 'The "role" refuses.' },
          },
        ],
        sweep: {
          ...{ sweepId: 'sweep-1', startedAt: minutes(0).toISOString(), stopped: false, seconds: 94 },
          ...{ accounts: 3, unchanged: 1, corrected: 1, drifted: 0, waiting: 0, failed: 1, unreadable: 0 },
        },
        haltedRollouts: [],
        message:
          `1 of 3 managed accounts are ready; not ready for more than a day: 1, for the longest time account ${LATE} (Access AccessRefused). ` +
          'The sweep of the night ran 3 accounts: corrected 1, drifted 0, waiting 0, failed 1.',
      },
    ]);
    expect(announcements.FleetSummary.safeParse(told()[0]).error).toBeUndefined();
  });

  it('requests the page of its day (UTC), once it was announced', async () => {
    await begin('2026-11-20T04:00:00+02:00');
    expect(fake.sentTo('sweep')).toEqual([]);
    swept('sweep-1', minutes(0).toISOString());
    await tick(minutes(3));
    expect(fake.sentTo('sweep')).toEqual([{ task: 'page', day: '2026-11-20' }]);
    expect(SweepMessage.safeParse(fake.sentTo('sweep')[0]).success).toBe(true);
  });

  it('is announced again the next night', async () => {
    await begin();
    swept('sweep-1', minutes(0).toISOString());
    await tick(minutes(3));
    time = minutes(24 * 60 + 1);
    await begin(minutes(24 * 60).toISOString());
    expect(await tick(minutes(24 * 60 + 2))).toBe(false);
    swept('sweep-2', minutes(24 * 60).toISOString());
    expect(await tick(minutes(24 * 60 + 3))).toBe(true);
    expect(told().map(({ night, sweep }) => [night, sweep])).toMatchObject([
      [minutes(0).toISOString(), { sweepId: 'sweep-1' }],
      [minutes(24 * 60).toISOString(), { sweepId: 'sweep-2' }],
    ]);
  });

  it('is announced later if the tick that announces it is killed, and then once', async () => {
    await begin();
    swept('sweep-1', minutes(0).toISOString());
    const { eventBridge } = fake.main.bus;
    const { send } = eventBridge;
    eventBridge.send = () => Promise.reject(new Error('killed'));
    await expect(tick(minutes(3))).rejects.toThrow('killed');
    eventBridge.send = send;
    expect([await tick(minutes(4)), await tick(minutes(8))]).toEqual([false, false]);
    expect([await tick(minutes(10)), await tick(minutes(30))]).toEqual([true, false]);
    expect(told()).toHaveLength(1);
  });

  it('is announced by one of two ticks at the same time', async () => {
    await begin();
    swept('sweep-1', minutes(0).toISOString());
    const both = await Promise.all([tick(minutes(3)), tick(minutes(3))]);
    expect(both.filter(Boolean)).toHaveLength(1);
    expect(told()).toHaveLength(1);
  });

  it('comes after four hours without a sweep, and says so', async () => {
    await begin();
    expect(await tick(minutes(239))).toBe(false);
    expect(await tick(minutes(241))).toBe(true);
    expect(told()[0]).toMatchObject({
      message: expect.stringContaining('No sweep of all accounts has ended'),
    });
    expect(told()[0]).not.toHaveProperty('sweep');
    expect(announcements.FleetSummary.safeParse(told()[0]).error).toBeUndefined();
  });

  it('tells of the first sweep of all accounts in the night, and of no other', async () => {
    await begin();
    swept('before', minutes(-10).toISOString());
    swept('baseline', minutes(1).toISOString(), { fleet: undefined, baseline: 'analytics' });
    expect(await tick(minutes(2))).toBe(false);
    swept('of the night', minutes(1).toISOString(), { stopped: true });
    swept('of a person', minutes(20).toISOString());
    expect(await tick(minutes(30))).toBe(true);
    expect(told()).toMatchObject([
      { sweep: { sweepId: 'of the night' }, message: expect.stringContaining('its brake stopped it') },
    ]);
  });

  it('waits for the first sweep although a later one has ended, but not for ever', async () => {
    await begin();
    swept('of the night', minutes(1).toISOString(), { finished: undefined });
    swept('of a person', minutes(20).toISOString());
    expect([await tick(minutes(30)), told()]).toEqual([false, []]);
    expect(await tick(minutes(241))).toBe(true);
    expect(told()).toMatchObject([{ sweep: { sweepId: 'of a person' } }]);
  });

  it('is not asked for by a request that calls itself nightly', async () => {
    const cause = {
      source: 'orgkeeper.request',
      detailType: 'DriftSweepRequested',
      id: 'x',
      reason: 'nightly',
    };
    swept('sweep-1', minutes(0).toISOString(), { cause });
    expect([await tick(minutes(3)), told()]).toEqual([false, []]);
  });

  it('names the roll-outs that have halted', async () => {
    const stage = { is: 'halted', wave: 1, reason: 'TooManyFailures', message: 'no' } as const;
    const key = { sk: 'rollout', collection: 'rollout' };
    fake.store.put({ ...aRollout({ stage }), ...key, pk: 'rollout#a', collectionKey: 'a' });
    const ended = aRollout({ id: 'b', stage: { is: 'finished' } });
    fake.store.put({ ...ended, ...key, pk: 'rollout#b', collectionKey: 'b' });
    await begin();
    swept('sweep-1', minutes(0).toISOString());
    await tick(minutes(3));
    expect(told()).toMatchObject([
      {
        haltedRollouts: [{ rolloutId: 'analytics-4-abcdef', wave: 2, reason: 'TooManyFailures' }],
        message: expect.stringContaining('Roll-outs that have halted: analytics-4-abcdef in wave 2.'),
      },
    ]);
  });

  it('counts accounts with an item that cannot be read as failed, and goes on', async () => {
    const broken = { collectionKey: READY, version: 3 };
    fake.store.put({ ...broken, ...statusKey(READY) });
    fake.store.put({ ...broken, ...accountKey(FRESH), collection: 'account', collectionKey: FRESH });
    await begin();
    swept('sweep-1', minutes(0).toISOString());
    await tick(minutes(3));
    expect(told()).toMatchObject([
      { ready: 0, states: { failed: 3 }, reasons: [{ reason: 'Items UnreadableItem', accounts: 2 }, {}] },
    ]);
  });

  it('reads the records of the fleet in the index, and their statuses a hundred a call', async () => {
    for (let index = 0; index < 1_000; index++) {
      keep(String(500_000_000_000 + index));
      ran(String(500_000_000_000 + index), { outputs: { 'vpc.id': 'vpc-1' } });
    }
    await begin();
    swept('sweep-1', minutes(0).toISOString());
    const before = { ...fake.store.calls };
    await tick(minutes(3));
    expect(told()).toMatchObject([{ accounts: 1_003, ready: 1_001 }]);
    const made = (command: string) => (fake.store.calls[command] ?? 0) - (before[command] ?? 0);
    // Statuses; what is paused, and the night; the claim, and its end; records, sweeps and roll-outs.
    expect([made('BatchGetCommand'), made('GetCommand'), made('UpdateCommand')]).toEqual([11, 2, 2]);
    expect(made('QueryCommand')).toBeLessThan(10);
  });
});

describe('the metrics of the sweep function', () => {
  it('are how the fleet stands, each hour', async () => {
    const lines = await carryOut({ task: 'list' });
    const accounts = Object.fromEntries(
      lines.flatMap(({ State, Accounts }) => (State ? [[State, Accounts]] : [])),
    );
    expect(accounts).toEqual({
      ...{ unmanaged: 1, pending: 1, active: 1, paused: 0, failed: 1, retired: 0, departed: 0 },
    });
    const late = lines.filter((line) => 'AccountsNotReadyForADay' in line);
    expect(late).toMatchObject([{ AccountsNotReadyForADay: 1, service: 'sweep' }]);
    expect(late[0]?._aws).toMatchObject({
      CloudWatchMetrics: [{ Namespace: 'Orgkeeper', Dimensions: [['service']] }],
    });
  });

  it('say each minute that a sweep is stopped, until it has ended', async () => {
    const sweep = { fleet: undefined, finished: undefined, stopped: true };
    swept('sweep-1', minutes(0).toISOString(), sweep);
    const item = fake.store.items('sweep#sweep-1')[0];
    fake.store.put({ ...item, pk: 'sweep#sweep-1', sk: 'progress', due: 'sweep', dueAt: NIGHT });
    fake.store.put({
      ...{ pk: 'sweep#sweep-1', sk: 'part#1', sweepId: 'sweep-1', name: '1' },
      ...{ accountIds: [FRESH], since: NIGHT },
    });
    const stopped = async () =>
      (await carryOut({ task: 'due' }))
        .filter((line) => 'SweepsStopped' in line)
        .map((line) => line.SweepsStopped);
    expect(await stopped()).toEqual([1]);
    time = minutes(2);
    ran(FRESH, { lastPass: aPass({ startedAt: minutes(1).toISOString() }) });
    expect(await stopped()).toEqual([1]);
    time = minutes(10);
    expect(await stopped()).toEqual([]);
  });

  it('say that a roll-out has halted', async () => {
    const rollout = aRollout({
      stage: { is: 'rolling', wave: 0 },
      failures: '0',
      dueAt: NIGHT,
      waves: ['100%'],
    });
    const pk = `rollout#${rollout.id}`;
    fake.store.put({ ...rollout, pk, sk: 'rollout', collection: 'rollout', collectionKey: 'a' });
    fake.store.put({ pk, sk: 'plan#forth', waves: [[LATE]] });
    keep(LATE, { baseline: rollout.to });
    const lines = await carryOut({ task: 'rollout', rolloutId: rollout.id });
    expect(lines.filter((line) => 'RolloutsHalted' in line)).toMatchObject([{ RolloutsHalted: 1 }]);
    expect(fake.put.map(({ detailType }) => detailType)).toEqual(['RolloutHalted']);
  });
});
