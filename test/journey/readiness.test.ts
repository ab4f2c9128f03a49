import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';

let runtime: TestRuntime;
let fleet: Fleet;

beforeAll(async () => {
  runtime = await startTestRuntime();
  fleet = fleetOf(runtime);
}, 240_000);
afterEach(() => runtime.clearFaults());
afterAll(() => runtime?.stop());

/** How long after its pass the account is to be looked at again, in seconds. */
async function secondsToNextLook(id: string): Promise<number> {
  const status = await fleet.status(id);
  return (Date.parse(status?.dueAt ?? '') - Date.parse(status?.lastPass?.finishedAt ?? '')) / 1000;
}

describe('A fresh account', () => {
  it.each([
    ['not-activated', 'RegionDisabledException', 'RegionDisabled', 1],
    ['denying', 'AccessDenied', 'AccessRoleNotReady', 2],
  ])(
    'that is %s waits for a minute, and is ready at the next look',
    async (name, code, reason, count) => {
      await runtime.fault({
        service: 'sts',
        action: 'AssumeRole',
        role: 'orgkeeper-OrganizationEnteringRole',
        count,
        effect: { kind: 'error', code, message: 'STS is not activated in this region.', status: 403 },
      });
      const id = await fleet.createAccount(name);
      await fleet.untilAccounts('have been looked at', [id], ({ lastPass }) => lastPass !== undefined);
      expect(await fleet.view(id)).toMatchObject({
        state: 'pending',
        ready: false,
        lastPass: { result: 'waiting' },
      });
      expect((await fleet.view(id)).conditions).toContainEqual(
        expect.objectContaining({ type: 'Access', status: 'False', reason }),
      );
      expect(await secondsToNextLook(id)).toBe(60);
      const [view] = await fleet.sweep(id);
      expect(view).toMatchObject({ state: 'active', ready: true });
      expect((await fleet.status(id))?.dueAt).toBeUndefined();
    },
    180_000,
  );

  it('in which EC2 is not there yet has its role, and waits for the network', async () => {
    await runtime.fault({
      service: 'ec2',
      count: 'all',
      effect: { kind: 'error', code: 'OptInRequired', message: 'You are not subscribed to this service.' },
    });
    const id = await fleet.createAccount('not-subscribed');
    await fleet.untilAccounts('have been looked at', [id], ({ lastPass }) => lastPass !== undefined);
    const { conditions, lastPass } = await fleet.view(id);
    expect(lastPass?.result).toBe('waiting');
    const reasons = Object.fromEntries(conditions.map(({ type, reason }) => [type, reason]));
    expect(reasons).toMatchObject({ ExecutionRole: 'InDesiredState', Network: 'OptInRequired' });
    await runtime.clearFaults();
    expect(await fleet.sweep(id)).toMatchObject([{ ready: true }]);
  }, 180_000);
});

describe('An account whose region is misspelt', () => {
  it('says so, and is ready once it is registered with another', async () => {
    const accountId = await fleet.createAccount('astray');
    await fleet.untilReady(accountId);
    const register = (region: string) =>
      fleet.put('AccountRegistrationRequested', { accountId, name: 'astray', regions: [region] });
    await register('us-nowhere-1');
    await fleet.untilAccounts('were looked at there', [accountId], ({ conditions }) =>
      conditions.some(({ reason }) => reason === 'RegionUnavailable'),
    );
    const { conditions } = await fleet.view(accountId);
    for (const type of ['Network', 'Parameters']) {
      expect(conditions).toContainEqual(
        expect.objectContaining({
          type,
          status: 'False',
          reason: 'RegionUnavailable',
          message: expect.stringMatching(
            /no endpoint of that region\. Register the account again with `regions`/,
          ),
        }),
      );
    }
    await register(runtime.region);
    await fleet.untilReady(accountId);
  }, 180_000);
});
