import { describe, expect, it } from '@jest/globals';
import { goIn, goOut, known, NOBODY, takeTurn } from '../../shared/domain/creation-slots.ts';

const now = new Date('2026-11-20T10:00:00.000Z');
const inSeconds = (at: Date) => (at.getTime() - now.getTime()) / 1000;

/** Turns taken one after the other, at these seconds from now. */
function turns(times: readonly number[]): number[] {
  let turnstile = NOBODY;
  return times.map((seconds) => {
    const taken = takeTurn(turnstile, new Date(now.getTime() + seconds * 1000));
    turnstile = taken.turnstile;
    return inSeconds(taken.at);
  });
}

describe('turns', () => {
  it('are three at once, then one each ten seconds', () => {
    expect(turns([0, 0, 0, 0, 0, 0])).toEqual([0, 0, 0, 10, 20, 30]);
  });

  it('come back with time, three at most', () => {
    expect(turns([0, 0, 0, 10, 10, 600, 600, 600, 600])).toEqual([0, 0, 0, 10, 20, 600, 600, 600, 610]);
  });
});

describe('room', () => {
  const five = ['a', 'b', 'c', 'd', 'e'].reduce(
    (turnstile, key) => goIn(turnstile, key, []) ?? turnstile,
    NOBODY,
  );

  it('is for five', () => {
    expect(Object.keys(five.inside)).toHaveLength(5);
    expect(goIn(five, 'f', [])).toBeUndefined();
  });

  it('is there for who is inside already', () => {
    expect(goIn(five, 'a', ['car-1', 'car-2'])).toBe(five);
  });

  it('is there again once somebody has left', () => {
    expect(goIn(goOut(five, 'a'), 'f', [])).toBeDefined();
  });

  it('is taken by what others are creating, and by ours only once', () => {
    const three = goOut(goOut(five, 'a'), 'b');
    expect(goIn(three, 'f', ['car-others', 'car-too'])).toBeUndefined();
    expect(goIn(known(three, 'c', 'car-c'), 'f', ['car-others', 'car-c'])).toBeDefined();
  });
});
