import type { Table } from '../shared/aws/main-clients.ts';
import type { BaselineReference } from '../shared/domain/account.ts';
import type { GivenOrder, Rollout } from '../shared/domain/rollout.ts';
import { type Fate, type Progress, progressOf } from '../shared/domain/rollout-progress.ts';
import { unmet } from '../shared/domain/status.ts';
import { getAccounts } from '../shared/store/accounts.ts';
import { getPlan } from '../shared/store/rollouts.ts';

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

/** An account that failed or drifted. */
interface Troubled {
  readonly accountId: string;
  readonly fate: 'failed' | 'drifted';
  /** Of its first condition that is not met. */
  readonly reason?: string;
  readonly message?: string;
}

/** A wave: how many of its accounts are how far. */
type WaveView = Readonly<Record<Fate, number>> & {
  readonly accounts: number;
  /** When all its accounts were ready. */
  readonly readyAt?: string;
};

/** A roll-out with its progress: the document of `rollout show --json`. */
export interface RolloutView extends RolloutSummary {
  /** The waves with their accounts; none before the accounts are listed. On the way back, one. */
  readonly progress: readonly WaveView[];
  readonly troubled: readonly Troubled[];
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

/** A roll-out with the progress of its accounts: two reads for every hundred. */
export async function rolloutView(table: Table, rollout: Rollout, now: Date): Promise<RolloutView> {
  const { from, to, readyAt, stage, patientFrom } = rollout;
  const isBack = stage.is === 'goingBack' || stage.is === 'rolledBack';
  const waves = await getPlan(table, rollout.id, isBack ? 'back' : 'forth');
  const accounts = await getAccounts(table, waves.flat());
  const progress = waves.map((ids, index) =>
    progressOf(ids, accounts, {
      patientFrom,
      now,
      ...(isBack ? { from: to, to: from } : { from, to, since: readyAt[index] }),
    }),
  );
  const troubled = (['failed', 'drifted'] as const).flatMap((fate) =>
    progress
      .flatMap((one) => one[fate])
      .map((accountId) => {
        const first = unmet(accounts.get(accountId)?.status?.conditions ?? []);
        return { accountId, fate, ...(first && { reason: first.reason, message: first.message }) };
      }),
  );
  return {
    ...rolloutSummary(rollout),
    progress: progress.map((one, index) => waveView(one, isBack ? undefined : readyAt[index])),
    troubled,
  };
}

function waveView(progress: Progress, readyAt: string | undefined): WaveView {
  const { behind, pending, ready, failed, drifted, unwritten, left } = progress;
  return {
    accounts: Object.values(progress).flat().length,
    behind: behind.length,
    pending: pending.length,
    ready: ready.length,
    failed: failed.length,
    drifted: drifted.length,
    unwritten: unwritten.length,
    left: left.length,
    ...(readyAt !== undefined && { readyAt }),
  };
}
