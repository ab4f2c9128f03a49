import { AccountClient, EnableRegionCommand, GetRegionOptStatusCommand } from '@aws-sdk/client-account';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { publishShipped } from '../kit/journey/baselines.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';
import { until } from '../kit/wait.ts';

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

describe('A new account', () => {
  it.each([
    ['not-activated', 'RegionDisabledException', 'RegionDisabled', 1],
    ['denying', 'AccessDenied', 'AccessRoleNotReady', 2],
  ])(
    'that is %s waits for a minute, and is ready in the next run',
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

  it('without EC2 has its role, and waits for the network', async () => {
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

describe('An account with a region that is not enabled', () => {
  const NOT_ENABLED = 'me-central-1';
  const conditionThere = async (accountId: string) =>
    (await fleet.view(accountId)).conditions.filter(({ region }) => region === NOT_ENABLED);

  it('says so, is managed in the other region, and is ready once somebody enables it', async () => {
    const accountId = await fleet.createAccount('opted-out');
    await fleet.untilReady(accountId);
    const regions = [runtime.region, NOT_ENABLED];
    await fleet.put('AccountRegistrationRequested', { accountId, name: 'opted-out', regions });
    await fleet.untilAccounts('were looked at there', [accountId], ({ conditions }) =>
      conditions.some(({ reason }) => reason === 'RegionNotEnabled'),
    );
    expect(await conditionThere(accountId)).toMatchObject(
      ['Network', 'Parameters'].map((type) => ({ type, status: 'False', reason: 'RegionNotEnabled' })),
    );
    const { conditions } = await fleet.view(accountId);
    const elsewhere = conditions.filter(({ region }) => region !== NOT_ENABLED);
    expect(elsewhere.map(({ status }) => status)).toEqual(['True', 'True', 'True', 'True']);

    const account = new AccountClient(runtime.as(accountId, 'us-east-1'));
    await account.send(new EnableRegionCommand({ RegionName: NOT_ENABLED }));
    const status = async () =>
      (await account.send(new GetRegionOptStatusCommand({ RegionName: NOT_ENABLED }))).RegionOptStatus;
    expect([await status(), await status(), await status()]).toEqual(['ENABLING', 'ENABLING', 'ENABLED']);
    expect(await fleet.sweep(accountId)).toMatchObject([{ ready: true }]);
  }, 180_000);

  it('has the region enabled if the baseline allows that, and waits for AWS', async () => {
    const regions = `regions: [${runtime.region}, ${NOT_ENABLED}]`;
    await publishShipped(fleet, (text) =>
      text.replace('name: analytics\n', `name: enabling\n${regions}\nenableRegions: true\n`),
    );
    const accountId = await fleet.createAccount('enabling');
    await fleet.untilReady(accountId);
    await fleet.put('AccountRegistrationRequested', { accountId, name: 'enabling', baseline: 'enabling' });
    await fleet.untilAccounts('were looked at there', [accountId], ({ conditions }) =>
      conditions.some(({ region, reason }) => region === NOT_ENABLED && reason === 'EnablingRegion'),
    );
    await until('the region is enabled', async () => {
      const [view] = await fleet.sweep(accountId);
      return view?.ready || undefined;
    });
    expect(await conditionThere(accountId)).toMatchObject([{ status: 'True' }, { status: 'True' }]);
  }, 180_000);
});

describe('An account with a misspelt region', () => {
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
