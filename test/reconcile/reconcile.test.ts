import { describe, expect, it } from '@jest/globals';
import { VISIBLE_SECONDS } from '../../controllers/engine/gate.ts';
import type { RunDeps } from '../../controllers/engine/model.ts';
import { reconcileHandler } from '../../controllers/reconcile/reconcile.ts';
import { rememberOutages } from '../../shared/aws/outages.ts';
import { ServiceFault, Throttled } from '../../shared/domain/errors.ts';
import { WORK_RECEIVES } from '../../shared/domain/work.ts';
import { accountKey, getStatus } from '../../shared/store/accounts.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { getPlanAnswer } from '../../shared/store/plans.ts';
import { systemClock } from '../kit/clock.ts';
import { aBaselineItem, aConfig, aRecord, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { aMessage, batch, secondsLeft, silentLogger, silentMetrics } from '../kit/lambda.ts';

const OTHER = '567890123456';
const NOW = new Date();

function work(accountId: string, given: { receives?: number; plan?: 'assigned' } = {}) {
  const cause = { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'event-9' };
  const { receives = 1, plan } = given;
  const message = { accountId, cause, requestedAt: NOW.toISOString(), ...(plan && { plan }) };
  return aMessage(message, { id: accountId, receives, sentAt: NOW });
}

/** The function, with two accounts of a baseline that wants nothing; entering fails with what is thrown here. */
function reconciling(enter: (accountId: string) => void = () => undefined) {
  const fake = fakeMain([
    aBaselineItem(),
    ...[MEMBER, OTHER].map((accountId) => ({ ...aRecord({ accountId }), ...accountKey(accountId) })),
  ]);
  const { main } = fake;
  const access: RunDeps['access'] = {
    async enter({ accountId }) {
      enter(accountId);
      return { accessKeyId: 'x', secretAccessKey: 'x' };
    },
    evict: () => undefined,
    organization: async () => undefined,
    tryRole: () => Promise.reject(new Error('nobody tries a role here')),
  };
  const { logger, lines } = silentLogger();
  const handler = reconcileHandler({
    config: aConfig(),
    main,
    access,
    kinds: [],
    outages: rememberOutages(),
    loadBaseline: ({ name, version }) => getBaseline(main.table, name, version),
    logger,
    metrics: silentMetrics(),
    ...systemClock,
    now: () => NOW,
  });
  return { ...fake, handler, lines };
}
const failed = (...ids: string[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});
const throttled = () => {
  throw new Throttled('Too many.');
};

describe('reconcileHandler', () => {
  it('runs once for a work message, and hides it in the meantime', async () => {
    const { handler, main, hidden, lines } = reconciling();
    expect(await handler(batch(work(MEMBER)), secondsLeft(300))).toEqual(failed());
    expect(await getStatus(main.table, MEMBER)).toMatchObject({
      version: 1,
      lastPass: { result: 'unchanged', cause: { id: 'event-9' } },
    });
    expect(hidden).toEqual([
      { queue: 'work.fifo', receiptHandle: `receipt of ${MEMBER}`, seconds: VISIBLE_SECONDS },
    ]);
    expect(lines).toEqual(['info pass']);
  });

  it('finishes a message of an account without a record', async () => {
    const { handler, lines } = reconciling();
    expect(await handler(batch(work('678901234567')), secondsLeft(300))).toEqual(failed());
    expect(lines).toEqual(['info nothing to do']);
  });

  it('has a message redelivered after a backoff if its run failed for a passing reason', async () => {
    const { handler, main, hidden } = reconciling(throttled);
    expect(await handler(batch(work(MEMBER)), secondsLeft(300))).toEqual(failed(MEMBER));
    expect((await getStatus(main.table, MEMBER))?.dueAt).toBeUndefined();
    expect(hidden.at(-1)?.seconds).toBeLessThanOrEqual(2);
  });

  it('has a message redelivered after half a minute at least if AWS is known not to answer', async () => {
    const { handler, main, hidden } = reconciling(() => {
      throw new ServiceFault('AWS does not answer.', { reason: 'Unreachable', remedy: 'Wait.' });
    });
    expect(await handler(batch(work(MEMBER)), secondsLeft(300))).toEqual(failed(MEMBER));
    expect(hidden.at(-1)?.seconds).toBeGreaterThanOrEqual(30);
    expect((await getStatus(main.table, MEMBER))?.conditions).toMatchObject([
      { type: 'Access', status: 'Unknown', reason: 'Unreachable', message: 'AWS does not answer. Wait.' },
    ]);
  });

  it('parks such a message on its last receive: the account is due, and there is no dead letter', async () => {
    const { handler, main } = reconciling(throttled);
    const last = work(MEMBER, { receives: WORK_RECEIVES });
    expect(await handler(batch(last), secondsLeft(300))).toEqual(failed());
    expect((await getStatus(main.table, MEMBER))?.dueAt).toEqual(expect.any(String));
  });

  it('makes a message a dead letter after an unknown error in every run', async () => {
    const { handler } = reconciling(() => {
      throw new TypeError('a mistake of ours');
    });
    const last = work(MEMBER, { receives: WORK_RECEIVES });
    expect(await handler(batch(last), secondsLeft(300))).toEqual(failed(MEMBER));
  });

  it('processes the other messages of a batch if one crashes or cannot be read', async () => {
    const { handler, main, store, sentTo, lines } = reconciling();
    main.table.documents.middlewareStack.add(
      (next) => async (args) => {
        if (JSON.stringify(args.input).includes(`account#${MEMBER}`))
          throw new TypeError('a mistake of ours');
        return next(args);
      },
      { step: 'initialize', priority: 'high' },
    );
    const event = batch(work(MEMBER), aMessage({ no: 'work' }, { id: 'unreadable' }), work(OTHER));
    expect(await handler(event, secondsLeft(300))).toEqual(failed(MEMBER));
    expect(sentTo('work-dead.fifo')).toEqual([{ no: 'work' }]);
    expect(store.items(`account#${OTHER}`)).toContainEqual(
      expect.objectContaining({ sk: 'status', version: 1 }),
    );
    expect(lines).toContain('error run failed, its message comes again');
  });

  it('answers a request for a plan, and does not run', async () => {
    const { handler, main } = reconciling();
    expect(await handler(batch(work(MEMBER, { plan: 'assigned' })), secondsLeft(300))).toEqual(failed());
    expect(await getPlanAnswer(main.table, 'event-9', NOW)).toMatchObject({ is: 'planned' });
    expect(await getStatus(main.table, MEMBER)).toBeUndefined();
  });

  it.each([
    [1, failed(MEMBER), undefined],
    [3, failed(), { is: 'failed' }],
  ])('tries a plan that fails for a passing reason three times (%d)', async (receives, expected, answer) => {
    const { handler, main } = reconciling(throttled);
    const asked = work(MEMBER, { plan: 'assigned', receives });
    expect(await handler(batch(asked), secondsLeft(300))).toEqual(expected);
    const found = await getPlanAnswer(main.table, 'event-9', NOW);
    if (answer) expect(found).toMatchObject(answer);
    else expect(found).toBeUndefined();
  });
});
