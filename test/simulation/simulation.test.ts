import { describe, expect, it, jest } from '@jest/globals';
import {
  appearedAtOnce,
  driftedWithBrake,
  driftedWithoutBrake,
  healthySweep,
  type Outcome,
  regionDown,
  requestedAtOnce,
  slowSts,
} from './scenarios.ts';

/** All accounts are as they should be, and nothing was lost. */
function expectAllWell({ seconds, faults }: Outcome): void {
  expect(faults).toEqual([]);
  expect(seconds).toBeGreaterThan(0);
}

// Metrics are lines of the log.
jest.spyOn(console, 'log').mockImplementation(() => undefined);

describe('a simulated sweep of healthy accounts', () => {
  it('makes the same calls an account for five accounts as for twenty, and AWS refuses none', async () => {
    const [few, many] = [await healthySweep({ accounts: 5 }), await healthySweep({ accounts: 20 })];
    for (const outcome of [few, many]) {
      expectAllWell(outcome);
      expect(outcome.throttled).toEqual({});
    }
    expect(many.callsAnAccount).toBeLessThanOrEqual(few.callsAnAccount);
    expect(many.callsAnAccount).toBeLessThan(20);
    expect(many.writeUnitsAnAccount).toBeLessThanOrEqual(few.writeUnitsAnAccount);
    // The status of 3 KB, and its index of none.
    expect(many.writeUnitsAnAccount).toBeLessThan(4);
  });

  it('ends after the same time with the same seed, and after another with another', async () => {
    const outcomes: Outcome[] = [];
    for (const seed of [1, 1, 2]) outcomes.push(await healthySweep({ accounts: 2, seed }));
    const [one, again, other] = outcomes;
    expect(again).toEqual(one);
    expect(other?.faults).toEqual([]);
    expect(other?.seconds).not.toBe(one?.seconds);
  });

  it('takes longer if the mapping of its queue grows as that of a standard queue', async () => {
    const [atOnce, grown] = [
      await healthySweep({ accounts: 60 }),
      await healthySweep({ accounts: 60, mappingGrows: true }),
    ];
    expect([atOnce.atOnce, grown.atOnce]).toEqual([6, 6]);
    expect(grown.seconds).toBeGreaterThan(atOnce.seconds ?? Number.NaN);
  });
});

describe('a simulated storm leaves no dead letter and loses nothing', () => {
  it('when a sweep finds every account changed by hand, which its brake stops', async () => {
    const outcome = await driftedWithBrake({ accounts: 12 });
    expectAllWell(outcome);
    expect(outcome.notes['sweeps that their brake stopped']).toBe(1);
    expect(outcome.notes['corrected by the first sweep']).toBeLessThan(12);
  });

  it('when every account was changed by hand and no brake applies', async () => {
    expectAllWell(await driftedWithoutBrake({ accounts: 10 }));
  });

  it('when a region of AWS is down for twenty minutes in the middle of a sweep', async () => {
    const outcome = await regionDown({ accounts: 6 });
    expectAllWell(outcome);
    expect(outcome.unanswered).toBeGreaterThan(0);
    // Three hundred more than a healthy run. If each account found out for itself, it would make more than a thousand.
    expect(outcome.callsAnAccount).toBeLessThan(450);
    expect(outcome.notes['seconds from the end of the outage until all are ready']).toBeLessThan(300);
  });

  it('when STS accepts a tenth of the calls', async () => {
    const outcome = await slowSts({ accounts: 20 });
    expectAllWell(outcome);
    expect(outcome.throttled['STS AssumeRole']).toBeGreaterThan(0);
  });

  it('when ten accounts appear at once', async () => {
    expectAllWell(await appearedAtOnce({ accounts: 10 }));
  });

  it('when six accounts are requested at once, and AWS makes one in ten seconds', async () => {
    const outcome = await requestedAtOnce({ accounts: 6 });
    expectAllWell(outcome);
    expect(outcome.notes['accounts made twice']).toBe(0);
  });
});
