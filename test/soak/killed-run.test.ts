import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RecordedCall } from '../../local/gateway/recorder.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';
import { writersAtOnce } from '../kit/journey/writers.ts';
import { until } from '../kit/wait.ts';

const KILLED = 8;

let at: TestRuntime;
let fleet: Fleet;
beforeAll(async () => {
  at = await startTestRuntime();
  fleet = fleetOf(at);
}, 240_000);
afterAll(() => at?.stop());

describe('A run that is killed', () => {
  it('starts again within 40 s in the median, with one writer at a time', async () => {
    const attach = { action: 'AttachInternetGateway' };
    const effect = { kind: 'delay', milliseconds: 120_000 } as const;
    await at.fault({ ...attach, caller: 'role', count: 'all', effect });
    const ids: string[] = [];
    for (let n = 0; n < KILLED; n += 1) ids.push(await fleet.createAccount(`killed-${n}`));
    const begun = async () => new Set((await at.calls({ action: 'CreateInternetGateway' })).map(accountOf));
    await until('every run is in the middle of its writing', async () =>
      (await begun()).size >= KILLED ? true : undefined,
    );
    const before = new Set((await at.calls()).flatMap(({ session = '' }) => session));
    const killedAt = Date.now();
    // One environment may work on several of them.
    expect(await at.kill('orgkeeper-reconcile')).toBeGreaterThan(0);
    await at.clearFaults();

    const firstOf = async (id: string) =>
      (await at.calls({ account: id })).find(({ session }) => session && !before.has(session));
    const restarts: number[] = [];
    for (const id of ids) {
      const first = await until(`the run of ${id} has started again`, () => firstOf(id), { seconds: 400 });
      restarts.push((first.time - killedAt) / 1000);
    }
    const median = restarts.toSorted((a, b) => a - b)[Math.floor(KILLED / 2)] ?? 0;
    process.stdout.write(`${KILLED} killed runs started again after ${median.toFixed(0)} s in the median.\n`);
    await fleet.untilReady(...ids);
    for (const id of ids) {
      // What was under way when its run was killed was never done: status 0.
      const done = (await at.calls({ account: id })).filter(({ status }) => status !== 0);
      expect(writersAtOnce(done)).toEqual([]);
      const { Vpcs = [] } = await new EC2Client(at.as(id)).send(new DescribeVpcsCommand({}));
      expect([id, Vpcs.filter(({ IsDefault }) => !IsDefault).length]).toEqual([id, 1]);
    }
    expect(median).toBeLessThanOrEqual(40);
  }, 900_000);
});

describe('An account that hangs, among ten of one invocation', () => {
  it('delays none of the other nine: each runs once, and its message is gone while the one hangs', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 10; n += 1) ids.push(await fleet.createAccount(`beside-${n}`));
    await fleet.untilReady(...ids);
    await fleet.untilQuiet();
    const [hanging = '', ...others] = ids;
    const versions = async () =>
      Promise.all(others.map(async (id) => (await fleet.status(id))?.version ?? 0));
    const before = await versions();
    const effect = { kind: 'silence' } as const;
    await at.fault({ account: hanging, caller: 'role', count: 'all', effect });
    const cause = await fleet.put('DriftSweepRequested', { accountIds: ids });
    const sawSweep = async (id: string) => (await fleet.status(id))?.lastPass?.cause.id === cause;
    await until('the other nine are swept', async () =>
      (await Promise.all(others.map(sawSweep))).every(Boolean) ? true : undefined,
    );
    await until('only the message of the one that hangs is left', async () =>
      (await fleet.messagesIn('orgkeeper-work.fifo')) === 1 ? true : undefined,
    );
    expect(await sawSweep(hanging)).toBe(false);
    await at.clearFaults();
    await until('the one that hung is swept', async () => ((await sawSweep(hanging)) ? true : undefined), {
      seconds: 300,
    });
    await fleet.untilQuiet();
    expect(await versions()).toEqual(before.map((version) => version + 1));
  }, 600_000);
});

function accountOf({ account }: RecordedCall): string {
  return account;
}
