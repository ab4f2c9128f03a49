import { Logger } from '@aws-lambda-powertools/logger';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { createAccess } from '../../shared/aws/access.ts';
import { mainClients } from '../../shared/aws/main-clients.ts';
import { createOrganization } from '../../shared/aws/organization.ts';
import { readMessage } from '../../shared/aws/read-message.ts';
import { configFromEnvironment } from '../../shared/deployment/config.ts';
import { UnreadableItem } from '../../shared/domain/errors.ts';
import { CreationMessage } from '../../shared/domain/work.ts';
import { advance } from './advance.ts';
import { createCreator } from './creator.ts';
import { Overtaken } from './save.ts';

const config = configFromEnvironment();
const access = createAccess({ config, organizationRole: 'creating' });
const shared = {
  config,
  main: mainClients(config),
  organization: createOrganization(config, access),
  creator: createCreator(config, access),
  now: () => new Date(),
};
const logger = new Logger({ serviceName: 'create-account' });

/** The door of the function that creates accounts: one message, one request for an account, moved as far as it goes. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const failed: SQSRecord[] = [];
  for (const record of event.Records) if (!(await moved(record, context))) failed.push(record);
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

/** True when the message is done. */
async function moved(record: SQSRecord, context: Context): Promise<boolean> {
  try {
    const read = await readMessage(CreationMessage, record, shared.main.creation);
    if ('unreadable' in read) {
      logger.error('the message cannot be read', { why: read.unreadable });
      return true;
    }
    const { message } = read;
    const until = new Date(Date.now() + context.getRemainingTimeInMillis());
    const creation = await advance(message, { ...shared, until });
    if (!creation) logger.warn('nobody asked for this account', { key: message.key });
    else {
      const { key, cause, stage, dueAt, message: why } = creation;
      const isDenied = stage.is === 'waiting' && stage.deniedSince !== undefined;
      logger[isDenied ? 'warn' : 'info']('request', { key, cause, stage, dueAt, why });
    }
    return true;
  } catch (error) {
    if (error instanceof Overtaken) {
      logger.info('another message was first', { why: error.message });
      return true;
    }
    if (error instanceof UnreadableItem) {
      logger.error('the request cannot be read', error);
      return true;
    }
    logger.error('the message comes again', error instanceof Error ? error : new Error(String(error)));
    return false;
  }
}
