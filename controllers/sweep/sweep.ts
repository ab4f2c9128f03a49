import type { Logger } from '@aws-lambda-powertools/logger';
import type { Metrics } from '@aws-lambda-powertools/metrics';
import { asError } from '../../shared/aws/function-logger.ts';
import { queueHandler } from '../../shared/aws/queue-handler.ts';
import type { ReviewBucket } from '../../shared/aws/review-bucket.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { SWEEP_RECEIVES, SweepMessage } from '../../shared/domain/work.ts';
import { onboardSince } from '../../shared/store/controls.ts';
import { beginNight } from '../../shared/store/nights.ts';
import { advanceRollout } from '../fleet/advance-rollout.ts';
import { listOrganization, type TaskDeps } from '../fleet/list-organization.ts';
import { deliverOwed } from '../fleet/owed.ts';
import { reviewFleet } from '../fleet/review-fleet.ts';
import { sweepFleet } from '../fleet/sweep-fleet.ts';
import { sendCreations, sendDue, sendRollouts } from './due.ts';
import { finishSweeps } from './finish.ts';
import { countStops, gaugeFleet } from './gauges.ts';
import { announceNight } from './summary.ts';

/** Time reserved for one page and for the message that hands over the rest. */
const MARGIN_MS = 20_000;
/** A time by which every open request is due. */
const END_OF_TIME = new Date('9999-12-31T00:00:00Z');

/** The dependencies of the sweep function. */
interface SweepFunctionDeps extends Omit<TaskDeps, 'timeLeft' | 'until'> {
  readonly logger: Logger;
  /** The bucket of the nightly pages. */
  readonly bucket: () => Promise<ReviewBucket>;
  /** Loaded when something is measured, which few ticks do. */
  readonly loadMetrics: () => Promise<Metrics>;
}

/** The sweep function: each message is one task for the whole fleet or the whole organization. */
export function sweepHandler({ logger, bucket, loadMetrics, ...shared }: SweepFunctionDeps) {
  const { config, main, now } = shared;
  /** Accounts are onboarded from the first minute of the deployment, which the first tick saves, once. */
  let onboarding = config.onboard.since !== undefined;

  async function carryOut(message: SweepMessage, deps: TaskDeps): Promise<void> {
    switch (message.task) {
      case 'sweep': {
        const { runs: passes, records } = await sweepFleet(message, deps);
        logger.info('sweep', { sweepId: message.sweepId, cause: message.cause, passes });
        if (records) await list(deps, records);
        return;
      }
      case 'due': {
        if (!onboarding) {
          await onboardSince(main.table, now());
          onboarding = true;
        }
        await allOf({
          owed: () => deliverOwed(now(), deps),
          passes: () => sendDue(now(), deps),
          creations: () => sendCreations(now(), false, deps),
          rollouts: () => sendRollouts(now(), deps),
          sweeps: async () => {
            const { announced, stopped } = await finishSweeps(now(), deps);
            await countStops(loadMetrics, 'SweepsStopped', stopped);
            return announced;
          },
          summaries: async () => ((await announceNight(now(), deps)) ? 1 : 0),
        });
        return;
      }
      case 'page': {
        // Loaded when it is needed, as is the client of S3: no other task waits for them.
        const { makeNightlyPage } = await import('../report/nightly.ts');
        const { table } = main;
        const page = await makeNightlyPage(message.day, { table, bucket: await bucket(), now: now() });
        logger.info('page', { day: message.day, ...page });
        return;
      }
      case 'rollout': {
        const stage = await advanceRollout(message.rolloutId, deps);
        await countStops(loadMetrics, 'RolloutsHalted', stage === 'halted' ? 1 : 0);
        logger.info('rollout', { rolloutId: message.rolloutId, stage });
        return;
      }
      case 'review': {
        const reviews = await reviewFleet(message, deps);
        logger.info('review', { cause: message.cause, reviews });
        return;
      }
      case 'summary':
        // A night of the future would hide those before it.
        await beginNight(main.table, new Date(Math.min(Date.parse(message.night), now().getTime())));
        return;
      case 'list':
        await measureFleet(deps);
        await list(deps);
    }
  }

  /** Does each sort of due work, one after the other: one that fails does not hold up the others. @throws AggregateError if any has failed */
  async function allOf(work: Readonly<Record<string, () => Promise<number>>>): Promise<void> {
    const done: Record<string, number> = {};
    const failed: Record<string, unknown> = {};
    for (const [what, carryOut] of Object.entries(work)) {
      try {
        done[what] = await carryOut();
      } catch (error) {
        failed[what] = error;
        logger.error('due work failed', { what, error: asError(error) });
      }
    }
    if (Object.values(done).some((count) => count > 0)) logger.info('due', done);
    const errors = Object.values(failed);
    if (errors.length > 0)
      throw new AggregateError(errors, `Due work failed: ${Object.keys(failed).join(', ')}.`);
  }

  /** Loads what only the listing and a night need. */
  async function measureFleet(deps: TaskDeps): Promise<void> {
    const { countAccounts } = await import('./standings.ts');
    gaugeFleet(await loadMetrics(), await countAccounts(deps.main.table, now()));
  }

  async function list(deps: TaskDeps, records?: ReadonlyMap<string, AccountRecord>): Promise<void> {
    await sendCreations(END_OF_TIME, true, deps);
    logger.info('listing', { ...(await listOrganization(deps, records)) });
  }

  return queueHandler({
    queue: main.sweep,
    receives: SWEEP_RECEIVES,
    bus: main.bus,
    schema: SweepMessage,
    logger,
    now,
    batch: 'one-by-one',
    async handle({ message, until }) {
      const timeLeft = () => until.getTime() - now().getTime() > MARGIN_MS;
      await carryOut(message, { ...shared, timeLeft, until });
      return 'done';
    },
  });
}
