import type { Logger } from '@aws-lambda-powertools/logger';
import { queueHandler } from '../../shared/aws/queue-handler.ts';
import type { Creation } from '../../shared/domain/creation.ts';
import { UnreadableItem } from '../../shared/domain/errors.ts';
import { CREATION_RECEIVES, CreationMessage } from '../../shared/domain/work.ts';
import { advance } from './advance.ts';
import { type CreationDeps, Overtaken } from './transition.ts';

/** The function create-account: each message advances one request for an account. */
export function createAccountHandler(deps: Omit<CreationDeps, 'until'> & { readonly logger: Logger }) {
  const { logger, ...shared } = deps;

  async function moved(message: CreationMessage, until: Date): Promise<void> {
    try {
      const creation = await advance(message, { ...shared, until });
      if (creation) report(creation);
      else logger.warn('no such request for an account', { key: message.key });
    } catch (error) {
      if (error instanceof Overtaken) {
        logger.info('request was advanced by another message first', { why: error.message });
      } else if (error instanceof UnreadableItem) {
        logger.error('request cannot be read', error);
      } else throw error;
    }
  }

  function report({ key, cause, stage, dueAt, message: why }: Creation): void {
    const isDenied = stage.is === 'waiting' && stage.deniedSince !== undefined;
    logger[isDenied ? 'warn' : 'info']('request', { key, cause, stage, dueAt, why });
  }

  return queueHandler({
    queue: deps.main.creation,
    receives: CREATION_RECEIVES,
    bus: deps.main.bus,
    schema: CreationMessage,
    logger,
    now: deps.now,
    batch: 'one-by-one',
    async handle({ message, until }) {
      await moved(message, until);
      return 'done';
    },
  });
}
