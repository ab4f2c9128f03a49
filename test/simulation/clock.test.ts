import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { installVirtualClock, type VirtualClock } from './clock.ts';
import { Bucket } from './limits.ts';

const START = Date.parse('2026-11-20T00:00:00.000Z');

describe('the virtual clock', () => {
  let clock: VirtualClock;
  beforeEach(() => {
    clock = installVirtualClock(START);
  });
  afterEach(() => clock.uninstall());

  it('lets hours pass at once, and fires timers in the order of their times', async () => {
    const fired: string[] = [];
    for (const hours of [3, 1, 2])
      setTimeout(() => fired.push(`${hours} ${new Date().toISOString()}`), hours * 3_600_000);
    expect(await clock.run(() => fired.length === 3, 4 * 3_600)).toBe(true);
    expect(fired).toEqual([
      '1 2026-11-20T01:00:00.000Z',
      '2 2026-11-20T02:00:00.000Z',
      '3 2026-11-20T03:00:00.000Z',
    ]);
  });

  it('repeats an interval until it is cleared, and fires no timer that was cleared', async () => {
    let beats = 0;
    const interval = setInterval(() => {
      beats += 1;
    }, 10_000);
    clearTimeout(setTimeout(() => clearInterval(interval), 5_000));
    setTimeout(() => clearInterval(interval), 35_000);
    await clock.run(() => false, 3_600);
    expect(beats).toBe(3);
  });

  it('stands still while promises go on, and stops at the end that it was given', async () => {
    let waits = 0;
    void (async () => {
      for (;;) {
        await clock.sleep(1_000);
        for (let index = 0; index < 100; index += 1) await Promise.resolve();
        waits += 1;
      }
    })();
    expect(await clock.run(() => false, 10)).toBe(false);
    expect([waits, Date.now()]).toEqual([10, START + 10_000]);
  });

  it('runs a timer in the context of whoever set it', async () => {
    const context = new AsyncLocalStorage<string>();
    let seen: string | undefined;
    context.run('mine', () =>
      setTimeout(() => {
        seen = context.getStore();
      }, 1),
    );
    await clock.run(() => seen !== undefined, 1);
    expect(seen).toBe('mine');
  });
});

describe('a token bucket', () => {
  it('gives its burst at once, and then its rate', () => {
    const bucket = new Bucket({ perSecond: 10, burst: 3 }, 0);
    const given = (at: number) => [1, 2, 3, 4].filter(() => bucket.take(at)).length;
    expect([given(0), given(50), given(100), given(10_000)]).toEqual([3, 0, 1, 3]);
  });

  it('makes later ones wait for what one took too much', () => {
    const bucket = new Bucket({ perSecond: 10, burst: 10 }, 0);
    expect([bucket.take(0, 30), bucket.take(2_000), bucket.take(2_100)]).toEqual([true, false, true]);
  });
});
