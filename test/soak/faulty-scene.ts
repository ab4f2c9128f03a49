import { afterEach, beforeAll, expect } from '@jest/globals';
import { readWorld } from '../../local/account-world.ts';
import type { RecordedCall } from '../../local/gateway/recorder.ts';
import type { AccountView } from '../../shared/domain/account-view.ts';
import { type BusEvent, type Listener, listen } from '../kit/journey/bus.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';
import { writersAtOnce } from '../kit/journey/writers.ts';
import { pause, until } from '../kit/wait.ts';

/** How many accounts come at once: `FAULTY_ACCOUNTS=200 npm run soak:faults` takes much longer. */
export const ACCOUNTS = Number(process.env.FAULTY_ACCOUNTS ?? 12);
/** What they are given to be ready, or to say what they wait for. */
const SECONDS = 120 + 8 * ACCOUNTS;
/** The second region of the accounts that have two. */
export const AWAY = 'eu-central-1';

/** Accounts that come in a bad time. */
export interface Scene {
  readonly at: TestRuntime;
  readonly fleet: Fleet;
  readonly bus: Listener;
  /** What an account is like that nothing has happened to. */
  readonly calm: unknown;
}

let runtime: TestRuntime | undefined;

/** For a file of such scenes: ends the runtime of each. */
export function useScenes(): void {
  beforeAll(() => {
    // AWS's own policies, which nobody attaches here, would cost the emulator 0.3 s an account.
    process.env.MOTO_IAM_LOAD_MANAGED_POLICIES = 'false';
  });
  afterEach(endScene);
}

async function endScene(): Promise<void> {
  const ended = runtime;
  runtime = undefined;
  await ended?.stop();
}

/** What else a scene has. */
interface SceneOptions {
  /** Runs before the first account comes. */
  readonly prepare?: (fleet: Fleet) => Promise<void>;
  /** Plans faults that no other one mitigates: of those that fit a call, the one that was planned first decides. */
  readonly worst?: (at: TestRuntime) => Promise<void>;
}

/**
 * A runtime of its own with one account that is ready, then 30 % throttled, 5 % failing, 5 % lost answers, events astray. Ends the
 * runtime of the scene before.
 */
export async function scene({ prepare, worst }: SceneOptions = {}): Promise<Scene> {
  await endScene();
  const at = await startTestRuntime();
  runtime = at;
  const fleet = fleetOf(at);
  await prepare?.(fleet);
  const bus = await listen(at);
  const first = await fleet.createAccount('calm');
  await fleet.untilReady(first);
  const calm = await worldOf({ at, fleet }, first);
  await at.clearCalls();
  await worst?.(at);
  const all = { caller: 'role', count: 'all' } as const;
  await at.fault({ ...all, rate: 0.3, effect: { kind: 'throttled' } });
  // Of the calls that the ones before have not met: a twentieth of all.
  await at.fault({ ...all, rate: 0.05 / 0.7, effect: { kind: 'broken' } });
  await at.fault({ ...all, rate: 0.05 / 0.65, effect: { kind: 'close', when: 'after' } });
  const astray = { doubled: 0.2, reordered: 0.2, dropped: 0.05, milliseconds: 5_000 };
  await at.planDeliveries({ ...astray, queue: 'orgkeeper-intake' });
  return { at, fleet, bus, calm };
}

/** The account's world in both regions, without what is its alone. */
async function worldOf({ at, fleet }: Pick<Scene, 'at' | 'fleet'>, id: string): Promise<unknown> {
  const record = await fleet.record(id);
  const own = [id, record?.externalId, record?.name].filter((value) => value !== undefined);
  const regions = [at.region, AWAY].map((region) =>
    readWorld({ as: (account) => at.as(account, region) }, id),
  );
  const worlds = JSON.stringify(await Promise.all(regions));
  return JSON.parse(own.reduce((left, value) => left.replaceAll(value, '<own>'), worlds));
}

/** Those of the accounts that Orgkeeper knows. */
async function known(fleet: Fleet, ids: readonly string[]): Promise<AccountView[]> {
  const seen: AccountView[] = [];
  for (const id of ids) if (await fleet.record(id)) seen.push(await fleet.view(id));
  return seen;
}

/**
 * Creates accounts and waits until all that Orgkeeper has heard of are ready, or their time is over; their ids, and the seconds until
 * the last was ready.
 */
export async function onboard({ fleet }: Scene): Promise<{ ids: string[]; seconds: number }> {
  const began = Date.now();
  const ids: string[] = [];
  for (let n = 0; n < ACCOUNTS; n += 1) ids.push(await fleet.createAccount(`faulty-${n}`));
  const open = [...ids];
  let idle = 0;
  while (open.length > 0 && Date.now() - began < SECONDS * 1000) {
    await pause(1_000);
    idle = (await fleet.messagesIn('orgkeeper-intake')) === 0 ? idle + 1 : 0;
    // An event is at most 5 s late: of an account that is unknown after twice that, with nothing left to read, it was dropped.
    await dropReady(fleet, open, { unknown: idle >= 10 });
  }
  return { ids, seconds: (Date.now() - began) / 1000 };
}

