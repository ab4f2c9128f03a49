import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { advanceRollout } from '../../controllers/fleet/advance-rollout.ts';
import { createOnboarding } from '../../controllers/fleet/onboarding.ts';
import { deliverOwed } from '../../controllers/fleet/owed.ts';
import { sendRollouts } from '../../controllers/sweep/due.ts';
import type { Main } from '../../shared/aws/main-clients.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { Rollout } from '../../shared/domain/rollout.ts';
import { ordered } from '../../shared/domain/rollout-changes.ts';
import { accountKey, getRecord, statusKey } from '../../shared/store/accounts.ts';
import { createRollout, getRollout, openRolloutOf, saveRollout } from '../../shared/store/rollouts.ts';
import { NOW, useTestTime } from '../kit/clock.ts';
import { aBaselineItem, aConfig, aPass, aRecord, aRollout, aStatus } from '../kit/factories.ts';
import { type FakeMain, fakeMain } from '../kit/fake-main.ts';

const IDS = ['111111111111', '222222222222', '333333333333', '444444444444'];
const [A = '', B = ''] = IDS;
const OLD = { name: 'analytics', version: 3 };
const NEW = { name: 'analytics', version: 4 };
const MINUTE = 60_000;

// A record that owes something is due by the machine's clock.
useTestTime();

/** Four managed accounts on the old version, all ready, and what happens to them. */
function fleet(given: { records?: Partial<AccountRecord>[]; rollout?: Partial<Rollout> } = {}) {
  const records = (given.records ?? IDS.map(() => ({}))).map((more, index) =>
    aRecord({ accountId: IDS[index] ?? String(500_000_000_000 + index), baselineBy: 'rules', ...more }),
  );
  const fake: FakeMain = fakeMain([
    aBaselineItem(),
    aBaselineItem({ version: 4 }),
    ...records.flatMap((record) => [
      { ...record, ...accountKey(record.accountId), collection: 'account', collectionKey: record.accountId },
      { ...aStatus({ accountId: record.accountId }), ...statusKey(record.accountId) },
    ]),
  ]);
  const { table } = fake.main;
  const at = NOW.toISOString();
  const rollout = aRollout({ startedAt: at, changedAt: at, dueAt: at, ...given.rollout });
  /** Accounts whose runs fail. */
  const failing = new Set<string>();
  let now = NOW;
  let handled = 0;

  /** The run of each work message since the last time: it sees the record, and leaves the account ready or not. */
  async function runs(): Promise<void> {
    for (const message of fake.sentTo('work.fifo').slice(handled) as { accountId: string }[]) {
      handled += 1;
      const record = await getRecord(table, message.accountId);
      const failed = failing.has(message.accountId);
      const pass = { startedAt: now.toISOString(), finishedAt: now.toISOString() };
      const status = aStatus({
        accountId: message.accountId,
        observedGeneration: record?.generation ?? 0,
        ready: !failed,
        conditions: failed
          ? [{ type: 'Network', status: 'False', reason: 'InUse', message: 'It is used.', changedAt: '' }]
          : [],
        lastPass: aPass({ ...pass, result: failed ? 'failed' : 'corrected' }),
      });
      fake.store.put({ ...status, ...statusKey(message.accountId) });
    }
  }

  /** One minute: what the tick sends is carried out; a crash ends it. */
  async function minute(main: Main = fake.main): Promise<void> {
    now = new Date(now.getTime() + MINUTE);
    jest.setSystemTime(now);
    const deps = {
      main,
      now: () => now,
      timeLeft: () => true,
      until: new Date(now.getTime() + 5 * MINUTE),
    };
    const sent = fake.sentTo('sweep').length;
    try {
      await deliverOwed(now, deps);
      await sendRollouts(now, deps);
      for (const message of fake.sentTo('sweep').slice(sent) as { rolloutId: string }[])
        await advanceRollout(message.rolloutId, deps);
    } catch (error) {
      if (!(error instanceof Error) || error.message !== CRASH) throw error;
    }
    await runs();
  }

  async function minutes(count: number): Promise<void> {
    for (let passed = 0; passed < count; passed++) await minute();
  }

  const stage = async () => (await getRollout(table, rollout.id))?.stage;
  const versions = async () =>
    Promise.all(records.map(async ({ accountId }) => (await getRecord(table, accountId))?.baseline?.version));
  async function order(given: Parameters<typeof ordered>[1]): Promise<void> {
    const read = await getRollout(table, rollout.id);
    const changed = ordered(read ?? rollout, given, {}, now);
    if ('why' in changed) throw new Error(changed.why);
    expect(await saveRollout(table, changed)).toBe(true);
  }
  return { ...fake, table, rollout, failing, minute, minutes, stage, versions, order, runs, now: () => now };
}

