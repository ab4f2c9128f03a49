import { isDeepStrictEqual } from 'node:util';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { maskDifferences } from '../../shared/domain/secrets.ts';
import { type AccountStatus, type Announcement, type PassRecord, unmet } from '../../shared/domain/status.ts';
import { retirementAnnouncements } from './retired.ts';

/**
 * What a pass owes to the bus: changes of state, not states. Pure.
 * @param read the status that the pass read; absent on the first pass
 */
export function announcements(
  record: AccountRecord,
  read: AccountStatus | undefined,
  after: Pick<AccountStatus, 'ready' | 'retired' | 'conditions'> & { lastPass: PassRecord },
): Announcement[] {
  const pass = after.lastPass;
  const common = {
    accountId: record.accountId,
    name: record.name,
    baseline: pass.baseline,
    passId: pass.id,
    cause: pass.cause,
  };
  if (record.lifecycle === 'retiring') return retirementAnnouncements(record, read, after, common);
  // What it was before it was retired nobody counts on any more.
  const before = read && read.observedGeneration < (record.keptSince ?? 0) ? undefined : read;
  const owed: Announcement[] = [];
  if (before?.readySince && mended(pass)) {
    owed.push({ detailType: 'DriftCorrected', detail: { ...common, differences: brief(pass, record) } });
  }
  if (pass.result === 'drifted' && !sameDifferences(before?.lastPass, pass)) {
    owed.push({ detailType: 'DriftDetected', detail: { ...common, differences: brief(pass, record) } });
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
function brief(pass: PassRecord, { externalId }: AccountRecord): PassRecord['differences'] {
  let room = EVENT_BYTES;
  return maskDifferences(pass.differences, externalId).filter((difference) => {
    room -= Buffer.byteLength(JSON.stringify(difference));
    return room > 0;
  });
}
