import { z } from 'zod';
import { chance, counting } from './seeded.ts';

/**
 * How EventBridge shall deliver events to queues, which it does at least once and in no order. CloudTrail, whose events it delivers too,
 * loses some.
 */
export const DeliveryPlan = z.strictObject({
  /** Name of the queue; all when left out. */
  queue: z.string().optional(),
  /** The part of the events that come a second time. */
  doubled: z.number().min(0).max(1).default(0),
  /** The part of the events that come late; a second delivery is late always. */
  delayed: z.number().min(0).max(1).default(0),
  /** The part of the events that the next one to the same queue overtakes. */
  reordered: z.number().min(0).max(1).default(0),
  /** The part of the events that never come. */
  dropped: z.number().min(0).max(1).default(0),
  /** So late at most; how late is left to chance. An event that none overtakes within this time comes then. */
  milliseconds: z.int().min(1).default(10_000),
  seed: z.int().default(1),
});
export type DeliveryPlan = z.infer<typeof DeliveryPlan>;

/** An event on its way to one queue. */
export interface Delivery {
  /** ARN of the queue. */
  readonly queue: string;
  /** Events that are alike share what is left to chance: the first of a kind fares like the first of that kind in another run. */
  readonly kind: string;
  /** False when it could not be delivered. */
  readonly send: () => Promise<boolean>;
}

/** Events on their way to queues: at once and once each, or as planned. */
export interface Deliveries {
  plan(plan: z.input<typeof DeliveryPlan>): void;
  /** Forgets the plan. What is on its way arrives. */
  clear(): void;
  /** Sends now or later, once, twice or not at all; false when it could not be delivered. */
  deliver(delivery: Delivery): Promise<boolean>;
  stop(): void;
}

const RETRY_MS = 1_000;

/** Without a plan, every event comes at once, and once. */
export function createDeliveries(): Deliveries {
  let planned: { readonly plan: DeliveryPlan; readonly count: (kind: string) => number } | undefined;
  const timers = new Set<NodeJS.Timeout>();
  /** By queue: what waits until it is overtaken. */
  const held = new Map<string, () => void>();

  function later(send: Delivery['send'], milliseconds: number): NodeJS.Timeout {
    const timer = setTimeout(async () => {
      timers.delete(timer);
      // EventBridge tries for a day.
      if (!(await send().catch(() => false))) later(send, RETRY_MS);
    }, milliseconds);
    timers.add(timer);
    return timer;
  }

  /** What waits for a queue already is overtaken by this one, and goes. */
  function hold({ queue, send }: Delivery, milliseconds: number): void {
    held.get(queue)?.();
    const release = () => {
      if (held.get(queue) === release) held.delete(queue);
      clearTimeout(timer);
      if (timers.delete(timer)) later(send, 0);
    };
    const timer = setTimeout(release, milliseconds);
    timers.add(timer);
    held.set(queue, release);
  }

  return {
    plan(plan) {
      planned = { plan: DeliveryPlan.parse(plan), count: counting() };
    },
    clear() {
      planned = undefined;
      for (const release of [...held.values()]) release();
    },
    async deliver(delivery) {
      const { queue, kind, send } = delivery;
      if (!planned || !isMeant(planned.plan, queue)) return send();
      const { plan, count } = planned;
      const nth = count(`${queue} ${kind}`);
      const lot = (what: string) => chance(plan.seed, what, queue, kind, nth);
      if (lot('dropped') < plan.dropped) return true;
      const late = (which: string) => Math.ceil(lot(which) * plan.milliseconds);
      if (lot('doubled') < plan.doubled) later(send, late('second'));
      if (lot('delayed') < plan.delayed) {
        later(send, late('first'));
        return true;
      }
      if (lot('reordered') < plan.reordered) {
        hold(delivery, plan.milliseconds);
        return true;
      }
      const sent = await send();
      held.get(queue)?.();
      return sent;
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

function isMeant({ queue }: DeliveryPlan, arn: string): boolean {
  return queue === undefined || arn.split(':').at(-1) === queue;
}