const CRASH = 'the function was killed';

let of: ReturnType<typeof fleet>;
beforeEach(async () => {
  of = fleet();
  await createRollout(of.table, of.rollout);
});

describe('a roll-out', () => {
  it('moves one account, half of them, then all, each wave when the one before has baked', async () => {
    await of.minutes(2);
    expect(await of.versions()).toEqual([4, 3, 3, 3]);
    await of.minutes(28);
    expect(await of.versions()).toEqual([4, 3, 3, 3]);
    await of.minutes(5);
    expect(await of.versions()).toEqual([4, 4, 3, 3]);
    await of.minutes(35);
    expect(await of.versions()).toEqual([4, 4, 4, 4]);
    await of.minutes(35);
    expect(await of.stage()).toEqual({ is: 'finished' });
  });

  it('requests one run of each account that it moves, and leaves it to the rules', async () => {
    await of.minutes(110);
    expect(of.sentTo('work.fifo')).toMatchObject(
      IDS.map((accountId) => ({ accountId, cause: { source: 'orgkeeper', detailType: 'Rollout' } })),
    );
    expect(await getRecord(of.table, A)).toMatchObject({ baselineBy: 'rules', generation: 4 });
  });

  it('halts when an account fails, says so once, and moves no other', async () => {
    of.failing.add(A);
    await of.minutes(120);
    expect(await of.stage()).toMatchObject({ is: 'halted', wave: 0, reason: 'TooManyFailures' });
    expect(await of.versions()).toEqual([4, 3, 3, 3]);
    expect(of.put).toMatchObject([
      {
        detailType: 'RolloutHalted',
        detail: {
          rolloutId: of.rollout.id,
          accountIds: [A],
          remedy: expect.stringContaining(`orgkeeper rollout abort ${of.rollout.id} --roll-back`),
        },
      },
    ]);
  });

  it('goes on when it is resumed after the account was corrected, and halts again when it was not', async () => {
    of.failing.add(A);
    await of.minutes(3);
    await of.order('resume');
    await of.minutes(1);
    expect(await of.stage()).toMatchObject({ is: 'halted' });
    of.failing.clear();
    of.store.put({ ...aStatus({ accountId: A, observedGeneration: 4 }), ...statusKey(A) });
    await of.order('resume');
    await of.minutes(110);
    expect(await of.stage()).toEqual({ is: 'finished' });
  });

  it('gives every account that it moved the old version again when it goes back, and no other', async () => {
    await of.minutes(35);
    expect(await of.versions()).toEqual([4, 4, 3, 3]);
    await of.order('rollBack');
    await of.minutes(3);
    expect(await of.versions()).toEqual([3, 3, 3, 3]);
    expect(await of.stage()).toEqual({ is: 'rolledBack' });
    expect((await getRecord(of.table, B))?.generation).toBe(5);
    expect((await getRecord(of.table, IDS[2] ?? ''))?.generation).toBe(3);
  });

  it('leaves accounts on the new version that were there before it started when it goes back', async () => {
    of = fleet({ records: [{}, { baseline: NEW, baselineBy: 'request' }] });
    await createRollout(of.table, of.rollout);
    await of.minutes(3);
    await of.order('rollBack');
    await of.minutes(3);
    expect(await of.versions()).toEqual([3, 4]);
  });

  it('costs nothing once it has ended, and one query a minute before it has started', async () => {
    await of.minutes(110);
    const { QueryCommand: before = 0, ...others } = { ...of.store.calls };
    await of.minute();
    const { QueryCommand: after = 0, ...same } = of.store.calls;
    // One query for what records owe, one for roll-outs.
    expect(after - before).toBe(2);
    expect(same).toEqual(others);
  });

  it('reads a hundred and twenty accounts by four calls a look, and lists them only when it starts and ends', async () => {
    const records = Array.from({ length: 120 }, () => ({}));
    of = fleet({ records, rollout: { waves: ['100%'] } });
    await createRollout(of.table, of.rollout);
    await of.minutes(3);
    const { BatchGetCommand: before = 0, QueryCommand: queries = 0 } = of.store.calls;
    await of.minutes(6);
    const { BatchGetCommand: after = 0, QueryCommand: more = 0 } = of.store.calls;
    // Of six minutes of baking, in one it is looked at; the queries are those of the ticks.
    expect({ reads: after - before, queries: more - queries }).toEqual({ reads: 4, queries: 12 });
    expect(new Set(await of.versions())).toEqual(new Set([4]));
  });

  it('moves no account any more once a person has paused it, even in the middle of a wave', async () => {
    of = fleet({ rollout: { waves: ['100%'] } });
    await createRollout(of.table, of.rollout);
    let moved = 0;
    of.store.onCall = (command, input) => {
      if (command !== 'TransactWriteCommand' || !JSON.stringify(input).includes('ConditionCheck')) return;
      moved += 1;
      if (moved !== 3) return;
      const paused = { ...of.rollout, version: 99, stage: { is: 'paused', wave: 0 }, due: undefined };
      of.store.put({ ...paused, pk: `rollout#${of.rollout.id}`, sk: 'rollout', dueAt: undefined });
    };
    await of.minutes(5);
    expect(await of.versions()).toEqual([4, 4, 3, 3]);
    expect(await of.stage()).toEqual({ is: 'paused', wave: 0 });
  });

  it('leaves an account that a person assigns elsewhere while it is about to move it', async () => {
    of.store.onCall = (command, input) => {
      // The second read of records: the first is for the decision.
      if (command !== 'BatchGetCommand' || !JSON.stringify(input).includes('desired')) return;
      reads += 1;
      const [item] = of.store.items(`account#${A}`).filter(({ sk }) => sk === 'desired');
      if (reads === 2) of.store.put({ ...item, baseline: { name: 'lake', version: 1 }, generation: 4 });
    };
    let reads = 0;
    await of.minutes(2);
    expect(await getRecord(of.table, A)).toMatchObject({ baseline: { name: 'lake' }, generation: 4 });
  });

  it('moves accounts last to which the rules gave the old version while it had halted', async () => {
    of.failing.add(A);
    await of.minutes(3);
    of.failing.clear();
    const late = aRecord({ accountId: '999999999999', baselineBy: 'rules' });
    const collection = { collection: 'account', collectionKey: late.accountId };
    of.store.put({ ...late, ...accountKey(late.accountId), ...collection });
    of.store.put({ ...aStatus({ accountId: A, observedGeneration: 4 }), ...statusKey(A) });
    await of.order('resume');
    await of.minutes(90);
    expect((await getRecord(of.table, late.accountId))?.baseline).toEqual(OLD);
    await of.minutes(50);
    expect(await of.stage()).toEqual({ is: 'finished' });
    expect((await getRecord(of.table, late.accountId))?.baseline).toEqual(NEW);
  });

  it('does not take a pause of the fleet for a failure, however long it was', async () => {
    await of.minutes(1);
    of.store.put({ ...aStatus({ accountId: A, observedGeneration: 3 }), ...statusKey(A) });
    of.store.put({ pk: 'control', sk: 'fleet', fleetPaused: true, pausedBaselines: [] });
    await of.minutes(180);
    expect(await of.stage()).toEqual({ is: 'rolling', wave: 0 });
    of.store.put({ pk: 'control', sk: 'fleet', fleetPaused: false, pausedBaselines: [] });
    await of.minutes(30);
    expect(await of.stage()).toEqual({ is: 'rolling', wave: 0 });
    await of.minutes(40);
    expect(await of.stage()).toMatchObject({ is: 'halted' });
  });

  it('hands the rest to the next tick when its time is nearly over', async () => {
    let looks = 0;
    const deps = {
      main: of.main,
      now: () => NOW,
      timeLeft: () => looks++ > 99,
      until: new Date(NOW.getTime() + 1),
    };
    await advanceRollout(of.rollout.id, deps);
    expect(await getRollout(of.table, of.rollout.id)).toMatchObject({
      stage: { is: 'rolling', wave: 0 },
      dueAt: NOW.toISOString(),
    });
    await of.minutes(1);
    expect(await of.versions()).toEqual([4, 3, 3, 3]);
  });

  it('is left alone by a second message while the first is carried out', async () => {
    const claimed = { ...of.rollout, version: 2, dueAt: new Date(NOW.getTime() + 5 * MINUTE).toISOString() };
    await saveRollout(of.table, claimed);
    const deps = { main: of.main, now: () => NOW, timeLeft: () => true, until: NOW };
    expect(await advanceRollout(of.rollout.id, deps)).toBe('planning');
    expect(await getRollout(of.table, of.rollout.id)).toEqual(claimed);
  });
});

