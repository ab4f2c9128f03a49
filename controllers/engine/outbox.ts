import { isDeepStrictEqual } from 'node:util';
import { putEvents } from '../../shared/aws/bus.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { UnreadableItem } from '../../shared/domain/errors.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import { maskDifferences } from '../../shared/domain/secrets.ts';
import {
  type AccountStatus,
  type Announcement,
  type Condition,
  countDifferences,
  type PassRecord,
  REMOVAL_REASONS,
  saw,
  unmet,
} from '../../shared/domain/status.ts';
import { outputsOf } from '../../shared/domain/unit.ts';
import { noteUnreadable, unreadableNoted } from '../../shared/store/statuses.ts';
import { endedExceptions } from './exceptions.ts';
import type { Findings, Run, RunDeps, RunRequest, Workplace } from './model.ts';
import { asManyAsFit } from './report.ts';

/**
 * The events that a run adds to the outbox: changes of state, not states. Pure.
 * @param read the status that the run read; absent on the first run
 */
export function announcements(
  record: AccountRecord,
  read: AccountStatus | undefined,
  after: Pick<AccountStatus, 'ready' | 'retired' | 'conditions'> & { lastPass: PassRecord },
): Announcement[] {
  const run = after.lastPass;
  const common = commonTo(record, run);
  if (record.lifecycle === 'retiring') return retirementAnnouncements(record, read, after, common);
  const before = sinceRetirement(read, record);
  const owed: Announcement[] = [];
  if (before?.readySince && corrected(run)) {
    owed.push({ detailType: 'DriftCorrected', detail: { ...common, differences: brief(run, record) } });
  }
  if (run.result === 'drifted' && !sameDifferences(before?.lastPass, run)) {
    owed.push({ detailType: 'DriftDetected', detail: { ...common, differences: brief(run, record) } });
  }
  if (after.ready && !before?.ready) owed.push({ detailType: 'AccountReady', detail: common });
  const problem = unmet(after.conditions);
  if (problem && isDegraded(record, before, after)) {
    owed.push(degraded(problem, common));
  }
  return owed;
}

/** The status, unless it is from before the last retirement. */
function sinceRetirement(
  read: AccountStatus | undefined,
  { keptSince = 0 }: Pick<AccountRecord, 'keptSince'>,
): AccountStatus | undefined {
  return read && read.observedGeneration < keptSince ? undefined : read;
}

/** What every announcement of a run says. */
function commonTo({ accountId, name }: AccountRecord, { id, baseline, cause }: PassRecord) {
  return { accountId, name, baseline, passId: id, cause };
}

/** The events that the kinds add to the outbox, by what changed of the outputs of each unit. Pure. */
export function kindAnnouncements(
  { record, before, regions: [home] }: Pick<Run, 'record' | 'before' | 'regions'>,
  outcomes: Findings['outcomes'],
  after: Pick<AccountStatus, 'outputs'> & { readonly lastPass: PassRecord },
): Announcement[] {
  const common = commonTo(record, after.lastPass);
  return outcomes.flatMap(({ kind, region = home }) => {
    const read = outputsOf(before?.outputs ?? {}, region, before?.home?.region ?? home);
    const events = kind.announcements?.(read, outputsOf(after.outputs, region, home)) ?? [];
    return events.map(({ detailType, detail }) => ({ detailType, detail: { ...common, region, ...detail } }));
  });
}

/** The events about the exceptions that have ended since the run before; none of an account that retires. Pure. */
export function exceptionAnnouncements(
  {
    record,
    before,
    place,
    startedAt,
  }: Pick<Run, 'record' | 'before' | 'startedAt'> & { readonly place: Pick<Workplace, 'exceptions'> },
  lastPass: PassRecord,
): Announcement[] {
  if (record.lifecycle === 'retiring') return [];
  const common = commonTo(record, lastPass);
  const ended = endedExceptions(
    sinceRetirement(before, record)?.exceptions ?? [],
    place.exceptions ?? [],
    startedAt,
  );
  return ended.map(({ detailType, detail }) => ({ detailType, detail: { ...common, ...detail } }));
}

