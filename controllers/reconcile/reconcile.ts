import type { Logger } from '@aws-lambda-powertools/logger';
import type { Metrics } from '@aws-lambda-powertools/metrics';
import { asError } from '../../shared/aws/function-logger.ts';
import { workByGroup } from '../../shared/aws/message-groups.ts';
import type { Outages } from '../../shared/aws/outages.ts';
import { comeAgain, hide } from '../../shared/aws/queue.ts';
import { type Handled, queueHandler, type Received } from '../../shared/aws/queue-handler.ts';
import { ControllerError, OutOfTime } from '../../shared/domain/errors.ts';
import type { PassRecord } from '../../shared/domain/status.ts';
import { WORK_RECEIVES, WorkMessage } from '../../shared/domain/work.ts';
import { startHeartbeat, VISIBLE_SECONDS } from '../engine/gate.ts';
import type { RunDeps, RunOutcome } from '../engine/model.ts';
import { answerPlan, type PlanWork } from '../engine/plan.ts';
import { reconcile } from '../engine/run.ts';
import { countPass } from './metrics.ts';

/** The dependencies of the reconcile function. */
interface ReconcileFunctionDeps extends RunDeps {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly outages: Outages;
}

/** How often a plan is tried again after a temporary error; then the person who waits gets the error. */
const PLAN_TRIES = 3;

/** So long before the function's end, a run that has not ended is abandoned: the environment is not killed for one account. */
const ABANDON_MS = 10_000;

/**
 * The reconcile function: each work message is one run or one plan, and the messages of a batch are worked on at once, each with
 * its own heartbeat, log and failure. If a run fails for a temporary reason, its message is redelivered after a backoff, so that only
 * its account waits; on the last receive, the account gets a due time instead.
 */
export function reconcileHandler({ logger, metrics, ...deps }: ReconcileFunctionDeps) {
  const { main, now } = deps;

  async function handle(received: Received<WorkMessage>): Promise<Handled> {
    const { message, receives, receiptHandle, behind, until } = received;
    const { accountId, cause, plan } = message;
    const log = logger.createChild({ persistentKeys: { accountId, cause, receives } });
    const heartbeat = startHeartbeat(
      async () => {
        const receipts = [receiptHandle, ...behind];
        await Promise.all(receipts.map((receipt) => hide(main.work, receipt, VISIBLE_SECONDS)));
      },
      (error) => log.warn('heartbeat failed, another run may begin', asError(error)),
      now,
    );
    try {
      if (plan) return await inTime(planned({ ...message, plan }, receives, log), until);
      const { sentAt } = received;
      const lastReceive = receives >= WORK_RECEIVES;
      const run = reconcile({ message, sentAt, until, heartbeat, lastReceive }, deps);
      const outcome = await inTime(run, until);
      report(outcome, message, log);
      return outcome.did === 'ran' && outcome.next.is === 'backoff' ? outcome.next.why : 'done';
    } catch (error) {
      if (error instanceof ControllerError && error.name === 'Conflict')
        log.info('account was saved by another run first', { why: error.message });
      else log.error('run failed, its message comes again', asError(error));
      return 'again';
    } finally {
      await heartbeat.stop();
    }
  }

  /**
   * The result of `work`, if it ends before the function must. A run that is abandoned makes no further writing call once its lease
   * has ended, which nobody renews any more. @throws OutOfTime
   */
  async function inTime<T>(work: Promise<T>, until: Date): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const abandon = () => reject(new OutOfTime('The run did not end in its time, and was abandoned.'));
      timer = setTimeout(abandon, until.getTime() - ABANDON_MS - now().getTime());
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Finished once the plan's answer is saved, or too late to be read. */
  async function planned(
    message: PlanWork['message'],
    receives: number,
    log: Logger,
  ): Promise<'done' | 'again'> {
    const outcome = await answerPlan({ message, now: now(), lastTry: receives >= PLAN_TRIES }, deps);
    switch (outcome.did) {
      case 'skipped':
        log.info('nothing to do', { why: outcome.why });
        return 'done';
      case 'failed':
        log.warn('plan failed, will be retried', asError(outcome.retry));
        return 'again';
      case 'answered':
        log.info('plan', { is: outcome.answer.is });
        return 'done';
    }
  }

  function report(outcome: RunOutcome, { requestedAt }: WorkMessage, log: Logger): void {
    switch (outcome.did) {
      case 'skipped':
        log.info('nothing to do', { why: outcome.why });
        return;
      case 'stopped':
        log.error('an item of the account cannot be read', outcome.item);
        return;
      case 'ran': {
        const { status, retry } = outcome;
        const unready = status.conditions.filter((condition) => condition.status !== 'True');
        log.info('pass', {
          ...summary(status.lastPass, requestedAt),
          ...(unready.length > 0 && { unready }),
        });
        if (retry !== undefined) log.warn('run will be retried', asError(retry));
        countPass(metrics, outcome);
      }
    }
  }

  return queueHandler({
    queue: main.work,
    receives: WORK_RECEIVES,
    bus: main.bus,
    schema: WorkMessage,
    logger,
    now,
    batch: workByGroup,
    backOff: comeAgain,
    handle,
  });
}

function summary(pass: PassRecord | undefined, requestedAt: string) {
  if (!pass) return {};
  const { id, result, calls, differences, startedAt } = pass;
  // From the request to the start of the run.
  const secondsWaited = (Date.parse(startedAt) - Date.parse(requestedAt)) / 1000;
  return { passId: id, result, calls, differences: differences.length, secondsWaited };
}
