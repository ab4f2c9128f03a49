import type { queueHandler } from '../../shared/aws/queue-handler.ts';
import { aMessage, batch } from '../kit/lambda.ts';
import { SimulatedQueue } from '../model/queues.ts';
import type { VirtualClock } from './clock.ts';
import { Bucket } from './limits.ts';
import { type Environment, environments } from './transport.ts';

type Handler = ReturnType<typeof queueHandler>;

/** A function and its queue, as the main stack has them. */
export interface FunctionSetup {
  readonly name: string;
  readonly receives: number;
  readonly visibilitySeconds: number;
  /** Messages of one invocation, at most. */
  readonly batch: number;
  /** Invocations at once, at most. */
  readonly maximumConcurrency: number;
  /** Whether the invocations at once grow as those of a standard queue. */
  readonly grows?: boolean;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** How long a new environment takes until its handler is called. */
  readonly initMs: number;
  /** Makes the handler of a new environment. */
  readonly handler: () => Handler;
}

/** A function in use. */
export interface SimulatedFunction {
  readonly queue: SimulatedQueue;
  /** Environments that were made, invocations, how long they took, the most at once, and those that were stopped at the time-out. */
  readonly counts: {
    environments: number;
    invocations: number;
    seconds: number;
    atOnce: number;
    timedOut: number;
  };
}

/** New environments of one function. https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html */
const NEW_ENVIRONMENTS = { perSecond: 100, burst: 1_000 };
/**
 * The mapping of a FIFO queue has as many invocations at once as there are groups of messages, or the maximum concurrency. That of a
 * standard queue begins with five, and adds 300 a minute. AWS names no growth for FIFO queues, and excludes none.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
const GROWTH = { first: 5, morePerSecond: 5, idleMs: 60_000 };
/** New environments, of which there are too few for the messages that wait, are asked for again. */
const AGAIN_MS = 200;
/** From a message that is visible to its receipt. */
const POLL_MS = 20;
/** A whole processor is what Lambda gives for so many MB. */
const MB_OF_A_PROCESSOR = 1_769;
/**
 * Of a whole processor, for one call: serialising, signing, and what Orgkeeper does with the answer. A run of 17 calls takes 30 to 50 ms
 * (cli/cost.ts), and `npm run bench:scale` itself about 18.
 */
const CALL_MS = 2.4;

interface Made {
  readonly environment: Environment;
  readonly handler: Handler;
  isBusy: boolean;
}

/** A function behind its queue: environments, their number, and the event source mapping. */
export function simulatedFunction(setup: FunctionSetup, clock: VirtualClock): SimulatedFunction {
  const counts = { environments: 0, invocations: 0, seconds: 0, atOnce: 0, timedOut: 0 };
  const made: Made[] = [];
  const polls = new Set<number>();
  const starts = new Bucket(NEW_ENVIRONMENTS, clock.now());
  let running = 0;
  let busySince = Number.NEGATIVE_INFINITY;
  let idleSince = Number.NEGATIVE_INFINITY;
  const queue = new SimulatedQueue(setup, pollAt);

  /** Polls a moment after a message is visible; once for all messages that are visible by then. */
  function pollAt(visibleAt: number): void {
    const at = Math.ceil((visibleAt + POLL_MS) / POLL_MS) * POLL_MS;
    if (polls.has(at)) return;
    polls.add(at);
    clock.after(at - clock.now(), () => {
      polls.delete(at);
      poll();
    });
  }

  function allowed(): number {
    if (!setup.grows) return setup.maximumConcurrency;
    if (running === 0 && clock.now() - idleSince > GROWTH.idleMs) busySince = clock.now();
    const seconds = (clock.now() - busySince) / 1000;
    return Math.min(setup.maximumConcurrency, Math.floor(GROWTH.first + seconds * GROWTH.morePerSecond));
  }

  function poll(): void {
    while (running < allowed()) {
      const isFree = made.some(({ isBusy }) => !isBusy);
      if (!isFree && !starts.take(clock.now())) break;
      const held = queue.receive(setup.batch);
      if (held.length === 0) return;
      running += 1;
      counts.atOnce = Math.max(counts.atOnce, running);
      void invoke(held);
    }
    if (queue.waiting > 0 && running < setup.maximumConcurrency) pollAt(clock.now() + AGAIN_MS);
  }

  async function invoke(held: ReturnType<SimulatedQueue['receive']>): Promise<void> {
    counts.invocations += 1;
    const one = made.find(({ isBusy }) => !isBusy) ?? (await start());
    one.isBusy = true;
    const began = clock.now();
    const ends = began + setup.timeoutSeconds * 1000;
    const records = held.map(({ id, body, receives, sentAt, receipt, group }) => ({
      ...aMessage(body, { id, receives, sentAt, group }),
      receiptHandle: receipt,
    }));
    const context = { getRemainingTimeInMillis: () => Math.max(0, ends - clock.now()) };
    const stopped = clock.sleep(setup.timeoutSeconds * 1000).then(() => undefined);
    const answer = await Promise.race([
      environments.run(one.environment, () => one.handler(batch(...records), context)),
      stopped,
    ]);
    running -= 1;
    counts.seconds += (clock.now() - began) / 1000;
    idleSince = clock.now();
    if (answer) {
      const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      for (const { messageId, receiptHandle } of records)
        if (!failed.has(messageId)) queue.delete(receiptHandle);
      one.isBusy = false;
    } else {
      counts.timedOut += 1;
      one.environment.isStopped = true;
      made.splice(made.indexOf(one), 1);
    }
    pollAt(clock.now());
  }

  async function start(): Promise<Made> {
    counts.environments += 1;
    const callMs = (CALL_MS * MB_OF_A_PROCESSOR) / setup.memoryMb;
    const environment: Environment = { callMs, busyUntil: 0, isStopped: false };
    const one = { environment, handler: environments.run(environment, setup.handler), isBusy: true };
    made.push(one);
    await clock.sleep(setup.initMs);
    return one;
  }

  return { queue, counts };
}
