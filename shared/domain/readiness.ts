import type { AccountRecord } from './account.ts';
import { laterOf } from './order.ts';
import { type AccountStatus, saw } from './status.ts';

/**
 * ISO time of the latest request that changed what is desired of the account. Clusters and exceptions have times of their own: their
 * requests leave `changedAt` as it is. Pure.
 */
export function desiredSince({
  changedAt,
  registeredAt,
  clusters = [],
  exceptions = [],
}: Pick<AccountRecord, 'changedAt' | 'registeredAt' | 'clusters' | 'exceptions'>): string {
  const times = [
    ...clusters.map(({ requestedAt, released }) => released ?? requestedAt),
    ...exceptions.map(({ at, endedAt }) => endedAt ?? at),
  ];
  return times.reduce((latest, time) => laterOf(latest, time), changedAt ?? registeredAt);
}

/**
 * ISO time since when a managed account has not been as it is desired: since no run was ready, or since the last change that no run has
 * seen, which came after the last run began. Undefined if it is ready. Pure.
 */
export function notReadySince(
  record: Pick<AccountRecord, 'generation' | 'changedAt' | 'registeredAt' | 'clusters' | 'exceptions'>,
  status:
    | Pick<AccountStatus, 'ready' | 'unreadySince' | 'observedGeneration' | 'conditions' | 'lastPass'>
    | undefined,
): string | undefined {
  const changedAt = desiredSince(record);
  if (!status) return changedAt;
  const { lastPass } = status;
  if (status.ready) return saw(status, record) ? undefined : laterOf(changedAt, lastPass?.startedAt);
  const unmet = status.conditions.filter((one) => one.status !== 'True').map((one) => one.changedAt);
  return status.unreadySince ?? unmet.toSorted()[0] ?? lastPass?.startedAt ?? changedAt;
}
