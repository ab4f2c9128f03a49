import { jest } from '@jest/globals';
import { comparable, type Ending, type History, happen, inOrder } from './history.ts';
import { START, type Weather, type World } from './world.ts';

/** What a history came to on a bad day, and how it ends when everything comes in order. */
export interface Happening {
  readonly ending: Ending;
  readonly expected: Ending;
  /** What must never be, whatever the order; empty where all is well. */
  readonly faults: readonly string[];
  /** Functions that were killed. */
  readonly kills: number;
  /** Seconds until each run that was killed started again. */
  readonly recoveries: readonly number[];
}

/** Lets a history happen twice: in order, and in this weather. */
export async function happening(history: History, weather: Weather): Promise<Happening> {
  // Metrics are lines of the log.
  jest.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    startClock();
    const calm = await inOrder(history);
    startClock();
    const { ending: bad, world } = await happen(history, weather);
    const [ending, expected] = comparable(bad, calm);
    const recoveries = world.recoveries.flatMap(({ name, seconds }) => (name === 'work' ? [seconds] : []));
    return { ending, expected, faults: faultsOf(world), kills: world.kills.length, recoveries };
  } finally {
    jest.useRealTimers();
    jest.restoreAllMocks();
  }
}

function startClock(): void {
  jest.useFakeTimers({ now: START, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
}

function faultsOf({ announced, members, making, queues, writes }: World): string[] {
  const dead = Object.entries(queues).filter(([, { dead }]) => dead.length > 0);
  const asked = making.map(({ key }) => key);
  return [
    ...dead.map(([name, { dead }]) => `${dead.length} dead letters of ${name}`),
    ...asked.filter((key, index) => asked.indexOf(key) < index).map((key) => `${key} was created twice`),
    ...[...members.keys()].flatMap((id) =>
      takenTurns(writes.filter(({ accountId }) => accountId === id).map(({ run }) => run))
        ? []
        : [`two runs wrote into ${id} at once`],
    ),
    ...[...members].flatMap(([id, { parameters }]) =>
      parameters.get('/theirs')?.value === 'theirs' ? [] : [`what is not ours was changed in ${id}`],
    ),
    ...announced
      .filter(({ detailType }) => detailType === 'AccountReady')
      .flatMap(({ detail }) =>
        announced.some(
          (one) => one.detailType === 'AccountRegistered' && one.detail.accountId === detail.accountId,
        )
          ? []
          : [`${detail.accountId} is ready, and was never announced`],
      ),
  ];
}

/** Whether each run was done with writing before another one began. */
function takenTurns(runs: readonly string[]): boolean {
  return runs.every((run, index) => runs[index - 1] === run || !runs.slice(0, index).includes(run));
}
