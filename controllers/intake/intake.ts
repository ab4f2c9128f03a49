import type { Logger } from '@aws-lambda-powertools/logger';
import { putEvents } from '../../shared/aws/bus.ts';
import { comeAgain } from '../../shared/aws/queue.ts';
import { queueHandler } from '../../shared/aws/queue-handler.ts';
import { Envelope } from '../../shared/domain/envelope.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import { INTAKE_RECEIVES } from '../../shared/domain/work.ts';
import { putRejection } from '../../shared/store/rejections.ts';
import { type FleetDeps, type Outcome, outcomeOf } from '../fleet/outcome.ts';
import { deliver } from '../fleet/owed.ts';
import { type Incoming, onItsWay, rejectedRequest, rejectionAnnouncement } from './event.ts';
import { follow } from './follow.ts';

/** The dependencies of the intake function. */
interface IntakeFunctionDeps extends FleetDeps {
  readonly logger: Logger;
  readonly now: () => Date;
}

/**
 * The intake function: turns events into records, work messages and answers. Events do not wait for each other; a failed event is
 * redelivered after a backoff.
 */
export function intakeHandler({ logger, now, ...deps }: IntakeFunctionDeps) {
  const { main } = deps;

  async function finish(incoming: Incoming, outcome: Outcome): Promise<void> {
    switch (outcome.did) {
      case 'accepted':
        return deliver(outcome, main);
      case 'rejected':
        await putRejection(main.table, rejectedRequest(incoming), outcome.rejection);
        await putEvents(main.bus, [rejectionAnnouncement(incoming, outcome.rejection)], OUR_SOURCE);
        return;
      case 'ignored':
        return;
    }
  }

  return queueHandler({
    queue: main.intake,
    receives: INTAKE_RECEIVES,
    bus: main.bus,
    schema: Envelope,
    logger,
    now,
    batch: 'side-by-side',
    backOff: comeAgain,
    async handle({ message: envelope, receives }) {
      const incoming = onItsWay(envelope, receives > 1, now());
      const outcome = await outcomeOf(() => follow(envelope, incoming, deps));
      logger.info('event', { cause: incoming.cause, account: incoming.account, ...summary(outcome) });
      await finish(incoming, outcome);
      return 'done';
    },
  });
}

function summary(outcome: Outcome): Record<string, unknown> {
  switch (outcome.did) {
    case 'accepted':
      return { did: 'accepted', passes: outcome.work.length };
    case 'rejected':
      return { did: 'rejected', reason: outcome.rejection.reason, problems: outcome.rejection.problems };
    case 'ignored':
      return { did: 'ignored', why: outcome.why };
  }
}
