import { isDeepStrictEqual } from 'node:util';
import { putEvents } from '../../shared/aws/bus.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { UnreadableItem } from '../../shared/domain/errors.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import { maskDifferences } from '../../shared/domain/secrets.ts';
import {
  type AccountStatus,
  type Announcement,
  type PassRecord,
  REMOVAL_REASONS,
  unmet,
} from '../../shared/domain/status.ts';
import { noteUnreadable, unreadableNoted } from '../../shared/store/statuses.ts';
import type { RunDeps, RunRequest } from './model.ts';

/**
 * What a pass owes to the bus: changes of state, not states. Pure.
 * @param read the status that the pass read; absent on the first pass
 */
export function announcements(
  record: AccountRecord,
  read: AccountStatus | undefined,
  after: Pick<AccountStatus, 'ready' | 'retired' | 'conditions'> & { lastPass: PassRecord },
): Announcement[] {
  const run = after.lastPass;
  const common = {
    accountId: record.accountId,
    name: record.name,
    baseline: run.baseline,
    passId: run.id,
    cause: run.cause,
  };
  if (record.lifecycle === 'retiring') return retirementAnnouncements(record, read, after, common);
  // What it was before it was retired nobody counts on any more.
  const before = read && read.observedGeneration < (record.keptSince ?? 0) ? undefined : read;
  const owed: Announcement[] = [];
  if (before?.readySince && mended(run)) {
    owed.push({ detailType: 'DriftCorrected', detail: { ...common, differences: brief(run, record) } });
  }
  if (run.result === 'drifted' && !sameDifferences(before?.lastPass, run)) {
    owed.push({ detailType: 'DriftDetected', detail: { ...common, differences: brief(run, record) } });
  }
  if (after.ready && !before?.ready) owed.push({ detailType: 'AccountReady', detail: common });
  const problem = unmet(after.conditions);
  if (problem && isDegraded(before, after)) {
    const { reason, message } = problem;
    owed.push({ detailType: 'AccountDegraded', detail: { ...common, reason, message } });
  }
  return owed;
}

/** Something was written, whatever else stood in the way. */
export function mended({ differences }: Pick<PassRecord, 'differences'>): boolean {
  return differences.some(({ action }) => action !== 'reported');
}

/** Was ready and no longer is; or has just failed for good without ever having been ready. */
function isDegraded(
  before: AccountStatus | undefined,
  after: { ready: boolean; lastPass: PassRecord },
): boolean {
  if (after.ready) return false;
  if (before?.ready) return true;
  return after.lastPass.result === 'failed' && before?.lastPass?.result !== 'failed';
}

function sameDifferences(before: PassRecord | undefined, after: PassRecord): boolean {
  return isDeepStrictEqual(asSaved(before?.differences), asSaved(after.differences));
}

/** As the table gives them back: nothing is undefined. */
function asSaved(differences: PassRecord['differences'] | undefined): unknown {
  return differences && JSON.parse(JSON.stringify(differences));
}

const EVENT_BYTES = 200_000;

/** The differences, as many as an event has room for; every rule on the bus may read them. */
function brief(run: PassRecord, { externalId }: AccountRecord): PassRecord['differences'] {
  let room = EVENT_BYTES;
  return maskDifferences(run.differences, externalId).filter((difference) => {
    room -= Buffer.byteLength(JSON.stringify(difference));
    return room > 0;
  });
}

/** What the pass over a retiring account owes to the bus: that it is over, or, once, what stands in the way. Pure. */
export function retirementAnnouncements(
  record: AccountRecord,
  before: AccountStatus | undefined,
  after: Pick<AccountStatus, 'retired' | 'conditions'> & { lastPass: PassRecord },
  common: Readonly<Record<string, unknown>>,
): Announcement[] {
  const same = before?.observedGeneration === record.generation;
  if (after.retired) return same && before?.retired ? [] : [{ detailType: 'AccountRetired', detail: common }];
  const problem = after.conditions.find(({ reason }) => !REMOVAL_REASONS.has(reason));
  const known = same && before?.lastPass?.result === 'failed';
  if (after.lastPass.result !== 'failed' || known || !problem) return [];
  const { reason, message } = problem;
  return [{ detailType: 'AccountDegraded', detail: { ...common, reason, message } }];
}

/**
 * What becomes of an account of which an item cannot be read: nothing in it is looked at, and the bus is told once for
 * each thing that is wrong. Its items are left as they are, but for a note, so that whoever corrects them loses nothing.
 * A crash between the two announces it again.
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
