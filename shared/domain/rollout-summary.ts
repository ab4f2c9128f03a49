import type { BaselineReference } from './account.ts';
import type { GivenOrder, Rollout } from './rollout.ts';

/** A roll-out without its accounts: an entry of `rollout list --json`. */
export interface RolloutSummary {
  readonly rolloutId: string;
  readonly from: BaselineReference;
  readonly to: BaselineReference;
  readonly state: Rollout['stage']['is'];
  /** From 1; absent before the first wave and after the end. */
  readonly wave?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly waves: readonly string[];
  readonly bakeMinutes: number;
  readonly failures: string;
  readonly by?: string;
  readonly startedAt: string;
  /** Who started it, and the latest orders since, oldest first. */
  readonly orders?: readonly GivenOrder[];
  readonly changedAt: string;
}

/** A roll-out without its accounts. Pure. */
export function rolloutSummary(rollout: Rollout): RolloutSummary {
  const { id, from, to, stage, waves, bakeMinutes, failures, by, startedAt, orders, changedAt } = rollout;
  return {
    rolloutId: id,
    from,
    to,
    state: stage.is,
    ...('wave' in stage && stage.wave !== undefined && { wave: stage.wave + 1 }),
    ...(stage.is === 'halted' && { reason: stage.reason, message: stage.message }),
    waves,
    bakeMinutes,
    failures,
    ...(by !== undefined && { by }),
    startedAt,
    ...(orders && { orders }),
    changedAt,
  };
}

/** Who started a roll-out; empty if that is not known. Pure. */
export function starterOf({ orders = [] }: { readonly orders?: readonly GivenOrder[] | undefined }): string {
  return orders.find(({ order }) => order === 'start')?.requestedBy ?? '';
}
