import type { AccountRecord, BaselineReference } from './account.ts';
import { isSame } from './rollout.ts';
import { type AccountStatus, saw, unmet } from './status.ts';

/** What a roll-out knows of one of its accounts. */
export interface RolloutAccount {
  readonly record?: AccountRecord | undefined;
  readonly status?: AccountStatus | undefined;
  /** An item of the account cannot be read. */
  readonly unreadable?: true;
}

/** How far an account of a wave is. */
export type Fate =
  /** On the old version. */
  | 'behind'
  /** On the new version, and not ready yet. */
  | 'pending'
  | 'ready'
  | 'failed'
  /** It was ready on the new version, and a later run found differences. */
  | 'drifted'
  /** On the new version, which no run writes, since the account is paused or only observed: nobody waits for it. */
  | 'unwritten'
  /** No longer managed, or on another baseline: nobody waits for it. */
  | 'left';

/** An account that is not ready so long after it got its version has failed. */
const PATIENCE_MS = 60 * 60_000;
/** A run that failed and is repeated so soon has not failed for good. */
const SOON_MS = 2 * 60_000;

/**
 * How far an account is on its way to a version. Pure.
 * @param since ISO time: differences that a run found later are drift; absent while the account need not have been ready yet
 */
export function fateOf(
  { record, status, unreadable }: RolloutAccount,
  way: {
    readonly from: BaselineReference;
    readonly to: BaselineReference;
    readonly since?: string | undefined;
    readonly now: Date;
  },
): Fate {
  if (unreadable) return 'failed';
  if (record?.lifecycle !== 'managed') return 'left';
  if (isSame(record.baseline, way.from)) return 'behind';
  if (!isSame(record.baseline, way.to)) return 'left';
  if (record.paused || record.mode === 'observe') return 'unwritten';
  const isLate = way.now.getTime() - Date.parse(record.assigned?.at ?? record.registeredAt) > PATIENCE_MS;
  if (!status || !saw(status, record)) return isLate ? 'failed' : 'pending';
  if (way.since !== undefined && hasDrifted(status, record, way.since)) return 'drifted';
  if (status.ready) return 'ready';
  return isLate || hasFailed(status) ? 'failed' : 'pending';
}

/** Whether a run found differences later, and nobody has changed what is desired of the account since. */
function hasDrifted({ lastPass }: AccountStatus, { changedAt = '' }: AccountRecord, since: string): boolean {
  if (!lastPass || Date.parse(lastPass.startedAt) <= Date.parse(since)) return false;
  const isPlanned = Date.parse(changedAt) > Date.parse(since) || lastPass.cause.detailType === 'Export';
  return !isPlanned && (lastPass.result === 'corrected' || lastPass.result === 'drifted');
}

/** Whether the last run failed for a known reason and is not repeated soon. */
function hasFailed({ conditions, dueAt, lastPass }: AccountStatus): boolean {
  if (lastPass?.result !== 'failed' || unmet(conditions)?.status !== 'False') return false;
  return !dueAt || Date.parse(dueAt) - Date.parse(lastPass.finishedAt) > SOON_MS;
}

/** The accounts of a wave by how far they are. */
export type Progress = Readonly<Record<Fate, readonly string[]>>;

/** The accounts of a wave by how far they are; those that are not in the map have left. Pure. */
export function progressOf(
  wave: readonly string[],
  accounts: ReadonlyMap<string, RolloutAccount>,
  way: Parameters<typeof fateOf>[1],
): Progress {
  const progress: Record<Fate, string[]> = {
    behind: [],
    pending: [],
    ready: [],
    failed: [],
    drifted: [],
    unwritten: [],
    left: [],
  };
  for (const id of wave) progress[fateOf(accounts.get(id) ?? {}, way)].push(id);
  return progress;
}
