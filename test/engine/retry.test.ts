import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { errorFinding } from '../../controllers/engine/report.ts';
import {
  FAILURES,
  failuresInWords,
  nextCreation,
  nextRun,
  secondsToWait,
} from '../../controllers/engine/retry.ts';
import {
  AccessDenied,
  AccountNotReady,
  type ControllerError,
  ForeignResource,
  NotYetConsistent,
  ServiceFault,
  Throttled,
} from '../../shared/domain/errors.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';

type Waiting = NonNullable<AccountStatus['waiting']>;

const now = new Date('2026-11-20T10:00:00.000Z');
const inSeconds = (dueAt: string | undefined) => dueAt && (Date.parse(dueAt) - now.getTime()) / 1000;
const since = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();

/** When a run is followed by another, by seconds for what is pending and by its failures, after the last delivery. */
function nextLook(wants: readonly (number | ControllerError)[], before: Waiting | undefined, at: Date) {
  const errors = wants.filter((want) => typeof want !== 'number');
  const pending = wants.filter((want) => typeof want === 'number');
  return nextRun({ errors, pending, lastReceive: true, before }, at);
}

describe('nextRun', () => {
  it('sets no time if the run left nothing unfinished', () => {
    expect(nextLook([], { since: since(1), attempts: 3 }, now)).toEqual({
      next: { is: 'done' },
      gaveUp: false,
    });
  });

  it('is due after a minute for a new account, doubling to fifteen', () => {
    const waits = [0, 1, 2, 3, 4, 5].map((attempts) => {
      const { dueAt } = nextLook([new AccountNotReady('not yet')], { since: since(0.1), attempts }, now);
      return inSeconds(dueAt);
    });
    expect(waits).toEqual([60, 120, 240, 480, 900, 900]);
  });

  it('gives up after a day of waiting for an account to be ready', () => {
    const wants = [new AccountNotReady('not yet')];
    const given = nextLook(wants, { since: since(24), attempts: 99 }, now);
    expect(given).toMatchObject({ gaveUp: true });
    expect(given.dueAt).toBeUndefined();
    expect(nextLook(wants, given.waiting, new Date(now.getTime() + 3_600_000)).gaveUp).toBe(true);
    expect(nextLook(wants, { since: since(23.9), attempts: 99 }, now).gaveUp).toBe(false);
  });

  it('is due after 30 s while IAM may not be consistent, for two minutes at most', () => {
    const wants = [new NotYetConsistent('not yet', { retryAfterSeconds: 900 })];
    expect(inSeconds(nextLook(wants, undefined, now).dueAt)).toBe(30);
    expect(inSeconds(nextLook(wants, { since: since(0.05), attempts: 4 }, now).dueAt)).toBe(900);
  });

  it('is due at the earliest time that a failure requires', () => {
    const wants = [
      45,
      new NotYetConsistent('not yet', { retryAfterSeconds: 20 }),
      new AccountNotReady('not yet'),
    ];
    expect(inSeconds(nextLook(wants, undefined, now).dueAt)).toBe(20);
  });

  it('sets no time if only a change of desired state can help', () => {
    expect(nextLook([new ForeignResource('it is theirs')], undefined, now)).toEqual({
      next: { is: 'never' },
      gaveUp: false,
    });
  });

  it('sets a time for a denial, and for a throttling on the last delivery', () => {
    expect(nextLook([new AccessDenied('no')], undefined, now).dueAt).toBeDefined();
    expect(inSeconds(nextLook([new Throttled('slow down')], undefined, now).dueAt)).toBe(60);
  });
});