describe('a crash of a roll-out', () => {
  /** Main whose table fails once: at its n-th call, before it is carried out or after it. */
  function crashing(fake: FakeMain, at: number, when: 'before' | 'after'): Main {
    let calls = 0;
    const table = fake.store.around(async (effect) => {
      calls += 1;
      if (calls === at && when === 'before') throw new Error(CRASH);
      const answer = effect();
      if (calls === at) throw new Error(CRASH);
      return answer;
    });
    return { ...fake.main, table };
  }

  it.each(['before', 'after'] as const)(
    '%s any call of the table loses nothing, moves no account too early, and does nothing twice',
    async (when) => {
      for (let at = 1; ; at++) {
        of = fleet({ records: [{}, {}, {}], rollout: { waves: ['1', '100%'], bakeMinutes: 1 } });
        await createRollout(of.table, of.rollout);
        const calls = { before: total(of), after: 0 };
        await of.minute(crashing(of, at, when));
        calls.after = total(of);
        let [first, ...others] = await of.versions();
        for (let passed = 0; passed < 60 && (await of.stage())?.is !== 'finished'; passed++) {
          if (others.includes(4)) expect(first).toBe(4);
          await of.minute();
          [first, ...others] = await of.versions();
        }
        expect({ at, stage: await of.stage(), versions: [first, ...others] }).toEqual({
          at,
          stage: { is: 'finished' },
          versions: [4, 4, 4],
        });
        for (const id of IDS.slice(0, 3))
          expect(await getRecord(of.table, id)).toMatchObject({ generation: 4 });
        // The minute ended before this call: every call was hit once.
        if (calls.after - calls.before < at) return;
      }
    },
    30_000,
  );

  it.each(['before', 'after'] as const)(
    '%s any call of the table of the minute that halts it has its event sent, with one content',
    async (when) => {
      for (let at = 1; ; at++) {
        of = fleet({ records: [{}, {}] });
        await createRollout(of.table, of.rollout);
        of.failing.add(A);
        await of.minute();
        const before = total(of);
        await of.minute(crashing(of, at, when));
        const after = total(of);
        await of.minutes(8);
        expect({ at, stage: await of.stage() }).toMatchObject({ at, stage: { is: 'halted' } });
        const halts = of.put.filter(({ detailType }) => detailType === 'RolloutHalted');
        expect(new Set(halts.map(({ detail }) => JSON.stringify(detail))).size).toBe(1);
        expect(await of.versions()).toEqual([4, 3]);
        if (after - before < at) return;
      }
    },
    30_000,
  );
});

