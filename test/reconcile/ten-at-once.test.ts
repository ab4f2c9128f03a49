import { Metrics } from '@aws-lambda-powertools/metrics';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { HEALTHY_RUN } from '../../cli/cost.ts';
import { VISIBLE_SECONDS } from '../../controllers/engine/gate.ts';
import { reconcileHandler } from '../../controllers/reconcile/reconcile.ts';
import { functionLogger } from '../../shared/aws/function-logger.ts';
import { rememberOutages } from '../../shared/aws/outages.ts';
import { Throttled } from '../../shared/domain/errors.ts';
import { accountKey, getStatus } from '../../shared/store/accounts.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { systemClock } from '../kit/clock.ts';
import { aBaselineItem, aConfig, aRecord } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { aMessage, batch } from '../kit/lambda.ts';

const NOW = new Date('2026-11-20T12:00:00.000Z');
const FUNCTION_MS = 120_000;
const IDS = Array.from({ length: 10 }, (_, index) => String(400_000_000_000 + index));
const [BAD = '', ...GOOD] = IDS;

let printed: Record<string, unknown>[];
beforeEach(() => {
  jest.useFakeTimers({ now: NOW, doNotFake: ['nextTick', 'setImmediate'] });
  delete process.env.POWERTOOLS_METRICS_DISABLED;
  printed = [];
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((line) => {
      printed.push(JSON.parse(String(line)));
      return true;
    });
  }
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** One invocation of the function with a message for each of these accounts; entering account `BAD` does what is said here. */
function invocation(ids: readonly string[], enterBad: () => Promise<void> = async () => undefined) {
  const fake = fakeMain([
    aBaselineItem(),
    ...ids.map((accountId) => ({ ...aRecord({ accountId }), ...accountKey(accountId) })),
  ]);
  const { main } = fake;
  const handler = reconcileHandler({
    config: aConfig(),
    main,
    access: {
      async enter({ accountId }) {
        if (accountId === BAD) await enterBad();
        return { accessKeyId: 'x', secretAccessKey: 'x' };
      },
      evict: () => undefined,
      organization: async () => undefined,
      tryRole: () => Promise.reject(new Error('nobody tries a role here')),
    },
    kinds: [],
    outages: rememberOutages(),
    loadBaseline: ({ name, version }) => getBaseline(main.table, name, version),
    logger: functionLogger('reconcile'),
    metrics: new Metrics({ namespace: 'Test' }),
    ...systemClock,
  });
  const began = Date.now();
  const messages = ids.map((accountId) => {
    const cause = { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'event-9' };
    const message = { accountId, cause, requestedAt: NOW.toISOString() };
    return aMessage(message, { id: accountId, sentAt: NOW, group: accountId });
  });
  let answer: unknown;
  const left = { getRemainingTimeInMillis: () => began + FUNCTION_MS - Date.now() };
  void handler(batch(...messages), left).then((answered) => {
    answer = answered;
  });
  const hiddenFor = (accountId: string) =>
    fake.hidden.filter(({ receiptHandle }) => receiptHandle === `receipt of ${accountId}`);
  return { ...fake, answer: () => answer, hiddenFor };
}

/** What the good accounts have in the end, without what differs between any two runs. */
async function outcomeOf({ main, put }: ReturnType<typeof invocation>) {
  const statuses = await Promise.all(GOOD.map((accountId) => getStatus(main.table, accountId)));
  const runs = statuses.map((status) => ({ ...status, lastPass: { ...status?.lastPass, id: '' } }));
  return { runs, put: put.filter(({ detail }) => detail.accountId !== BAD) };
}

const hangs = () => new Promise<void>(() => undefined);

describe('one invocation with ten accounts of which one hangs', () => {
  it('finishes the other nine as if it were not there, and deletes their messages while it hangs', async () => {
    const alone = invocation(GOOD);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(alone.answer()).toEqual({ batchItemFailures: [] });
    jest.setSystemTime(NOW);

    const ten = invocation(IDS, hangs);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(ten.answer()).toBeUndefined();
    expect(await outcomeOf(ten)).toEqual(await outcomeOf(alone));
    expect(ten.deleted).toEqual(GOOD.map((accountId) => `receipt of ${accountId}`));
  });

  it('extends the message of the hanging one alone, abandons it before the function is killed, and has it redelivered', async () => {
    const { answer, hiddenFor } = invocation(IDS, hangs);
    await jest.advanceTimersByTimeAsync(95_000);
    expect(hiddenFor(BAD).map(({ seconds }) => seconds)).toEqual(Array(10).fill(VISIBLE_SECONDS));
    for (const accountId of GOOD) expect(hiddenFor(accountId)).toHaveLength(1);
    expect(answer()).toBeUndefined();
    await jest.advanceTimersByTimeAsync(FUNCTION_MS - 10_000 - 95_000);
    expect(answer()).toEqual({ batchItemFailures: [{ itemIdentifier: BAD }] });
    // After its backoff; no heartbeat hides it again.
    const last = hiddenFor(BAD).at(-1);
    expect(last?.seconds).toBeLessThanOrEqual(2);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(hiddenFor(BAD).at(-1)).toBe(last);
  });

  it('makes a failed message visible again at once, while the others are worked on', async () => {
    const { answer, hiddenFor, deleted } = invocation(IDS, async () => {
      throw new Throttled('Too many.');
    });
    await jest.advanceTimersByTimeAsync(1_000);
    expect(answer()).toEqual({ batchItemFailures: [{ itemIdentifier: BAD }] });
    expect(hiddenFor(BAD).at(-1)?.seconds).toBeLessThanOrEqual(2);
    expect(deleted).toEqual([]);
  });

  it('logs each run with its own account, and counts each once', async () => {
    invocation(IDS, hangs);
    await jest.advanceTimersByTimeAsync(FUNCTION_MS);
    const passes = printed.filter(({ message }) => message === 'pass');
    expect(passes.map(({ accountId }) => accountId).toSorted()).toEqual(GOOD.toSorted());
    expect(new Set(passes.map(({ passId }) => passId)).size).toBe(GOOD.length);
    expect(printed.filter(({ level }) => level === 'ERROR')).toMatchObject([
      { accountId: BAD, message: 'run failed, its message comes again', error: { name: 'OutOfTime' } },
    ]);
    const bytes =
      JSON.stringify(passes).length + JSON.stringify(printed.filter((line) => 'Passes' in line)).length;
    expect(bytes / GOOD.length).toBeLessThanOrEqual(HEALTHY_RUN.logBytes);
    const counted = printed.filter((line) => 'Passes' in line);
    expect(counted).toHaveLength(GOOD.length);
    for (const line of counted) expect(line).toMatchObject({ Result: 'unchanged', Passes: 1 });
  });
});
