import type { AccountRecord } from '../../shared/domain/account.ts';
import { accountView } from '../../shared/domain/account-view.ts';
import { isLive } from '../../shared/domain/clusters.ts';
import { Conflict } from '../../shared/domain/errors.ts';
import { laterOf, orderOf, traceOfManaged } from '../../shared/domain/order.ts';
import { removalRequested, retiring } from '../../shared/domain/removal-request.ts';
import type { RetirementRequest } from '../../shared/domain/requests.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import { getTrace, loadAccount, rememberRequest } from '../../shared/store/accounts.ts';
import { type FleetDeps, type Outcome, overtaken, type Rejected, rejected, type Trigger } from './outcome.ts';
import { followedBefore, noteFollowed, owedBy, saveMarks, saveOwing } from './owed.ts';

/**
 * Stops managing an account. `retain` leaves everything in it; `remove` requests a run that removes what Orgkeeper made, also in an
 * account that was retired with its resources retained. The record stays; after another registration the account is managed again.
 * A retirement that is refused because the account is only observed is followed after all if an older registration ends that.
 */
export async function retire(
  { accountId, resources }: RetirementRequest,
  trigger: Trigger,
  deps: Pick<FleetDeps, 'main'>,
): Promise<Outcome> {
  const { cause, time } = trigger;
  const { record: existing, ...parts } = await loadAccount(deps.main.table, accountId);
  if (!existing) return unknown({ accountId, resources }, trigger, deps);
  const seen = traceOfManaged(existing);
  const order = orderOf({ id: cause.id, time }, seen);
  if (order === 'followed') return followedBefore(existing);
  if (existing.lifecycle === 'unmanaged') {
    if (order === 'new') await noteFollowed(existing, trigger, deps);
    return unmanaged(accountId);
  }
  if (order === 'overtaken') return overtaken(`account ${accountId}`, trigger, seen.changedAt);
  const isRetired = accountView({ record: existing, ...parts, now: new Date(time) }).state === 'retired';
  const removal = removalRequested(existing, { id: cause.id, time });
  if (isRetired && (resources === 'retain' || existing.lifecycle === 'retiring')) {
    await noteFollowed(existing, trigger, deps, resources === 'remove' ? { removal } : {});
    return { did: 'ignored', why: 'the account is retired already' };
  }
  const obstacle = resources === 'remove' ? unremovable(existing) : clustersRunning(existing, parts.status);
  if (obstacle?.rejection.reason === OBSERVED_ONLY) await remember(removal, existing, deps);
  if (obstacle) return obstacle;
  const record = resources === 'remove' ? retiring(existing, removal) : retired(existing, trigger);
  return saveOwing(deps, record, existing, owedBy(record, trigger));
}

function retired(existing: AccountRecord, { cause, time }: Trigger): AccountRecord {
  const { clearing: _, exceptions: __, ...whole } = existing;
  return {
    ...whole,
    lifecycle: 'retired',
    generation: existing.generation + 1,
    changedBy: cause.id,
    changedAt: laterOf(time, existing.changedAt),
  };
}

/**
 * Saves a refused retirement: an older registration, with mode enforce, may still be on its way (`register`). @throws Conflict
 */
async function remember(
  removal: NonNullable<AccountRecord['removal']>,
  existing: AccountRecord,
  deps: Pick<FleetDeps, 'main'>,
): Promise<void> {
  if (existing.removal?.by !== removal.by) await saveMarks({ ...existing, removal }, existing, deps);
}

function unmanaged(accountId: string): Rejected {
  const message = 'is not managed by Orgkeeper';
  return rejected('UnknownAccount', `Account ${accountId} ${message}.`, [
    { path: 'detail.accountId', message },
  ]);
}

/** Refuses, and remembers the request: a registration that is older than it may still be on its way. @throws Conflict */
async function unknown(
  { accountId, resources }: RetirementRequest,
  { cause: { id }, time }: Trigger,
  { main: { table } }: Pick<FleetDeps, 'main'>,
): Promise<Rejected> {
  const trace = await getTrace(table, accountId);
  const since = trace?.removal ? trace.removal.since : trace?.changedAt;
  const removal = resources === 'remove' ? { by: id, at: time, ...(since && { since }) } : undefined;
  if (
    orderOf({ id, time }, trace) === 'new' &&
    !(await rememberRequest(table, accountId, { id, time }, trace, removal))
  )
    throw new Conflict(`Account ${accountId} was registered meanwhile.`);
  return unmanaged(accountId);
}

/** Clusters cost money and are made for a time: an account that is left alone must not have any. Nobody could end them. */
function clustersRunning(
  { accountId, lifecycle, clusters = [] }: AccountRecord,
  status: AccountStatus | undefined,
): Rejected | undefined {
  const live = clusters.filter((cluster) => isLive(cluster, status));
  if (lifecycle !== 'managed' || live.length === 0) return undefined;
  const names = live.map(({ name }) => name).join(', ');
  const message = `must be remove while clusters have not ended (${names}): release them first, or ask for remove`;
  return rejected('ClustersRunning', `Account ${accountId}: resources ${message}.`, [
    { path: 'detail.resources', message },
  ]);
}

const OBSERVED_ONLY = 'ObservedOnly';

/** Why nothing can be removed from the account. */
function unremovable({ accountId, lifecycle, mode }: AccountRecord): Rejected | undefined {
  const path = 'detail.resources';
  if (lifecycle === 'departed') {
    const message = 'cannot be entered, since it has left or is suspended or closed: ask for retain';
    return rejected('AccountDeparted', `Account ${accountId} ${message}.`, [{ path, message }]);
  }
  if (mode === 'observe') {
    const message = 'is observed only: ask for retain, or register it with mode enforce first';
    return rejected(OBSERVED_ONLY, `Account ${accountId} ${message}.`, [{ path, message }]);
  }
  return undefined;
}