const total = ({ store }: FakeMain) => Object.values(store.calls).reduce((sum, count) => sum + count, 0);

describe('a roll-out that cannot be read', () => {
  it('stands still, and holds up neither new accounts nor the tick', async () => {
    const [item] = of.store.items(`rollout#${of.rollout.id}`);
    of.store.put({ ...item, stage: 'rolling' });
    await of.minutes(2);
    expect(await of.versions()).toEqual([3, 3, 3, 3]);
    expect(await newcomer()).toEqual(OLD);
  });
});

describe('two roll-outs over the same accounts', () => {
  it.each([
    ['from the same version', OLD, { name: 'lake', version: 1 }],
    ['from the version that the other gives', NEW, { name: 'analytics', version: 5 }],
    ['to the version that the other leaves', { name: 'lake', version: 1 }, OLD],
  ])('are refused: %s', async (_, from, to) => {
    const other = aRollout({ id: 'other', from, to });
    expect(await createRollout(of.table, other)).toMatchObject({ id: of.rollout.id });
    expect(await getRollout(of.table, 'other')).toBeUndefined();
  });

  it('are allowed one after the other, and for versions that have nothing in common', async () => {
    const apart = aRollout({
      id: 'apart',
      from: { name: 'lake', version: 1 },
      to: { name: 'lake', version: 2 },
    });
    expect(await createRollout(of.table, apart)).toBeUndefined();
    await of.order('abort');
    const next = aRollout({ id: 'next', from: NEW, to: OLD });
    expect(await createRollout(of.table, next)).toBeUndefined();
    expect(await openRolloutOf(of.table, OLD)).toMatchObject({ id: 'next' });
  });

  it('started at the same time: one of them is refused', async () => {
    const [one, other] = ['one', 'other'].map((id) => aRollout({ id }));
    of = fleet();
    const results = await Promise.all(
      [one, other].map((each) => createRollout(of.table, each ?? of.rollout)),
    );
    expect(results.filter((open) => open === undefined)).toHaveLength(1);
  });
});

