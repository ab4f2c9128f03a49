import { Logger } from '@aws-lambda-powertools/logger';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { createAccess } from '../../shared/aws/access.ts';
import { mainClients } from '../../shared/aws/main-clients.ts';
import { createOrganization } from '../../shared/aws/organization.ts';
import { readMessage } from '../../shared/aws/read-message.ts';
import { configFromEnvironment } from '../../shared/deployment/config.ts';
import { SweepMessage } from '../../shared/domain/work.ts';
import { onboardSince } from '../../shared/store/controls.ts';
import type { SweepDeps } from './deps.ts';
import { listOrganization } from './list-organization.ts';
import { sendCreations, sendDue, sendOwed } from './send-due.ts';
import { sweepFleet } from './sweep-fleet.ts';

const config = configFromEnvironment();
const main = mainClients(config);
const organization = createOrganization(config, createAccess({ config, organizationRole: 'reading' }));
const logger = new Logger({ serviceName: 'sweep' });
/** Time that a page and the hand-over of the rest may need. */
const MARGIN_MS = 20_000;
/** Whatever is open is due by then. */
const END_OF_TIME = new Date('9999-12-31T00:00:00Z');

/** Onboarding counts from the first minute of a deployment: the first tick notes it, once. */
let onboarding = config.onboard.since !== undefined;

/** The door of the sweep function: one message, one task for the whole fleet or the whole organization. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const timeLeft = () => context.getRemainingTimeInMillis() > MARGIN_MS;
  const until = new Date(Date.now() + context.getRemainingTimeInMillis());
  const failed: SQSRecord[] = [];
  for (const record of event.Records) {
    try {
      const read = await readMessage(SweepMessage, record, main.sweep);
      if ('unreadable' in read) logger.error('the message cannot be read', { why: read.unreadable });
      else await carryOut(read.message, { config, main, organization, timeLeft, until });
    } catch (error) {
      logger.error('the task comes again', error instanceof Error ? error : new Error(String(error)));
      failed.push(record);
    }
  }
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

async function carryOut(message: SweepMessage, deps: SweepDeps): Promise<void> {
  switch (message.task) {
    case 'sweep': {
      const passes = await sweepFleet(message, deps);
      logger.info('sweep', { sweepId: message.sweepId, cause: message.cause, passes });
      return;
    }
    case 'due': {
      if (!onboarding) {
        await onboardSince(main.table, new Date());
        onboarding = true;
      }
      const owed = await sendOwed(new Date(), deps);
      const passes = await sendDue(new Date(), deps);
      const creations = await sendCreations(new Date(), false, deps);
      if (owed + passes + creations > 0) logger.info('due', { owed, passes, creations });
      return;
    }
    case 'list':
      await sendCreations(END_OF_TIME, true, deps);
      logger.info('listing', { ...(await listOrganization(deps)) });
  }
}
