import type { Logger } from '@aws-lambda-powertools/logger';
import { queueHandler } from '../../shared/aws/queue-handler.ts';
import { SweepMessage } from '../../shared/domain/work.ts';
import { onboardSince } from '../../shared/store/controls.ts';
import type { SweepDeps } from './deps.ts';
import { listOrganization } from './list-organization.ts';
import { sendCreations, sendDue, sendOwed } from './send-due.ts';
import { sweepFleet } from './sweep-fleet.ts';

/** Time that a page and the hand-over of the rest may need. */
const MARGIN_MS = 20_000;
/** Whatever is open is due by then. */
const END_OF_TIME = new Date('9999-12-31T00:00:00Z');

/** What the sweep function is made of. */
interface SweepFunctionDeps extends Pick<SweepDeps, 'config' | 'main' | 'organization'> {
  readonly logger: Logger;
  readonly now: () => Date;
}

/** The sweep function: one message, one task for the whole fleet or the whole organization. */
export function sweepHandler({ logger, now, ...shared }: SweepFunctionDeps) {
  const { config, main } = shared;
  /** Onboarding counts from the first minute of a deployment: the first tick notes it, once. */
  let onboarding = config.onboard.since !== undefined;

  async function carryOut(message: SweepMessage, deps: SweepDeps): Promise<void> {
    switch (message.task) {
      case 'sweep': {
        const passes = await sweepFleet(message, deps);
        logger.info('sweep', { sweepId: message.sweepId, cause: message.cause, passes });
        return;
      }
      case 'due': {
        if (!onboarding) {
          await onboardSince(main.table, now());
          onboarding = true;
        }
        const owed = await sendOwed(now(), deps);
        const passes = await sendDue(now(), deps);
        const creations = await sendCreations(now(), false, deps);
        if (owed + passes + creations > 0) logger.info('due', { owed, passes, creations });
        return;
      }
      case 'list':
        await sendCreations(END_OF_TIME, true, deps);
        logger.info('listing', { ...(await listOrganization(deps, now)) });
    }
  }

  return queueHandler({
    queue: main.sweep,
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
