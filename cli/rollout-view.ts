import type { Table } from '../shared/aws/main-clients.ts';
import type { Rollout } from '../shared/domain/rollout.ts';
import { type Fate, type Progress, progressOf } from '../shared/domain/rollout-progress.ts';
import { type RolloutSummary, rolloutSummary } from '../shared/domain/rollout-summary.ts';
import { unmet } from '../shared/domain/status.ts';
import { getAccounts } from '../shared/store/accounts.ts';
import { getPlan } from '../shared/store/rollouts.ts';

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
