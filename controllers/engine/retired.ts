import type { AccountRecord } from '../../shared/domain/account.ts';
import {
  type AccountStatus,
  type Announcement,
  type PassRecord,
  REMOVAL_REASONS,
} from '../../shared/domain/status.ts';

/** The status of an account from which all is gone: a later registration starts anew. Pure. */
export function retiredStatus<S extends AccountStatus>(status: S): S {
  const { readySince: _, waiting: __, dueAt: ___, home: ____, leftovers: _____, ...rest } = status;
  return { ...rest, retired: true, ready: false, outputs: {}, unowned: [] } as unknown as S;
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
