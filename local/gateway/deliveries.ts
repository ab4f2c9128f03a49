import { z } from 'zod';
import { chance, counting } from './seeded.ts';

/**
 * How EventBridge delivers events to queues: at least once, in any order. Events of CloudTrail may also be lost.
 */
export const DeliveryPlan = z.strictObject({
  /** Name of the queue; every queue if absent. */
  queue: z.string().optional(),
  /** The part of the events that are delivered twice. */
  doubled: z.number().min(0).max(1).default(0),
  /** The part of the events that are delivered late; a second delivery is always late. */
  delayed: z.number().min(0).max(1).default(0),
  /** The part of the events that are delivered after the next event to the same queue. */
  reordered: z.number().min(0).max(1).default(0),
  /** The part of the events that are never delivered. */
  dropped: z.number().min(0).max(1).default(0),
  /** The maximum delay; each delay is a seeded chance. An event that is to be overtaken waits at most so long. */
  milliseconds: z.int().min(1).default(10_000),
  seed: z.int().default(1),
});
export type DeliveryPlan = z.infer<typeof DeliveryPlan>;

/** An event on its way to one queue. */
export interface Delivery {
  /** ARN of the queue. */
  readonly queue: string;
  /** Chance depends on the seed, the queue, the kind, and the number of earlier events of this kind. */
  readonly kind: string;
  /** False if the event could not be delivered. */
  readonly send: () => Promise<boolean>;
}

/** Delivers events to queues: immediately and once each, or as planned. */
export interface Deliveries {
  plan(plan: z.input<typeof DeliveryPlan>): void;
  /** Drops the plan. Delayed events are still delivered. */
  clear(): void;
  /** Sends the event now or later, once, twice or not at all; false if it could not be delivered. */
  deliver(delivery: Delivery): Promise<boolean>;
  stop(): void;
}

const RETRY_MS = 1_000;

/** Starts without a plan: every event is delivered immediately, once. */
export function createDeliveries(): Deliveries {
  let planned: { readonly plan: DeliveryPlan; readonly count: (kind: string) => number } | undefined;
  const timers = new Set<NodeJS.Timeout>();
  /** By queue: releases the event that waits to be overtaken. */
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

  /** An event that already waits is overtaken by this one, and released. */
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
