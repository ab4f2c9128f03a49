import { describe, expect, it, jest } from '@jest/globals';
import { openCallGate, startHeartbeat, VISIBLE_SECONDS } from '../../controllers/engine/gate.ts';
import type { Heartbeat } from '../../controllers/engine/model.ts';
import { Conflict, OutOfTime } from '../../shared/domain/errors.ts';
import { accountKey, getStatus, statusKey } from '../../shared/store/accounts.ts';
import { changeControl } from '../../shared/store/controls.ts';
import { LEASE_SECONDS } from '../../shared/store/leases.ts';
import { renewLease, takeLease } from '../../shared/store/statuses.ts';
import { systemClock, useTestTime } from '../kit/clock.ts';
import { aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { memoryTable } from '../kit/memory-table.ts';
import { type Call, type SmallAccount, smallAccount } from './small-account.ts';

const START = Date.parse('2026-11-20T12:00:00.000Z');
useTestTime(new Date(START));

const nothing = () => undefined;
const conditions = async ({ store }: SmallAccount) =>
  (await getStatus(store.table, MEMBER))?.conditions.map(({ type, reason }) => `${type} ${reason}`);
const leaseOf = (account: SmallAccount) =>
  account.item('status')?.lease as { passId: string; expiresAt: string };

/** A heartbeat that beats when a test says so. */
function byHand(): Heartbeat & { beat(): Promise<void> } {
  const sayings: (() => Promise<void>)[] = [];
  let lastBeat = new Date(START);
  return {
    lastBeat: () => lastBeat,
    also: (say) => void sayings.push(say),
    stop: async () => undefined,
    beat: async () => {
      lastBeat = new Date();
      for (const say of sayings) await say();
    },
  };
}

describe('a run whose account is paused while the run writes', () => {
  const pauseFleet = ({ store }: SmallAccount) =>
    changeControl(store.table, (control) => ({ ...control, fleetPaused: true }));
  const pauseBaseline = ({ store }: SmallAccount) =>
    changeControl(store.table, (control) => ({ ...control, pausedBaselines: ['analytics'] }));
  const pauseAccount = ({ store }: SmallAccount) =>
    store.put({ ...aRecord({ paused: true }), ...accountKey(MEMBER) });

  it.each([
    ['the fleet', pauseFleet],
    ['its baseline', pauseBaseline],
    ['the account', pauseAccount],
  ])('(%s) finishes the kind that it is writing, and writes no other', async (_, pause) => {
    const account = smallAccount([], {
      role: (_call, self) => pause(self),
      network: nothing,
      parameters: nothing,
    });
    expect(await account.pass()).toMatchObject({ did: 'ran', status: { ready: false } });
    expect(account.writes).toEqual(['role']);
    expect(await conditions(account)).toEqual(['Role InDesiredState', 'Network Paused', 'Parameters Paused']);
  });

  it('removes nothing more from a retiring account', async () => {
    const retiring = { ...aRecord({ lifecycle: 'retiring', generation: 4 }), ...accountKey(MEMBER) };
    const account = smallAccount([retiring], {
      role: nothing,
      network: (_call, self) => pauseFleet(self),
    });
    await account.pass();
    expect(account.writes).toEqual(['-network']);
    expect(await conditions(account)).toEqual(['Role Paused', 'Network Removed']);
  });

  it('stops writing if the desired state has changed, and is repeated', async () => {
    const register = ({ store }: SmallAccount) =>
      store.put({ ...aRecord({ generation: 4, mode: 'observe' }), ...accountKey(MEMBER) });
    const account = smallAccount([], { role: (_call, self) => register(self), network: nothing });
    expect(await account.pass()).toMatchObject({ did: 'ran', retry: { name: 'Conflict' } });
    expect(account.writes).toEqual(['role']);
    expect(await conditions(account)).toEqual(['Role InDesiredState', 'Network Conflict']);
  });
});

describe('the lease of a run', () => {
  it('is short, renewed with each heartbeat, and returned with the save', async () => {
    const heartbeat = byHand();
    const ends: number[] = [];
    const account = smallAccount([], {
      network: async (_call, self) => {
        ends.push(Date.parse(leaseOf(self).expiresAt) - START);
        jest.setSystemTime(START + 25_000);
        await heartbeat.beat();
        ends.push(Date.parse(leaseOf(self).expiresAt) - START);
        jest.setSystemTime(START + 50_000);
      },
    });
    expect(await account.pass({ heartbeat })).toMatchObject({ status: { ready: true } });
    expect(ends).toEqual([LEASE_SECONDS * 1000, 25_000 + LEASE_SECONDS * 1000]);
    await heartbeat.beat();
    expect(account.item('status')).not.toHaveProperty('lease');
  });

  it.each([
    ['that another pass has by now', true],
    ['that was not renewed in its time', false],
  ])('%s stops every writing call, and nothing is saved over the other run', async (_, taken) => {
    const heartbeat = byHand();
    const other = { passId: 'other', expiresAt: new Date(START + 300_000).toISOString() };
    const account = smallAccount([], {
      role: async (call, { store, item }) => {
        jest.setSystemTime(START + 31_000);
        store.put({ ...item('status'), lease: other });
        if (taken) await heartbeat.beat();
        call('ec2:DescribeVpcs', false);
        expect(() => call('ec2:CreateSubnet', true)).toThrow(Conflict);
        call('ec2:CreateSubnet', true);
      },
      network: nothing,
    });
    await expect(account.pass({ heartbeat })).rejects.toThrow(Conflict);
    expect(account.writes).toEqual(['role']);
    expect(leaseOf(account)).toEqual(other);
  });

  it('is renewed by no other run, and by no run once it is returned', async () => {
    const { table, put } = memoryTable();
    put({ ...aStatus({ version: 1 }), ...statusKey(MEMBER) }, { ...aRecord(), ...accountKey(MEMBER) });
    const until = new Date(START + 30_000);
    const record = aRecord();
    const renew = (passId: string, now = new Date()) =>
      renewLease(table, { accountId: MEMBER, passId, until, now });
    expect(await renew('a')).toBe(false);
    await takeLease(table, {
      accountId: MEMBER,
      passId: 'a',
      until,
      now: new Date(),
      readVersion: 1,
      record,
    });
    expect([await renew('a'), await renew('b')]).toEqual([true, false]);
    expect(await renew('a', until)).toBe(false);
  });

  it('that is taken between two beats ends as if it had been taken with the last one', async () => {
    const heartbeat = byHand();
    const ends: number[] = [];
    const account = smallAccount([], {
      network: (_call, self) => void ends.push(Date.parse(leaseOf(self).expiresAt) - START),
    });
    jest.setSystemTime(START + 9_000);
    await account.pass({ heartbeat });
    expect(ends).toEqual([LEASE_SECONDS * 1000]);
  });

  it('that ended while its run stood still is not renewed, so that the run writes no more', async () => {
    const heartbeat = byHand();
    const account = smallAccount([], {
      role: async (call) => {
        jest.setSystemTime(START + 30_500);
        await heartbeat.beat();
        call('ec2:CreateSubnet', true);
      },
      network: nothing,
    });
    expect(await account.pass({ heartbeat })).toMatchObject({ did: 'ran', retry: { name: 'Conflict' } });
    expect(account.writes).toEqual(['role']);
  });
});

describe('two runs of one account', () => {
  const KINDS = ['role', 'network', 'parameters'];
  const CALLS_OF_A_KIND = 3;

  /** The first pass stands still before its nth writing call; meanwhile the second one runs from beginning to end. */
  async function standingStill(at: number, seconds: number) {
    const heartbeat = byHand();
    const writers: string[] = [];
    let writing = 'first';
    let second: string | undefined;
    const write = async (call: Call, self: SmallAccount) => {
      for (let n = 0; n < CALLS_OF_A_KIND; n += 1) {
        if (writing === 'first' && writers.length === at) {
          jest.setSystemTime(Date.now() + seconds * 1000);
          writing = 'second';
          second = await outcome(self.pass());
          writing = 'first';
          // The first is awake again, and its overdue heartbeat comes.
          await heartbeat.beat();
        }
        call('ec2:CreateTags', true);
        writers.push(writing);
      }
    };
    const account = smallAccount([], Object.fromEntries(KINDS.map((kind) => [kind, write])));
    jest.setSystemTime(START);
    const first = await outcome(account.pass({ heartbeat }));
    return { first, second, writers, ready: (await getStatus(account.store.table, MEMBER))?.ready };
  }

  async function outcome(pass: ReturnType<SmallAccount['pass']>): Promise<string> {
    return pass.then(
      (done) => (done.did === 'ran' ? `ran, ${done.next.is}` : done.did),
      (error) => error.name,
    );
  }

  const places = Array.from({ length: KINDS.length * CALLS_OF_A_KIND }, (_, at) => at);

  it.each(places)(
    'never write at once: one that stands still before write %d for longer than its lease writes no more',
    async (at) => {
      const all = places.length;
      expect(await standingStill(at, LEASE_SECONDS + 0.001)).toEqual({
        first: 'Conflict',
        second: 'ran, done',
        writers: [...Array(at).fill('first'), ...Array(all).fill('second')],
        ready: true,
      });
    },
  );

  it.each(places)(
    'never write at once: while the lease holds at write %d, the second writes nothing and comes again',
    async (at) => {
      expect(await standingStill(at, LEASE_SECONDS - 1)).toEqual({
        first: 'ran, done',
        second: 'Conflict',
        writers: Array(places.length).fill('first'),
        ready: true,
      });
    },
  );
});

describe('a run whose deadline is near', () => {
  it('saves what it did, and says which kinds were not observed', async () => {
    const account = smallAccount([], {
      role: () => void jest.setSystemTime(START + 90_000),
      network: nothing,
      parameters: nothing,
    });
    expect(await account.pass()).toMatchObject({ did: 'ran', retry: { name: 'OutOfTime' } });
    expect(account.writes).toEqual(['role']);
    expect(await conditions(account)).toEqual([
      'Role InDesiredState',
      'Network OutOfTime',
      'Parameters OutOfTime',
    ]);
  });

  it('makes no further call in the middle of a kind, and says so', async () => {
    const account = smallAccount([], {
      network: (call) => {
        jest.setSystemTime(START + 90_000);
        call('ec2:DescribeSubnets', false);
      },
    });
    expect(await account.pass()).toMatchObject({ retry: { name: 'OutOfTime' } });
    expect(await conditions(account)).toEqual(['Network OutOfTime']);
  });

  it('enters no account if the deadline has passed at its start', async () => {
    const account = smallAccount();
    expect(await account.pass({ until: new Date(START + 1_000) })).toMatchObject({
      status: { lastPass: { result: 'failed' } },
    });
    expect(account.entered).toEqual([]);
    expect(await conditions(account)).toEqual(['Network NotObserved', 'Access OutOfTime']);
  });
});

describe('openCallGate', () => {
  it('lets calls through, after the deadline and without a lease, that verify a changed role', () => {
    const gate = openCallGate(new Date(START), systemClock.now);
    gate.leased(undefined);
    expect(() => gate.check({ writes: false })).toThrow(OutOfTime);
    gate.finishing();
    expect(() => gate.check({ writes: true })).not.toThrow();
  });
});

describe('startHeartbeat', () => {
  it('beats immediately and every ten seconds, added calls first, until it is stopped', async () => {
    const beats: string[] = [];
    const say = (what: string) => async () => void beats.push(`${what} ${(Date.now() - START) / 1000}`);
    const heartbeat = startHeartbeat(say('hide'), nothing, systemClock.now);
    heartbeat.also(say('renew'));
    await jest.advanceTimersByTimeAsync(20_000);
    await heartbeat.stop();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(beats).toEqual(['hide 0', 'renew 10', 'hide 10', 'renew 20', 'hide 20']);
    expect(heartbeat.lastBeat()).toEqual(new Date(START + 20_000));
  });

  it('continues after a beat that failed, and reports the failure', async () => {
    const failed: unknown[] = [];
    let beats = 0;
    const heartbeat = startHeartbeat(
      async () => {
        beats += 1;
        if (beats === 1) throw new Error('SQS is gone');
      },
      (error) => failed.push(error),
      systemClock.now,
    );
    await jest.advanceTimersByTimeAsync(10_000);
    await heartbeat.stop();
    expect({ beats, failed }).toEqual({ beats: 2, failed: [new Error('SQS is gone')] });
  });

  it('leaves the message to the next run only once the lease has ended, and within 40 s', () => {
    expect(LEASE_SECONDS).toBeLessThan(VISIBLE_SECONDS);
    expect(VISIBLE_SECONDS).toBeLessThan(40);
  });
});