describe('what follows a run', () => {
  const next = (errors: readonly unknown[], lastReceive = false) =>
    nextRun({ errors, pending: [], lastReceive, before: undefined }, now).next;

  it('is nothing if the run finished', () => {
    expect(next([])).toEqual({ is: 'done' });
  });

  it('is the redelivered message if the failure passes by itself or is unknown', () => {
    expect(next([new AccessDenied('no'), new Throttled('slow down')])).toEqual({
      is: 'backoff',
      why: 'again',
    });
    expect(next([new TypeError('x is undefined')])).toEqual({ is: 'backoff', why: 'again' });
  });

  it('is the redelivered message sooner after faults of AWS alone, and later while AWS is known not to answer', () => {
    const outage = new ServiceFault('it is down', { reason: 'Unreachable' });
    expect(next([outage, new AccessDenied('no'), outage])).toEqual({ is: 'backoff', why: 'outage' });
    expect(next([outage, new ServiceFault('it broke')])).toEqual({ is: 'backoff', why: 'fault' });
    expect(next([outage, new Throttled('slow down')])).toEqual({ is: 'backoff', why: 'again' });
    expect(next([outage], true)).toEqual({ is: 'after', seconds: 60 });
  });

  it('is another run a minute after the last delivery; after an unknown error, the dead-letter queue', () => {
    expect(next([new Throttled('slow down')], true)).toEqual({ is: 'after', seconds: 60 });
    expect(next([new TypeError('x is undefined')], true)).toEqual({ is: 'backoff', why: 'again' });
  });

  it('is nothing until desired state changes, if only that can help', () => {
    expect(next([new ForeignResource('it is theirs')])).toEqual({ is: 'never' });
  });
});

describe('what follows a step of a request for an account', () => {
  const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000);

  it('is CreateAccount again after a pause that doubles if AWS is busy', () => {
    const waits = [0, 1, 4, 5, 99].map((attempts) =>
      nextCreation(FAILURES.Throttled.createAccount, { attempts }, now),
    );
    expect(waits).toEqual([10, 20, 160, 300, 300].map((seconds) => ({ is: 'after', seconds })));
  });

  it('is CreateAccount again every 15 minutes if AWS denies the call, for a day', () => {
    const rule = FAILURES.AccessDenied.createAccount;
    expect(nextCreation(rule, { since: hoursAgo(23.9) }, now)).toEqual({ is: 'after', seconds: 900 });
    expect(nextCreation(rule, { since: hoursAgo(24) }, now)).toEqual({ is: 'never' });
  });

  it('is a poll after a minute while AWS creates the account, doubling to fifteen', () => {
    const waits = [0, 1, 2, 3, 4, 5].map((polls) => secondsToWait('beingCreated', polls));
    expect(waits).toEqual([60, 120, 240, 480, 900, 900]);
  });

  it('is the step again at the time that the failure requires, else that of its class', () => {
    const rule = FAILURES.QuotaExceeded.creation;
    expect(nextCreation(rule, {}, now)).toEqual({ is: 'after', seconds: 3600 });
    expect(nextCreation(rule, { retryAfterSeconds: 60 }, now)).toEqual({ is: 'after', seconds: 60 });
  });
});

it('docs/tour.md prints the table of failures', () => {
  const tour = readFileSync(new URL('../../docs/tour.md', import.meta.url), 'utf8');
  expect(tour).toContain(failuresInWords());
});

describe('a change that IAM does not show yet', () => {
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

  it('is observed every 30 s, counts as a failure after two minutes, and is observed rarely from then on', () => {
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

  it('has two minutes of its own, whatever the account waited for before', () => {
    const wants = (elapsed: number) => [elapsed < 600 ? new AccountNotReady('not yet') : missing];
    const seen = timeline(wants, 10);
    const real = seen.find(([, state]) => state === 'real')?.[0];
    expect(seen.filter(([at]) => Number(at) < 600).every(([, state]) => state === 'waiting')).toBe(true);
    expect(real).toBe(900 + 120);
  });

  it('is not the same as a resource that AWS is making, which has no time limit', () => {
    expect(timeline(() => [30], 20).at(-1)).toEqual([570, 'waiting']);
  });

  it('makes the condition Unknown first, and False when the two minutes are over', () => {
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
