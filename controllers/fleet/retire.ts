import type { AccountRecord } from '../../shared/domain/account.ts';
import { accountView } from '../../shared/domain/account-view.ts';
import { laterOf, orderOf } from '../../shared/domain/order.ts';
import type { RetirementRequest } from '../../shared/domain/requests.ts';
import { loadAccount } from '../../shared/store/accounts.ts';
import { type FleetDeps, type Outcome, overtaken, type Rejected, rejected, type Trigger } from './outcome.ts';
import { followedBefore, owedBy, saveOwing } from './owed.ts';

/**
 * Stops managing an account. `retain` leaves everything where it is; `remove` asks for a run that removes what Orgkeeper
 * made, also in an account that was retired with its resources retained. The record stays; registering the account again
 * brings it back.
 */
export async function retire(
  { accountId, resources }: RetirementRequest,
  trigger: Trigger,
  deps: Pick<FleetDeps, 'main'>,
): Promise<Outcome> {
  const { cause, time } = trigger;
  const { record: existing, ...parts } = await loadAccount(deps.main.table, accountId);
  const order = orderOf({ id: cause.id, time }, existing);
  if (order === 'followed') return followedBefore(existing);
  if (!existing || existing.lifecycle === 'unmanaged') {
    const message = 'is not kept by Orgkeeper';
    return rejected('UnknownAccount', `Account ${accountId} ${message}.`, [
      { path: 'detail.accountId', message },
    ]);
  }
  if (order === 'overtaken') return overtaken(`account ${accountId}`, trigger, existing.changedAt);
  const isRetired = accountView({ record: existing, ...parts }).state === 'retired';
  if (isRetired && (resources === 'retain' || existing.lifecycle === 'retiring')) {
    return { did: 'ignored', why: 'the account is retired already' };
  }
  const obstacle = resources === 'remove' && unremovable(existing);
  if (obstacle) return obstacle;
  const record: AccountRecord = {
    ...existing,
    lifecycle: resources === 'remove' ? 'retiring' : 'retired',
    generation: existing.generation + 1,
    changedBy: cause.id,
    changedAt: laterOf(time, existing.changedAt),
  };
  return saveOwing(deps, record, existing, owedBy(record, trigger));
}

/** Why nothing can be removed from the account. */
function unremovable({ accountId, lifecycle, mode }: AccountRecord): Rejected | undefined {
  const path = 'detail.resources';
  if (lifecycle === 'departed') {
    const message = 'cannot be entered, since it has left or is suspended or closed: ask for retain';
    return rejected('AccountDeparted', `Account ${accountId} ${message}.`, [{ path, message }]);
  }
  if (mode === 'observe') {
    const message = 'is observed only: ask for retain, or register it with mode enforce first';
    return rejected('ObservedOnly', `Account ${accountId} ${message}.`, [{ path, message }]);
  }
  return undefined;
}