/**
 * Takes accounts off the list that are ready, or if told so unknown, up to the first that is neither: to ask for all of them all the
 * time would keep the emulator from its work.
 */
async function dropReady(fleet: Fleet, open: string[], { unknown }: { readonly unknown: boolean }) {
  for (let id = open[0]; id !== undefined; id = open[0]) {
    const [seen] = await known(fleet, [id]);
    if (!(seen ? seen.ready : unknown)) return;
    open.shift();
  }
}

/** Notices of each account that it is not as desired: those of one run are one, however often they came. */
function noticesOf(events: readonly BusEvent[], id: string): number {
  const degraded = events.filter(
    (event) => event['detail-type'] === 'AccountDegraded' && event.detail.accountId === id,
  );
  return new Set(degraded.map(({ detail }) => detail.passId)).size;
}

/** True of an account that somebody has to be told about: a person has to do something, or its last run failed. */
function isAmiss({ conditions, lastPass }: AccountView): boolean {
  return lastPass?.result === 'failed' || conditions.some(({ status }) => status === 'False');
}

/** Whether a call was made in the account, or to enter it. */
function isOf({ account, params }: RecordedCall, id: string): boolean {
  return account === id || String(params.RoleArn).includes(id);
}

function share(calls: readonly RecordedCall[], part: (call: RecordedCall) => boolean): string {
  return `${((100 * calls.filter(part).length) / calls.length).toFixed(0)} %`;
}

/** All that must hold once the accounts have come, in the bad time and after it. */
export async function holds(
  name: string,
  { at, fleet, bus, calm }: Scene,
  ids: readonly string[],
  seconds: number,
) {
  let seen: AccountView[] = [];
  let waiting: AccountView[] = [];
  let told: { readonly notices: number; readonly isAmiss: boolean }[] = [];
  const allTold = async () => {
    seen = await known(fleet, ids);
    waiting = seen.filter(({ ready }) => !ready);
    const notices = await bus.heard();
    told = waiting.map((view) => ({
      ...{ id: view.accountId, conditions: view.conditions, result: view.lastPass?.result },
      ...{ notices: noticesOf(notices, view.accountId), isAmiss: isAmiss(view) },
    }));
    return told.every(({ notices, isAmiss }) => notices === 1 || (notices === 0 && !isAmiss)) || undefined;
  };
  // An account that fails before it is ready is announced once, also if it waits since. A notice may be on its way, or in the outbox of a
  // run that was killed: the next run sends it.
  await until('each account that is amiss is told about once', allTold, {
    seconds: 120,
    everyMs: 2_000,
    seen: () => told,
  });
  // Tens of megabytes for 200 accounts: read once.
  const made = await at.calls();
  for (const { accountId, conditions, lastPass } of waiting) {
    const last = made.findLast((call) => isOf(call, accountId));
    const when =
      last && `its last call, ${last.action}, ${((Date.now() - last.time) / 1000).toFixed(0)} s ago`;
    const unmet = conditions
      .filter(({ status }) => status !== 'True')
      .map(({ type, reason }) => `${type} ${reason}`);
    process.stdout.write(
      `${name}: ${accountId} is not ready: ${unmet.join(', ')}; pass ${lastPass?.result}; ${when}.\n`,
    );
  }
  const bad = made.filter(({ session }) => session !== undefined);

  await at.clearFaults();
  await at.planDeliveries(undefined);
  await at.planConsistency(undefined);
  await fleet.put('DriftSweepRequested', {});
  // A listing that was killed is continued after three minutes, the message of a run that was killed in its first moment after two.
  const open = [...ids];
  const allReady = async () => {
    await dropReady(fleet, open, { unknown: false });
    return open.length === 0 ? true : undefined;
  };
  await until('all accounts are ready after the sweep', allReady, {
    seconds: 900,
    everyMs: 2_000,
    seen: () => open,
  });
  await fleet.untilQuiet();
  const calls = await at.calls();
  process.stdout.write(
    `${name}: ${ids.length} accounts in ${seconds.toFixed(0)} s, ${seen.length} known and ${seen.length - waiting.length} ready then; ` +
      `${bad.length} calls, ${share(bad, ({ status }) => status === 400 || status === 503)} refused, ` +
      `${share(bad, ({ status }) => status === 500)} failed, ${share(bad, ({ status }) => status === 0)} unanswered.\n`,
  );

  expect(await fleet.deadLetters()).toBe(0);
  expect(writersAtOnce(calls.filter(({ account }) => ids.includes(account)))).toEqual([]);
  for (const id of ids) expect([id, await worldOf({ at, fleet }, id)]).toEqual([id, calm]);
}