/** The version that a new account gets, to which the rules give the old one. */
const newcomer = () =>
  createOnboarding({
    config: aConfig({ defaultBaseline: 'analytics@3' }),
    table: of.table,
    organization: { place: async () => undefined, tags: async () => ({}) },
  }).baseline({ accountId: '999999999999', name: 'new' });

describe('a new account', () => {
  it('gets the new version from the start on', async () => {
    expect(await newcomer()).toEqual(NEW);
    await of.minutes(1);
    expect(await newcomer()).toEqual(NEW);
    await of.order('pause');
    expect(await newcomer()).toEqual(NEW);
  });

  it('gets the old version while the roll-out has halted, goes back, or has ended', async () => {
    of.failing.add(A);
    await of.minutes(3);
    expect(await newcomer()).toEqual(OLD);
    await of.order('rollBack');
    expect(await newcomer()).toEqual(OLD);
    await of.minutes(3);
    expect(await newcomer()).toEqual(OLD);
  });

  it('that got the new version by the rules goes back with the others', async () => {
    await of.minutes(1);
    const record = aRecord({
      accountId: '999999999999',
      baseline: NEW,
      baselineBy: 'rules',
      registeredAt: of.now().toISOString(),
    });
    const collection = { collection: 'account', collectionKey: record.accountId };
    of.store.put({ ...record, ...accountKey(record.accountId), ...collection });
    await of.order('rollBack');
    await of.minutes(2);
    expect(await getRecord(of.table, record.accountId)).toMatchObject({ baseline: OLD });
  });
});
