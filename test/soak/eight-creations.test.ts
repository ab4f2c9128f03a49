import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BusEvent, type Listener, listen } from '../kit/journey/bus.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';

let runtime: TestRuntime;
let fleet: Fleet;
let bus: Listener;

beforeAll(async () => {
  runtime = await startTestRuntime();
  fleet = fleetOf(runtime);
  bus = await listen(runtime);
}, 240_000);
afterAll(() => runtime?.stop());

const ask = (name: string) => fleet.put('AccountCreationRequested', { name, email: `${name}@example.com` });

async function registered(eventId: string): Promise<string> {
  const isIt = (event: BusEvent) =>
    event['detail-type'] === 'AccountRegistered' && event.detail.cause?.id === eventId;
  return (await bus.hear('AccountRegistered', isIt, 330)).detail.accountId ?? '';
}

describe('Eight requests for accounts at once', () => {
  it('never have more than five accounts in progress, and all end', async () => {
    const milliseconds = 45_000;
    const names = Array.from({ length: 8 }, (_, index) => `many-${index}`);
    await runtime.planCreations({ milliseconds });
    const events = await Promise.all(names.map((name) => ask(name)));
    const ids = await Promise.all(events.map(registered));
    expect(new Set(ids).size).toBe(8);
    await fleet.untilReady(...ids);
    const calls = await runtime.calls({ service: 'organizations', action: 'CreateAccount' });
    // AWS would have refused a sixth.
    expect(calls.map(({ status }) => status)).toEqual(names.map(() => 200));
    const busy = calls.map(
      ({ time }) => calls.filter((other) => other.time <= time && time < other.time + milliseconds).length,
    );
    expect(Math.max(...busy)).toBe(5);
    expect(await fleet.deadLetters()).toBe(0);
  }, 600_000);
});
