import type { Item } from '../kit/expressions.ts';
import { regionIn } from './member.ts';
import { createSimulation, type Setup, type Simulation, startedSince } from './world.ts';

/** What is simulated, and for how many accounts. */
export interface ScenarioSetup extends Setup {
  readonly accounts: number;
}

/** What came of it. */
export interface Outcome {
  readonly accounts: number;
  readonly regions: number;
  /** Virtual seconds from the event until each account is as the scenario wants it; undefined if that took too long. */
  readonly seconds: number | undefined;
  /** Virtual seconds from the event until the last run was requested. */
  readonly secondsToSend: number;
  readonly callsAnAccount: number;
  /** Units of 1 KB written to the table and its indexes, an account. */
  readonly writeUnitsAnAccount: number;
  /** Attempts that AWS refused, by the limit. */
  readonly throttled: Readonly<Record<string, number>>;
  /** Attempts without an answer, since a region was down. */
  readonly unanswered: number;
  /** Seconds of invocations of reconcile, an account. */
  readonly secondsOfRunsAnAccount: number;
  /** The most invocations of reconcile at once. */
  readonly atOnce: number;
  readonly environments: number;
  /** What the functions logged as errors: each was tried again. */
  readonly errors: number;
  /** What must never be; empty where all is well. */
  readonly faults: readonly string[];
  /** What a scenario has to say beside. */
  readonly notes: Readonly<Record<string, number>>;
}

export type Scenario = (setup: ScenarioSetup) => Promise<Outcome>;

/** The parameter that somebody changes by hand in a storm. */
const CHANGED = '/orgkeeper/account/main-id';
const LONGEST = 6 * 3_600;

/** The regions of accounts with three: the deployment's, that of IAM and Organizations, and one that goes down. */
export const THREE_REGIONS = ['eu-west-1', 'us-east-1', 'eu-central-1'];

/** A nightly sweep over accounts that are as they should be. */
export const healthySweep: Scenario = (setup) =>
  simulated(setup, async (simulation, accounts) => {
    const since = simulation.clock.now();
    requestSweep(simulation);
    return { seconds: await simulation.until(accounts, (status) => isReadySince(status, since), LONGEST) };
  });

/** A sweep while STS accepts a tenth of the calls. */
export const slowSts: Scenario = (setup) =>
  simulated(setup, async (simulation, accounts) => {
    const since = simulation.clock.now();
    simulation.network.setRate('STS AssumeRole', 60, 1);
    requestSweep(simulation);
    return { seconds: await simulation.until(accounts, (status) => isReadySince(status, since), LONGEST) };
  });

/**
 * A sweep that finds every account changed by hand: its brake stops it after a fifth of the accounts. A person looks, and requests sweeps
 * until all are corrected; each has a brake of its own.
 */
export const driftedWithBrake: Scenario = (setup) =>
  simulated(setup, async (simulation, accounts) => {
    drift(simulation, accounts);
    const begin = simulation.clock.now();
    const ofEach: { readonly seconds: number; readonly left: number }[] = [];
    for (let left = accounts.length; left > 0 && ofEach.length < 10; ) {
      const since = simulation.clock.now();
      requestSweep(simulation);
      const isSeen = (status: Item) => startedSince(status, since);
      const seconds = (await simulation.until(accounts, isSeen, LONGEST)) ?? Number.NaN;
      left = accounts.filter((id) => isDrifted(simulation, id)).length;
      ofEach.push({ seconds, left });
    }
    const stops = simulation.announced.filter(({ detailType }) => detailType === 'SweepStopped');
    const [first] = ofEach;
    const notes = {
      'seconds of the first sweep': first?.seconds ?? Number.NaN,
      'corrected by the first sweep': accounts.length - (first?.left ?? 0),
      'sweeps until all were corrected': ofEach.length,
      'sweeps that their brake stopped': new Set(stops.map(({ detail }) => detail.sweepId)).size,
    };
    return { seconds: (simulation.clock.now() - begin) / 1000, notes };
  });

/** Every account was changed by hand, and runs are requested that no sweep's brake applies to, as after an assignment. */
export const driftedWithoutBrake: Scenario = (setup) =>
  simulated(setup, async (simulation, accounts) => {
    drift(simulation, accounts);
    const since = simulation.clock.now();
    const requestedAt = new Date(since).toISOString();
    const cause = { source: 'orgkeeper.request', detailType: 'BaselineAssigned', id: 'assigned' };
    for (const accountId of accounts)
      simulation.work.queue.send(JSON.stringify({ accountId, cause, requestedAt }), {
        group: accountId,
        deduplicationId: `assigned:${accountId}`,
      });
    return { seconds: await simulation.until(accounts, (status) => isReadySince(status, since), LONGEST) };
  });

/** A region does not answer for twenty minutes, from when a sweep has requested half of its runs. */
const regionIsDown =
  (region: string): Scenario =>
  (setup) =>
    simulated({ ...setup, regions: THREE_REGIONS }, async (simulation, accounts) => {
      const { clock, network } = simulation;
      const since = clock.now();
      const { runs } = simulation.requested;
      requestSweep(simulation);
      await clock.run(() => simulation.requested.runs - runs >= accounts.length / 2, LONGEST);
      const from = clock.now();
      const until = from + 20 * 60_000;
      network.outages.push({ region, from, until });
      const seconds = await simulation.until(
        unready(simulation, accounts, since),
        (status) => isReadySince(status, since),
        LONGEST,
      );
      const recovered = seconds === undefined ? Number.NaN : Math.max(0, seconds - (until - from) / 1000);
      return {
        seconds: seconds === undefined ? undefined : seconds + (from - since) / 1000,
        notes: { 'seconds from the end of the outage until all are ready': recovered },
      };
    });

