import { describe, expect, it } from '@jest/globals';
import { endOf } from '../../cli/arguments.ts';

describe('endOf', () => {
  const now = new Date('2027-01-31T15:00:00Z');

  it.each([
    ['2027-01-31', '2027-02-01T00:00:00.000Z'],
    ['2027-02-28', '2027-03-01T00:00:00.000Z'],
    ['2027-01-31T16:00:00Z', '2027-01-31T16:00:00.000Z'],
    ['2027-01-31T18:00:00+02:00', '2027-01-31T16:00:00.000Z'],
  ])('of %s is %s: a day counts until it is over', (text, end) => {
    expect(endOf(text, now)).toBe(end);
  });

  it.each(['2027-01-30', '2027-01-31T15:00:00Z'])('refuses %s, which is over', (text) => {
    expect(() => endOf(text, now)).toThrow('It is over already.');
  });

  it.each(['2027-02-30', '31.01.2027', 'tomorrow', ''])('refuses %j, which is no day', (text) => {
    expect(() => endOf(text, now)).toThrow('It must be a day such as 2027-01-31');
  });
});
