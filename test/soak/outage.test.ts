import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readWorld, type World } from '../../local/account-world.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';
import { pause, until } from '../kit/wait.ts';

let runtime: TestRuntime;
let fleet: Fleet;

beforeAll(async () => {
  runtime = await startTestRuntime();
  fleet = fleetOf(runtime);
}, 240_000);
afterAll(() => runtime?.stop());

/** The account's world without what is its alone. */
function comparable(world: World, own: readonly string[]): unknown {
  const text = own.reduce((left, value) => left.replaceAll(value, '<own>'), JSON.stringify(world));
  return JSON.parse(text);
}

describe('With the emulator unreachable for 20 seconds in the middle of a run', () => {
  it('the account is ready in the end, with nothing doubled and nothing lost', async () => {
    const calm = await fleet.createAccount('calm');
    await fleet.untilReady(calm);
    const id = await fleet.createAccount('stormy');
    const writing = async () =>
      (await runtime.calls({ account: id, action: 'CreateVpc' })).length > 0 ? true : undefined;
    // So that there is something of the pass left to be interrupted.
    await runtime.fault({
      account: id,
      action: 'AttachInternetGateway',
      effect: { kind: 'delay', milliseconds: 1000 },
    });
    await until('the pass has begun to write', writing, { everyMs: 20 });
    expect((await fleet.record(id))?.lifecycle).toBe('managed');
    await runtime.pause();
    const paused = Date.now();
    await pause(20_000);
    await runtime.resume();
    const calls = await runtime.calls({ account: id });
    const before = calls.filter(({ time, access }) => time < paused && access === 'write');
    expect(before.map(({ action }) => action)).toContain('CreateRole');
    expect(before.map(({ action }) => action)).not.toContain('CreateVpcEndpoint');

    await fleet.untilReady(id);
    await fleet.untilQuiet();
    const records = await Promise.all([calm, id].map((one) => fleet.record(one)));
    const [other, this_] = await Promise.all([calm, id].map((one) => readWorld(runtime, one)));
    if (!other || !this_) throw new Error('Both were read.');
    const own = (at: number) => [
      records[at]?.accountId ?? '',
      records[at]?.externalId ?? '',
      records[at]?.name ?? '',
    ];
    expect(comparable(this_, own(1))).toEqual(comparable(other, own(0)));
    expect(await fleet.deadLetters()).toBe(0);
    const [again] = await fleet.sweep(id);
    expect(again?.lastPass).toMatchObject({ result: 'unchanged' });
  }, 240_000);
});