/** One of the three regions of each account is down. */
export const regionDown = regionIsDown('eu-central-1');

/** The region is down in which the accounts have their third network, and the whole partition IAM and Organizations. */
export const regionOfIamDown = regionIsDown('us-east-1');

/** So many accounts are made at once by somebody else: their events arrive together. */
export const appearedAtOnce: Scenario = (setup) =>
  simulated({ ...setup, accounts: 1 }, async (simulation) => {
    const ids = Array.from({ length: setup.accounts }, (_, index) => String(800_000_000_000 + index));
    for (const id of ids) simulation.appear(id, `new-${id}`);
    const seconds = await simulation.until(ids, ({ ready }) => ready === true, LONGEST);
    return { seconds, accounts: ids };
  });

/** So many accounts are requested at once: AWS makes five at a time, and accepts one request in ten seconds. */
export const requestedAtOnce: Scenario = (setup) =>
  simulated({ ...setup, accounts: 1 }, async (simulation) => {
    for (let index = 0; index < setup.accounts; index += 1)
      simulation.put('orgkeeper.request', 'AccountCreationRequested', {
        name: `requested-${index}`,
        email: `requested-${index}@example.com`,
      });
    // Ids in the order in which AWS makes the accounts.
    const ids = Array.from({ length: setup.accounts }, (_, index) => String(700_000_000_000 + index));
    const seconds = await simulation.until(ids, ({ ready }) => ready === true, LONGEST);
    const { creations } = simulation.organization;
    const names = new Set(creations.map(({ AccountName }) => AccountName));
    return { seconds, accounts: ids, notes: { 'accounts made twice': creations.length - names.size } };
  });

interface Found {
  readonly seconds: number | undefined;
  readonly notes?: Readonly<Record<string, number>>;
  /** The accounts that it is about, if not those that were there from the beginning. */
  readonly accounts?: readonly string[];
}

async function simulated(
  { accounts: size, ...setup }: ScenarioSetup,
  happen: (simulation: Simulation, accounts: readonly string[]) => Promise<Found>,
): Promise<Outcome> {
  const simulation = await createSimulation(setup);
  try {
    const there = await simulation.settle(size);
    const { network, table, work, requested, clock } = simulation;
    const from = clock.now();
    const units = () => [...table.written.values()].reduce((sum, one) => sum + one, 0);
    const before = units();
    const secondsBefore = work.counts.seconds;
    const { seconds, notes = {}, accounts = there } = await happen(simulation, there);
    const calls = [...network.counts.calls.values()].reduce((sum, one) => sum + one, 0);
    const { throttled, unanswered } = network.counts;
    const written = units() - before;
    return {
      ...{ accounts: accounts.length, regions: simulation.regions.length, seconds, notes, unanswered },
      secondsToSend: Math.max(0, requested.last - from) / 1000,
      callsAnAccount: calls / accounts.length,
      writeUnitsAnAccount: written / accounts.length,
      secondsOfRunsAnAccount: (work.counts.seconds - secondsBefore) / accounts.length,
      throttled: Object.fromEntries(throttled),
      errors: simulation.lines.filter((line) => line.startsWith('error')).length,
      atOnce: work.counts.atOnce,
      environments: work.counts.environments,
      faults: await faultsOf(simulation, accounts),
    };
  } finally {
    simulation.end();
  }
}

/** Waits until nothing is left to do, and returns what must not be then. */
async function faultsOf(simulation: Simulation, accounts: readonly string[]): Promise<string[]> {
  const { functions, clock } = simulation;
  const queues = Object.entries(functions);
  const isQuiet = () => queues.every(([name, { queue }]) => name === 'sweep' || queue.waiting === 0);
  const isEmptied = await clock.run(isQuiet, 3_600);
  const changed = accounts.filter((id) => isDrifted(simulation, id)).length;
  return [
    ...(isEmptied ? [] : ['messages are left after an hour']),
    ...queues.flatMap(([name, { queue }]) =>
      queue.dead.length > 0 ? [`${queue.dead.length} dead letters of ${name}`] : [],
    ),
    ...queues.flatMap(([name, { counts }]) =>
      counts.timedOut > 0 ? [`${counts.timedOut} invocations of ${name} were stopped`] : [],
    ),
    ...(changed > 0 ? [`${changed} accounts are still as somebody changed them`] : []),
  ];
}

function requestSweep(simulation: Simulation): void {
  simulation.put('orgkeeper.request', 'DriftSweepRequested', { reason: 'nightly' });
}

function isReadySince(status: Item, since: number): boolean {
  return status.ready === true && startedSince(status, since);
}

/** The accounts that are not ready yet, or were not looked at since then. */
function unready({ table }: Simulation, accounts: readonly string[], since: number): string[] {
  return accounts.filter((id) => {
    const status = table.stored.item({ pk: `account#${id}`, sk: 'status' });
    return !status || !isReadySince(status, since);
  });
}

function drift({ members, regions }: Simulation, accounts: readonly string[]): void {
  for (const id of accounts) {
    const member = members.get(id);
    const parameter = member && regionIn(member, regions[0] ?? '').parameters.get(CHANGED);
    if (parameter) parameter.Value = 'changed by hand';
  }
}

function isDrifted({ members, regions }: Simulation, id: string): boolean {
  const member = members.get(id);
  return !member || regionIn(member, regions[0] ?? '').parameters.get(CHANGED)?.Value !== '345678901234';
}
