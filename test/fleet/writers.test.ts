import { describe, expect, it } from '@jest/globals';
import { watchWriters, writersIn } from '../../controllers/fleet/writers.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { changeControl } from '../../shared/store/controls.ts';
import { LEASE_SECONDS, leasesOf } from '../../shared/store/leases.ts';
import { takeLease } from '../../shared/store/statuses.ts';
import { smallAccount } from '../engine/small-account.ts';
import { NOW } from '../kit/clock.ts';
import { aRecord, MEMBER } from '../kit/factories.ts';
import { memoryTable } from '../kit/memory-table.ts';

const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
const pauseFleet = (table: Table, fleetPaused: boolean) =>
  changeControl(table, (control) => ({ ...control, fleetPaused }));

/** A table in which a run has the lease of each of these accounts, of the baselines named. */
async function writing(baselines: Readonly<Record<string, string>>, until = later(LEASE_SECONDS)) {
  const { table, put, calls } = memoryTable();
  for (const [accountId, name] of Object.entries(baselines)) {
    const record = aRecord({ accountId, baseline: { name, version: 1 } });
    put({ ...record, ...accountKey(accountId) });
    await takeLease(table, {
      ...{ accountId, passId: `pass-${accountId}`, until, now: NOW, readVersion: 0, record },
    });
  }
  for (const call of Object.keys(calls)) delete calls[call];
  return { table, put, calls };
}

const A = '111111111111';
const B = '222222222222';

describe('the runs that may write to what was paused', () => {
  it.each([
    ['the fleet', { fleet: true as const }, [A, B]],
    ['a baseline', { baseline: 'lab' }, [B]],
    ['an account', { accountIds: [A] }, [A]],
  ])('are those with a lease in %s', async (_, scope, expected) => {
    const { table } = await writing({ [A]: 'analytics', [B]: 'lab' });
    const writers = await writersIn(table, scope, NOW);
    expect(writers.map(({ accountId, passId, until }) => [accountId, passId, until])).toEqual(
      expected.map((id) => [id, `pass-${id}`, later(LEASE_SECONDS).toISOString()]),
    );
  });

  it('are found without reading the fleet', async () => {
    const { table, put, calls } = await writing({ [A]: 'analytics' });
    for (let at = 0; at < 500; at++) {
      const accountId = String(300_000_000_000 + at);
      put({ accountId, ...statusKey(accountId) });
    }
    expect(await writersIn(table, { fleet: true }, NOW)).toHaveLength(1);
    expect(calls).toEqual({ QueryCommand: 1, BatchGetCommand: 1 });
  });

  it('count for the baseline by which they write, and for that of their account', async () => {
    const { table, put } = await writing({ [A]: 'old' });
    put({ ...aRecord({ accountId: A, baseline: { name: 'new', version: 1 } }), ...accountKey(A) });
    const found = async (baseline: string) => (await writersIn(table, { baseline }, NOW)).length;
    expect([await found('old'), await found('new'), await found('other')]).toEqual([1, 1, 0]);
  });

  it('do not include runs that were killed long ago', async () => {
    const { table } = await writing({ [A]: 'analytics' }, later(-90));
    expect(await writersIn(table, { fleet: true }, NOW)).toEqual([]);
  });
});

describe('a run that is watched after a pause', () => {
  const extend = async (put: (item: object) => void, passId: string, until: Date) =>
    put({ ...statusKey(A), version: 0, lease: { passId, expiresAt: until.toISOString() } });

  it('is over when its lease is gone, or is that of another run', async () => {
    for (const lease of [undefined, { passId: 'other', expiresAt: later(60).toISOString() }]) {
      const { table, put } = await writing({ [A]: 'analytics' });
      const look = watchWriters(table, await writersIn(table, { fleet: true }, NOW));
      expect(await look(NOW)).toHaveLength(1);
      put({ ...statusKey(A), version: 0, ...(lease && { lease }) });
      expect(await look(later(1))).toEqual([]);
    }
  });

  it('may write while it extends its lease, and for one lease longer', async () => {
    const { table, put } = await writing({ [A]: 'analytics' });
    const look = watchWriters(table, await writersIn(table, { fleet: true }, NOW));
    for (let second = 0; second <= 100; second += 10) {
      await extend(put as never, `pass-${A}`, later(second + LEASE_SECONDS));
      expect(await look(later(second))).toHaveLength(1);
    }
    expect(await look(later(129))).toHaveLength(1);
    expect(await look(later(130))).toEqual([]);
  });

  it('is not over because the clock of this machine is ahead', async () => {
    const { table } = await writing({ [A]: 'analytics' });
    const ahead = (seconds: number) => later(80 + seconds);
    const look = watchWriters(table, await writersIn(table, { fleet: true }, ahead(0)));
    expect(await look(ahead(0))).toHaveLength(1);
    expect(await look(ahead(29))).toHaveLength(1);
    expect(await look(ahead(30))).toEqual([]);
  });
});

describe('a pause at any moment of a run', () => {
  /** Lets others go on, as a call to AWS does. */
  const breathe = () => new Promise((resolve) => setImmediate(resolve));

  /**
   * A run of three units, each of which writes twice, and a pause that begins at the `moment`-th call, to the table or into the
   * account.
   * @returns writes that came after the pause had returned, of all writes
   */
  async function interleaved(moment: number) {
    let isPaused = false;
    let steps = 0;
    const step = async () => {
      steps += 1;
      if (steps === moment) await pause();
      await breathe();
    };
    const late: string[] = [];
    let writes = 0;
    const write = (name: string) => async () => {
      for (let at = 0; at < 2; at++) {
        await step();
        writes += 1;
        if (isPaused) late.push(name);
      }
    };
    const account = smallAccount([], {
      role: write('role'),
      network: write('network'),
      parameters: write('parameters'),
    });
    const { table } = account.store;
    const { documents } = table;
    const send = documents.send.bind(documents) as (command: object) => Promise<unknown>;
    let pausing: Promise<void> | undefined;
    const pause = async () => {
      const own = { ...table, documents: { send } } as unknown as Table;
      await pauseFleet(own, true);
      pausing = (async () => {
        const look = watchWriters(own, await writersIn(own, { fleet: true }, new Date()));
        while ((await look(new Date())).length > 0) await breathe();
        isPaused = true;
      })();
    };
    documents.send = (async (command: object) => {
      await step();
      return send(command);
    }) as typeof documents.send;
    await account.pass();
    await pausing;
    return { late, writes, steps };
  }

  it('returns only when the run can write no more, and stops each unit that has not begun', async () => {
    const { steps: all, writes: unpaused } = await interleaved(-1);
    expect(unpaused).toBe(6);
    const written = new Set<number>();
    for (let moment = 1; moment <= all; moment++) {
      const { late, writes } = await interleaved(moment);
      expect({ moment, late }).toEqual({ moment, late: [] });
      written.add(writes);
    }
    expect([...written].sort()).toEqual([0, 2, 4, 6]);
  });
});

describe('the lease of a run', () => {
  it('is marked while the run has it, until its status is saved', async () => {
    const marks: unknown[] = [];
    const account = smallAccount([], {
      network: async (_, { store }) => void marks.push(...store.items('writers')),
    });
    await account.pass();
    expect(marks).toMatchObject([{ sk: MEMBER, baseline: 'analytics' }]);
    expect(account.store.items('writers')).toEqual([]);
    expect(await leasesOf(account.store.table, [MEMBER])).toEqual([]);
  });
});