/** True if a run wrote something, even if something else failed. */
export function corrected({ differences }: Pick<PassRecord, 'differences'>): boolean {
  return differences.some(({ action }) => action !== 'reported');
}

/**
 * True if the account is no longer ready, or has failed without having been ready; for the same desired state once until it is ready,
 * whatever it waited for between two failures.
 */
function isDegraded(
  record: AccountRecord,
  before: AccountStatus | undefined,
  after: { ready: boolean; lastPass: PassRecord },
): boolean {
  if (after.ready) return false;
  if (before?.ready) return true;
  const told = before?.lastPass?.result === 'failed' || (before?.degraded && saw(before, record));
  return after.lastPass.result === 'failed' && !told;
}

/** True if after this run `AccountDegraded` has been announced, and the account has not been ready since. Pure. */
export function isToldDegraded(
  record: AccountRecord,
  read: AccountStatus | undefined,
  after: Pick<AccountStatus, 'ready'> & { readonly lastPass: PassRecord },
): boolean {
  if (after.ready || record.lifecycle === 'retiring') return false;
  const before = sinceRetirement(read, record);
  return (before?.degraded && saw(before, record)) || isDegraded(record, before, after);
}

/** Of the run before, the status may have only the first differences and the number of the others. */
function sameDifferences(before: PassRecord | undefined, after: PassRecord): boolean {
  if (!before || countDifferences(before) !== after.differences.length) return false;
  const { differences: kept } = before;
  return isDeepStrictEqual(asSaved(kept), asSaved(after.differences.slice(0, kept.length)));
}

/** Differences as the table returns them: without undefined values. */
function asSaved(differences: PassRecord['differences']): unknown {
  return JSON.parse(JSON.stringify(differences));
}

const EVENT_BYTES = 200_000;

/** As many differences as fit into an event, secrets masked: every rule on the bus may read them. */
function brief(run: PassRecord, { externalId }: AccountRecord): PassRecord['differences'] {
  return asManyAsFit(maskDifferences(run.differences, externalId), EVENT_BYTES);
}

/** The events of a retiring account: it is retired, or, once, what blocks the removal. Pure. */
function retirementAnnouncements(
  record: AccountRecord,
  before: AccountStatus | undefined,
  after: Pick<AccountStatus, 'retired' | 'conditions'> & { lastPass: PassRecord },
  common: Readonly<Record<string, unknown>>,
): Announcement[] {
  const same = saw(before, record);
  if (after.retired) return same && before?.retired ? [] : [{ detailType: 'AccountRetired', detail: common }];
  const problem = after.conditions.find(({ reason }) => !REMOVAL_REASONS.has(reason));
  const known = same && before?.lastPass?.result === 'failed';
  if (after.lastPass.result !== 'failed' || known || !problem) return [];
  return [degraded(problem, common)];
}

/** The event about a condition that is not True, with its region if the account has several. */
function degraded(
  { reason, message, region }: Condition,
  common: Readonly<Record<string, unknown>>,
): Announcement {
  const detail = { ...common, ...(region && { region }), reason, message };
  return { detailType: 'AccountDegraded', detail };
}

/**
 * Announces that an item of the account cannot be read, once for each problem; nothing in the account is observed then. Its
 * items stay as they are, except for a note in the status. A crash between announcement and note announces it again.
 */
export async function announceUnreadable(
  item: UnreadableItem,
  { message: { accountId, cause } }: RunRequest,
  { main }: Pick<RunDeps, 'main'>,
): Promise<void> {
  const { reason, remedy } = item;
  const message = `${item.message} ${remedy}`;
  if ((await unreadableNoted(main.table, accountId)) === message) return;
  const detail = { accountId, reason, message, cause };
  await putEvents(main.bus, [{ detailType: 'AccountDegraded', detail }], OUR_SOURCE);
  await noteUnreadable(main.table, accountId, message);
}
