import { z } from 'zod';
import { seeded } from './seeded.ts';

/** How EventBridge shall deliver events to queues, which it does at least once and in no order. */
export const DeliveryPlan = z.strictObject({
  /** The part of the events that come a second time. */
  doubled: z.number().min(0).max(1).default(0),
  /** The part of the events that come late; a second delivery is late always. */
  delayed: z.number().min(0).max(1).default(0),
  /** So late at most; how late is left to chance. */
  milliseconds: z.int().min(1).default(10_000),
  seed: z.int().default(1),
});
export type DeliveryPlan = z.infer<typeof DeliveryPlan>;

/** Events on their way to queues: at once and once each, or as planned. */
export interface Deliveries {
  plan(plan: z.input<typeof DeliveryPlan>): void;
  /** Forgets the plan. What is on its way arrives. */
  clear(): void;
  /** Delivers by `send`, now or later, once or twice; false when it could not be delivered. */
  deliver(send: () => Promise<boolean>): Promise<boolean>;
  stop(): void;
}

const RETRY_MS = 1_000;

/** Without a plan, every event comes at once, and once. */
export function createDeliveries(): Deliveries {
  let chance: { readonly plan: DeliveryPlan; readonly random: () => number } | undefined;
  const timers = new Set<NodeJS.Timeout>();

  function later(send: () => Promise<boolean>, milliseconds: number): void {
    const timer = setTimeout(async () => {
      timers.delete(timer);
      // EventBridge tries for a day.
      if (!(await send().catch(() => false))) later(send, RETRY_MS);
    }, milliseconds);
    timers.add(timer);
  }

  return {
    plan(plan) {
      const parsed = DeliveryPlan.parse(plan);
      chance = { plan: parsed, random: seeded(parsed.seed) };
    },
    clear() {
      chance = undefined;
    },
    async deliver(send) {
      if (!chance) return send();
      const { plan, random } = chance;
      const late = () => Math.ceil(random() * plan.milliseconds);
      if (random() < plan.doubled) later(send, late());
      if (random() >= plan.delayed) return send();
      later(send, late());
      return true;
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
