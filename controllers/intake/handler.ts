import { Logger } from '@aws-lambda-powertools/logger';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { createAccess } from '../../shared/aws/access.ts';
import { putEvents } from '../../shared/aws/bus.ts';
import { mainClients } from '../../shared/aws/main-clients.ts';
import { createOrganization } from '../../shared/aws/organization.ts';
import { comeAgain, sendWork } from '../../shared/aws/queue.ts';
import { readMessage } from '../../shared/aws/read-message.ts';
import { configFromEnvironment } from '../../shared/deployment/config.ts';
import { Envelope } from '../../shared/domain/envelope.ts';
import { Conflict } from '../../shared/domain/errors.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import { clearOwed } from '../../shared/store/accounts.ts';
import { putRejection } from '../../shared/store/rejections.ts';
import { onItsWay, rejectionAnnouncement, unlessUnreadable } from '../fleet/outcome.ts';
import { follow } from './follow.ts';

const config = configFromEnvironment();
const main = mainClients(config);
const deps = {
  config,
  main,
  organization: createOrganization(config, createAccess({ config, organizationRole: 'reading' })),
};
const logger = new Logger({ serviceName: 'intake' });

/**
 * The door of the intake function: events become records, work and answers. Events do not wait for each other: one
 * that fails comes again by itself after a backoff, and one that is no envelope at all is put
 * among the dead letters.
 */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  const done = await Promise.all(event.Records.map(followed));
  const failed = event.Records.filter((_, index) => !done[index]);
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

/** True when the event is done with. */
async function followed(record: SQSRecord): Promise<boolean> {
  const receives = Number(record.attributes.ApproximateReceiveCount);
  try {
    const read = await readMessage(Envelope, record, main.intake);
    if ('unreadable' in read) {
      logger.error('the message cannot be read', { why: read.unreadable });
      return true;
    }
    const envelope = read.message;
    const incoming = onItsWay(envelope, receives > 1, new Date());
    const outcome = await unlessUnreadable(() => unlessConflict(() => follow(envelope, incoming, deps)));
    logger.info('event', { cause: incoming.cause, account: incoming.account, ...summary(outcome) });
    switch (outcome.did) {
      case 'accepted':
        await putEvents(main.bus, outcome.announce, OUR_SOURCE);
        await sendWork(main.work, outcome.work);
        for (const record of outcome.owedBy ?? []) await clearOwed(main.table, record);
        break;
      case 'rejected':
        await putRejection(main.table, incoming.cause.id, outcome.rejection);
        await putEvents(main.bus, [rejectionAnnouncement(incoming, outcome.rejection)], OUR_SOURCE);
        break;
      case 'ignored':
        break;
    }
    return true;
  } catch (error) {
    logger.error('the event comes again', asError(error));
    await afterBackoff(record, receives);
    return false;
  }
}

async function afterBackoff({ receiptHandle }: SQSRecord, receives: number): Promise<void> {
  try {
    await comeAgain(main.intake, { receiptHandle, receives });
  } catch (error) {
    logger.warn('the backoff could not be set; the queue brings the event again', asError(error));
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Reads and decides anew when somebody else saved first, a few times. */
async function unlessConflict<T>(decide: () => Promise<T>, tries = 3): Promise<T> {
  try {
    return await decide();
  } catch (error) {
    if (!(error instanceof Conflict) || tries === 1) throw error;
    return unlessConflict(decide, tries - 1);
  }
}

function summary(outcome: Awaited<ReturnType<typeof follow>>): Record<string, unknown> {
  switch (outcome.did) {
    case 'accepted':
      return { did: 'accepted', passes: outcome.work.length };
    case 'rejected':
      return { did: 'rejected', reason: outcome.rejection.reason, problems: outcome.rejection.problems };
    case 'ignored':
      return { did: 'ignored', why: outcome.why };
  }
}
