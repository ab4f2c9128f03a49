import { describe, expect, it, jest } from '@jest/globals';
import { driftedWithoutBrake, healthySweep } from '../simulation/scenarios.ts';

// Metrics are lines of the log.
jest.spyOn(console, 'log').mockImplementation(() => undefined);

describe('a simulated fleet of a thousand accounts', () => {
  it('is swept in 1.2 times the time that AssumeRole takes at a hundred a second, with the calls an account of a small one', async () => {
    const [few, many] = [await healthySweep({ accounts: 50 }), await healthySweep({ accounts: 1_000 })];
    expect(many.faults).toEqual([]);
    expect(many.seconds).toBeLessThan((1.2 * 1_000) / 100);
    expect(many.callsAnAccount).toBeLessThanOrEqual(few.callsAnAccount);
    expect(many.throttled).toEqual({});
  }, 300_000);

  it('is corrected without a dead letter when every account was changed by hand', async () => {
    const outcome = await driftedWithoutBrake({ accounts: 1_000 });
    expect(outcome.faults).toEqual([]);
    expect(outcome.seconds).toBeLessThan(120);
  }, 300_000);
});
