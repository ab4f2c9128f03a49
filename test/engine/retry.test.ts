import { describe, expect, it } from '@jest/globals';
import { errorFinding } from '../../controllers/engine/report.ts';
import { nextLook } from '../../controllers/engine/retry.ts';
import {
  AccessDenied,
  AccountNotReady,
  type ControllerError,
  ForeignResource,
  NotYetConsistent,
  Throttled,
} from '../../shared/domain/errors.ts';

const now = new Date('2026-11-20T10:00:00.000Z');
const inSeconds = (dueAt: string | undefined) => dueAt && (Date.parse(dueAt) - now.getTime()) / 1000;
const since = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();

describe('the next look at an account', () => {
  it('is not set when nothing stands in the way', () => {
    expect(nextLook([], { since: since(1), attempts: 3 }, now)).toEqual({ gaveUp: false });
  });

  it('is a minute away for a fresh account, doubling to fifteen', () => {
    const waits = [0, 1, 2, 3, 4, 5].map((attempts) => {
      const { dueAt } = nextLook([new AccountNotReady('not yet')], { since: since(0.1), attempts }, now);
      return inSeconds(dueAt);
    });
    expect(waits).toEqual([60, 120, 240, 480, 900, 900]);
  });

  it('is given up after a day of waiting for an account to be ready, and stays so', () => {
    const wants = [new AccountNotReady('not yet')];
    const given = nextLook(wants, { since: since(24), attempts: 99 }, now);
    expect(given).toMatchObject({ gaveUp: true });
    expect(given.dueAt).toBeUndefined();
    expect(nextLook(wants, given.waiting, new Date(now.getTime() + 3_600_000)).gaveUp).toBe(true);
    expect(nextLook(wants, { since: since(23.9), attempts: 99 }, now).gaveUp).toBe(false);
  });

  it('is 30 s away for what is not seen everywhere yet, for two minutes at most', () => {
    const wants = [new NotYetConsistent('not yet', { retryAfterSeconds: 900 })];
    expect(inSeconds(nextLook(wants, undefined, now).dueAt)).toBe(30);
    expect(inSeconds(nextLook(wants, { since: since(0.05), attempts: 4 }, now).dueAt)).toBe(900);
  });

  it('is the soonest of what is wanted', () => {
    const wants = [
      45,
      new NotYetConsistent('not yet', { retryAfterSeconds: 20 }),
      new AccountNotReady('not yet'),
    ];
    expect(inSeconds(nextLook(wants, undefined, now).dueAt)).toBe(20);
  });

  it('waits for a change where only a change can help', () => {
    expect(nextLook([new ForeignResource('it is theirs')], undefined, now)).toEqual({ gaveUp: false });
  });

  it('comes for a denial, and for a throttling that is parked', () => {
    expect(nextLook([new AccessDenied('no')], undefined, now).dueAt).toBeDefined();
    expect(inSeconds(nextLook([new Throttled('slow down')], undefined, now).dueAt)).toBe(60);
  });
});

describe('what IAM does not show yet', () => {
  const missing = new NotYetConsistent('Invalid principal', { reason: 'PrincipalMissing' });
  /** Looks whenever it is due, from the first failure on: seconds since then, and whether it counts as real. */
  function timeline(wants: (elapsed: number) => (number | ControllerError)[], looks: number) {
    let time = now;
    let waiting: ReturnType<typeof nextLook>['waiting'];
    return Array.from({ length: looks }, () => {
      const at = (time.getTime() - now.getTime()) / 1000;
      const due = nextLook(wants(at), waiting, time);
      waiting = due.waiting;
      time = new Date(due.dueAt ?? time);
      return [at, due.gaveUp ? 'real' : 'waiting'];
    });
  }

  it('is looked at every 30 s, counts as real after two minutes, and is looked at rarely from then on', () => {
    expect(timeline(() => [missing], 8)).toEqual([
      [0, 'waiting'],
      [30, 'waiting'],
      [60, 'waiting'],
      [90, 'waiting'],
      [120, 'real'],
      [1_020, 'real'],
      [1_920, 'real'],
      [2_820, 'real'],
    ]);
  });

  it('has its own two minutes, whatever was waited for before', () => {
    const wants = (elapsed: number) => [elapsed < 600 ? new AccountNotReady('not yet') : missing];
    const seen = timeline(wants, 10);
    const real = seen.find(([, state]) => state === 'real')?.[0];
    expect(seen.filter(([at]) => Number(at) < 600).every(([, state]) => state === 'waiting')).toBe(true);
    expect(real).toBe(900 + 120);
  });

  it('is one thing, what AWS is making another: that takes the time it takes', () => {
    expect(timeline(() => [30], 20).at(-1)).toEqual([570, 'waiting']);
  });

  it('says so in the condition: unknown first, false when it is real', () => {
    expect(errorFinding('ExecutionRole', missing)).toMatchObject({
      status: 'Unknown',
      reason: 'PrincipalMissing',
    });
    expect(errorFinding('ExecutionRole', missing, true)).toMatchObject({
      status: 'False',
      reason: 'PrincipalMissing',
    });
  });
});
