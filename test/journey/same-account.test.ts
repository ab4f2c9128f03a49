import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readWorld } from '../../local/account-world.ts';
import { type Listener, listen } from '../kit/journey/bus.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';

let runtime: TestRuntime;
let fleet: Fleet;
let bus: Listener;

beforeAll(async () => {
  runtime = await startTestRuntime({ sameAccount: true });
  fleet = fleetOf(runtime);
  bus = await listen(runtime);
}, 240_000);
afterAll(() => runtime?.stop());

describe('With Main in the management account', () => {
  it('an account onboards, without the organization role', async () => {
    expect(runtime.accounts.main).toBe(runtime.accounts.management);
    const id = await fleet.createAccount('genomics');
    await fleet.untilReady(id);
    const { role, vpcs, parameters } = await readWorld(runtime, id);
    expect(role?.tags).toMatchObject({ 'orgkeeper:owner': runtime.accounts.main });
    expect(vpcs).toHaveLength(1);
    expect(parameters['/orgkeeper/account/main-id']?.value).toBe(runtime.accounts.management);
    const assumed = await runtime.calls({ action: 'AssumeRole' });
    const roles = new Set(assumed.map(({ params }) => String(params.RoleArn).split('/').at(-1)));
    expect([...roles].sort()).toEqual(['OrganizationAccountAccessRole', 'orgkeeper-execution']);
  }, 120_000);

  it('the management account itself is refused', async () => {
    const { management } = runtime.accounts;
    const eventId = await fleet.put('AccountRegistrationRequested', { accountId: management, name: 'us' });
    const said = await bus.hear('RequestRejected', ({ detail }) => detail.cause?.id === eventId);
    expect(said.detail).toMatchObject({
      reason: 'ManagementAccount',
      problems: [{ path: 'detail.accountId' }],
    });
    expect(await fleet.record(management)).toBeUndefined();
  }, 60_000);
});
