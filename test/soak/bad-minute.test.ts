import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';

const ACCOUNTS = 60;

let runtime: TestRuntime | undefined;
afterEach(async () => {
  await runtime?.stop();
  runtime = undefined;
});

/** A runtime of its own: what one fleet waits for must not slow the other. */
async function start(): Promise<{ at: TestRuntime; fleet: Fleet }> {
  await runtime?.stop();
  const at = await startTestRuntime();
  runtime = at;
  return { at, fleet: fleetOf(at) };
}

/** So many calls of the functions fail, and events come twice and late, whoever is on the other end. */
async function makeBad(at: TestRuntime): Promise<void> {
  const all = { caller: 'role', count: 'all' } as const;
  await at.fault({ ...all, rate: 0.3, seed: 1, effect: { kind: 'throttled' } });
  // Of the calls that were not throttled: a twentieth of all.
  await at.fault({ ...all, rate: 0.05 / 0.7, seed: 2, effect: { kind: 'broken' } });
  await at.planDeliveries({ doubled: 0.2, delayed: 0.2, milliseconds: 5_000, seed: 3 });
}

/** Creates the accounts and waits until all are ready; their ids, and how long that took. */
async function onboard(fleet: Fleet) {
  const began = Date.now();
  const ids: string[] = [];
  for (let n = 0; n < ACCOUNTS; n += 1) ids.push(await fleet.createAccount(`member-${n}`));
  await fleet.untilManyReady(ids, 900);
  return { ids, seconds: (Date.now() - began) / 1000 };
}

describe('With 30 % of all calls throttled, 5 % failing, events doubled and late', () => {
  it('60 accounts are all ready within three times the undisturbed time, none doubled or lost', async () => {
    const calm = await onboard((await start()).fleet);
    const bad = await start();
    await makeBad(bad.at);
    const { ids, seconds } = await onboard(bad.fleet);
    const times = seconds / calm.seconds;
    process.stdout.write(
      `${ACCOUNTS} accounts: ${calm.seconds.toFixed(0)} s, in a bad minute ${seconds.toFixed(0)} s: ${times.toFixed(1)} times.\n`,
    );
    await bad.at.clearFaults();
    await bad.at.planDeliveries(undefined);
    await bad.fleet.untilQuiet();
    for (const id of ids) {
      const { Vpcs = [] } = await new EC2Client(bad.at.as(id)).send(new DescribeVpcsCommand({}));
      expect([id, Vpcs.filter(({ IsDefault }) => !IsDefault).length]).toEqual([id, 1]);
    }
    expect(await bad.fleet.deadLetters()).toBe(0);
    expect(times).toBeLessThanOrEqual(3);
  }, 2_400_000);
});
