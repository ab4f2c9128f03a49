import { Logger } from '@aws-lambda-powertools/logger';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { createAccess } from '../../shared/aws/access.ts';
import { mainClients } from '../../shared/aws/main-clients.ts';
import { comeAgain, hide } from '../../shared/aws/queue.ts';
import { readMessage } from '../../shared/aws/read-message.ts';
import { configFromEnvironment } from '../../shared/deployment/config.ts';
import { ControllerError } from '../../shared/domain/errors.ts';
import { WORK_RECEIVES, WorkMessage } from '../../shared/domain/work.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { rememberBaselines } from '../engine/desired-state.ts';
import { startHeartbeat, VISIBLE_SECONDS } from '../engine/gate.ts';
import type { RunOutcome } from '../engine/model.ts';
import { answerPlan, type PlanWork } from '../engine/plan.ts';
import { reconcile } from '../engine/run.ts';
import { kinds } from '../kinds/index.ts';
import { countPass } from './metrics.ts';

const config = configFromEnvironment();
const main = mainClients(config);
const logger = new Logger({ serviceName: 'reconcile' });
const deps = {
  config,
  main,
  access: createAccess({ config, organizationRole: 'entering' }),
  kinds,
  loadBaseline: rememberBaselines(({ name, version }) => getBaseline(main.table, name, version)),
};

/**
 * The door of the reconcile function: one work message, one pass, or one plan. A failure that will pass makes the message come
 * again after a backoff, so that only its account waits; on the last receive it is parked with a due time instead.
 */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const failed: SQSRecord[] = [];
  for (const record of event.Records) if (!(await handled(record, context))) failed.push(record);
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

/** True when the message is done. */
async function handled(record: SQSRecord, context: Context): Promise<boolean> {
  try {
    const read = await readMessage(WorkMessage, record, main.work);
    if ('message' in read) return await reconciled(read.message, record, context);
    logger.error('the message cannot be read', { why: read.unreadable });
    return true;
  } catch (error) {
    logger.error('the message comes again', asError(error));
    return false;
  }
}

async function reconciled(message: WorkMessage, record: SQSRecord, context: Context): Promise<boolean> {
  const { accountId, cause } = message;
  const receives = Number(record.attributes.ApproximateReceiveCount);
  const log = logger.createChild({ persistentKeys: { accountId, cause, receives } });
  const heartbeat = startHeartbeat(
    () => hide(main.work, record.receiptHandle, VISIBLE_SECONDS),
    (error) => log.warn('a beat failed; should it go on so, another run begins', asError(error)),
  );
  try {
    if (message.plan) {
      if (await answered({ ...message, plan: message.plan }, receives, log)) return true;
      await afterBackoff(record, receives, log);
      return false;
    }
    const outcome = await reconcile(
      {
        message,
        sentAt: new Date(Number(record.attributes.SentTimestamp)),
        until: new Date(Date.now() + context.getRemainingTimeInMillis()),
        heartbeat,
        lastReceive: receives >= WORK_RECEIVES,
      },
      deps,
    );
    report(outcome, log);
    if (outcome.did !== 'ran' || outcome.retry === undefined) return true;
    if (receives >= WORK_RECEIVES && outcome.retry instanceof ControllerError) return true;
  } catch (error) {
    if (error instanceof ControllerError && error.name === 'Conflict')
      log.info('another pass was first', { why: error.message });
    else log.error('the pass failed before it could save', asError(error));
  } finally {
    await heartbeat.stop();
  }
  await afterBackoff(record, receives, log);
  return false;

  function report(done: RunOutcome, to: Logger): void {
    if (done.did === 'skipped') {
      to.info('nothing to do', { why: done.why });
      return;
    }
    if (done.did === 'stopped') {
      to.error('an item of the account cannot be read', done.item);
      return;
    }
    const pass = done.status.lastPass;
    const unready = done.status.conditions.filter(({ status }) => status !== 'True');
    const detail = {
      passId: pass?.id,
      result: pass?.result,
      calls: pass?.calls,
      differences: pass?.differences.length,
      // From what asked for it to its beginning.
      secondsWaited: pass && (Date.parse(pass.startedAt) - Date.parse(message.requestedAt)) / 1000,
    };
    to.info('pass', { ...detail, ...(unready.length > 0 && { unready }) });
    if (done.retry !== undefined) to.warn('will be tried again', asError(done.retry));
    countPass(done);
  }
}

/** A person waits for a plan: what may pass is tried so often, and then told. */
const PLAN_TRIES = 3;

/** True when whoever asked for the plan has an answer, or waits no more. */
async function answered(message: PlanWork['message'], receives: number, log: Logger): Promise<boolean> {
  const outcome = await answerPlan({ message, now: new Date(), lastTry: receives >= PLAN_TRIES }, deps);
  switch (outcome.did) {
    case 'skipped':
      log.info('nothing to do', { why: outcome.why });
      return true;
    case 'failed':
      log.warn('the plan will be tried again', asError(outcome.retry));
      return false;
    case 'answered':
      log.info('plan', { is: outcome.answer.is });
      return true;
  }
}

async function afterBackoff({ receiptHandle }: SQSRecord, receives: number, log: Logger): Promise<void> {
  try {
    await comeAgain(main.work, { receiptHandle, receives });
  } catch (error) {
    log.warn('the backoff could not be set; the queue brings the message again', asError(error));
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
