import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Organization, startOrganization } from '../kit/journey/emulator.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';

let organization: Organization;
let runtime: TestRuntime;
let fleet: Fleet;

beforeAll(async () => {
  // AWS's own policies, which nobody attaches here, would cost the emulator 0.3 s an account.
  process.env.MOTO_IAM_LOAD_MANAGED_POLICIES = 'false';
  organization = await startOrganization();
  await organization.createAccounts(many('before', 7));
  // The hourly listing would onboard them all, and its calls are not those of onboarding: it stands still.
  const context = { listSchedule: 'cron(0 3 * * ? *)' };
  runtime = await startTestRuntime({ emulator: organization.endpoint, context });
  fleet = fleetOf(runtime);
  // The first of all opens the session of the organization, and reads the baseline.
  await onboardingCalls('first');
}, 240_000);
afterAll(async () => {
  await runtime?.stop();
  await organization?.stop();
});

function many(of: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${of}-${at + 1}`);
}

/** Every call that onboarding one account took, by whichever function; the clock's own looks aside. */
async function onboardingCalls(name: string): Promise<string[]> {
  await fleet.untilQuiet();
  await runtime.clearCalls();
  const id = await fleet.createAccount(name);
  await fleet.untilReady(id);
  await fleet.untilQuiet();
  const calls = await runtime.calls();
  return calls
    .filter(({ session }) => session !== undefined && session !== 'orgkeeper-sweep')
    .map(({ service, action }) => `${service} ${action}`)
    .sort();
}

it('Onboarding makes the same number of calls in an organization of 10 accounts and of 300', async () => {
  const small = await onboardingCalls('tenth');
  await organization.createAccounts(many('more', 289));
  const large = await onboardingCalls('last');
  expect(small.length).toBeGreaterThan(30);
  expect(large).toEqual(small);
}, 240_000);
