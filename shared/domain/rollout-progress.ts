import type { AccountRecord, BaselineReference } from './account.ts';
import { CLUSTERS } from './clusters.ts';
import { isPaused, RUNNING } from './control.ts';
import { holds } from './exceptions.ts';
import { laterOf } from './order.ts';
import { desiredSince } from './readiness.ts';
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

/** An account that has not become ready in this time has failed. */
const PATIENCE_MS = 60 * 60_000;
/** A run that failed and is repeated so soon has not failed for good. */
const SOON_MS = 2 * 60_000;

/** The way of a roll-out's accounts, as it is looked at. */
export interface Way {
  readonly from: BaselineReference;
  readonly to: BaselineReference;
  /** ISO time: differences that a run found later are drift; absent while the accounts need not have been ready yet. */
  readonly since?: string | undefined;
  /** ISO time: from then on, an account has an hour to be ready. */
  readonly patientFrom: string;
  readonly now: Date;
}

/** How far an account is on its way to a version. Pure. */
export function fateOf({ record, status, unreadable }: RolloutAccount, way: Way): Fate {
  if (unreadable) return 'failed';
  if (record?.lifecycle !== 'managed') return 'left';
  if (isSame(record.baseline, way.from)) return 'behind';
  if (!isSame(record.baseline, way.to)) return 'left';
  if (isPaused(record, RUNNING, way.now) || record.mode === 'observe') return 'unwritten';
  const changedAt = writableSince(record, way.now);
  const requestedAt = laterOf(changedAt, desiredSince(record));
  if (!status || !saw(status, record)) return isLate(way, requestedAt) ? 'failed' : 'pending';
  if (way.since !== undefined && hasDrifted(status, changedAt, way.since)) return 'drifted';
  if (status.ready) return 'ready';
  const notReadySince = unmet(status.conditions)?.changedAt ?? changedAt;
  return isLate(way, requestedAt, notReadySince) || hasFailed(status) ? 'failed' : 'pending';
}

/**
 * Since when a run may write what is desired of the account now: after the last change, a pause of its own may have ended by itself, or an
 * exception, whose differences are corrected then.
 */
function writableSince(
  { changedAt, registeredAt, pause, exceptions = [] }: AccountRecord,
  now: Date,
): string {
  const ends = exceptions.filter((one) => !holds(one, now)).map(({ until, endedAt = until }) => endedAt);
  return [pause?.until, ...ends].reduce<string>(
    (latest, end) => laterOf(latest, end),
    changedAt ?? registeredAt,
  );
}

function isLate({ patientFrom, now }: Way, ...times: string[]): boolean {
  return [patientFrom, ...times].every((time) => now.getTime() - Date.parse(time) > PATIENCE_MS);
}

/**
 * Whether a run found differences later, and nobody has changed what is desired of the account since. Clusters begin by requests that
 * change no other desired state, and end by the clock or by themselves.
 */
function hasDrifted({ lastPass }: AccountStatus, changedAt: string, since: string): boolean {
  if (!lastPass || Date.parse(lastPass.startedAt) <= Date.parse(since)) return false;
  const { result, cause, differences } = lastPass;
  const isOfClusters = differences.length > 0 && differences.every(({ kind }) => kind === CLUSTERS);
  const isPlanned =
    Date.parse(changedAt) > Date.parse(since) || cause.detailType === 'Export' || isOfClusters;
  return !isPlanned && (result === 'corrected' || result === 'drifted');
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
  way: Way,
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
