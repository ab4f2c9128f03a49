import { describe, expect, it } from '@jest/globals';
import { freeSlot, nameSlot, occupySlot, takeTurn, UNUSED } from '../../shared/domain/creation-rate-limit.ts';

const now = new Date('2026-11-20T10:00:00.000Z');
const inSeconds = (at: Date) => (at.getTime() - now.getTime()) / 1000;

/** Turns taken one after the other, at these seconds from now. */
function turns(times: readonly number[]): number[] {
  let limit = UNUSED;
  return times.map((seconds) => {
    const taken = takeTurn(limit, new Date(now.getTime() + seconds * 1000));
    limit = taken.limit;
    return inSeconds(taken.at);
  });
}

describe('turns for CreateAccount', () => {
  it('are three at once, then one every ten seconds', () => {
    expect(turns([0, 0, 0, 0, 0, 0])).toEqual([0, 0, 0, 10, 20, 30]);
  });

  it('return with time, up to three', () => {
    expect(turns([0, 0, 0, 10, 10, 600, 600, 600, 600])).toEqual([0, 0, 0, 10, 20, 600, 600, 600, 610]);
  });
});

describe('the room for creations', () => {
  const five = ['a', 'b', 'c', 'd', 'e'].reduce((limit, key) => occupySlot(limit, key, []) ?? limit, UNUSED);

  it('is five', () => {
    expect(Object.keys(five.inside)).toHaveLength(5);
    expect(occupySlot(five, 'f', [])).toBeUndefined();
  });

  it('includes the request that already has a place', () => {
    expect(occupySlot(five, 'a', ['car-1', 'car-2'])).toBe(five);
  });

  it('is free again once a creation ends', () => {
    expect(occupySlot(freeSlot(five, 'a'), 'f', [])).toBeDefined();
  });

  it('is used by creations of others, and by ours only once', () => {
    const three = freeSlot(freeSlot(five, 'a'), 'b');
    expect(occupySlot(three, 'f', ['car-others', 'car-too'])).toBeUndefined();
    expect(occupySlot(nameSlot(three, 'c', 'car-c'), 'f', ['car-others', 'car-c'])).toBeDefined();
  });
});
