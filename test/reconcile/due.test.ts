import { describe, expect, it } from '@jest/globals';
import { backoffSeconds, nextLook } from '../../controllers/reconcile/due.ts';
import {
  AccessDenied,
  AccountNotReady,
  NeedsReplacement,
  NotYetConsistent,
  Throttled,
} from '../../shared/errors.ts';

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

  it('is given up after a day of waiting for an account to be ready', () => {
    expect(nextLook([new AccountNotReady('not yet')], { since: since(24), attempts: 99 }, now)).toEqual({
      gaveUp: true,
    });
    expect(nextLook([new AccountNotReady('not yet')], { since: since(23.9), attempts: 99 }, now).gaveUp).toBe(
      false,
    );
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
    expect(nextLook([new NeedsReplacement('the CIDR differs')], undefined, now)).toEqual({ gaveUp: false });
  });

  it('comes for a denial, and for a throttling that is parked', () => {
    expect(nextLook([new AccessDenied('no')], undefined, now).dueAt).toBeDefined();
    expect(inSeconds(nextLook([new Throttled('slow down')], undefined, now).dueAt)).toBe(60);
  });
});

describe('the backoff of a message', () => {
  it('doubles, with half of it as jitter, up to ten minutes', () => {
    expect([1, 2, 3].map((receives) => backoffSeconds(receives, () => 1))).toEqual([2, 4, 8]);
    expect([1, 2, 3].map((receives) => backoffSeconds(receives, () => 0))).toEqual([1, 2, 4]);
    expect(backoffSeconds(30, () => 1)).toBe(600);
  });
});
