import type { AccountRecord, Owed } from '../../shared/domain/account.ts';
import { accountView } from '../../shared/domain/account-view.ts';
import { Conflict } from '../../shared/domain/errors.ts';
import { laterOf, orderOf } from '../../shared/domain/order.ts';
import type { RetirementRequest } from '../../shared/domain/requests.ts';
import { loadAccount, saveRecord } from '../../shared/store/accounts.ts';
import type { IntakeDeps } from './deps.ts';
import { followedBefore, type Incoming, type IntakeOutcome, overtaken, rejected } from './outcome.ts';

/**
 * Stops keeping an account. `retain` leaves everything where it is; `remove` asks a pass to take away what Orgkeeper
 * made, also of an account that was retired with its resources retained. The record stays; registering again brings
 * the account back.
 */
export async function retire(
  incoming: Incoming,
  request: RetirementRequest,
  deps: IntakeDeps,
): Promise<IntakeOutcome> {
  const { accountId, resources } = request;
  const changedBy = incoming.cause.id;
  const { record: existing, ...parts } = await loadAccount(deps.main.table, accountId);
  const order = orderOf({ id: changedBy, time: incoming.time }, existing);
  if (order === 'followed') return followedBefore(existing);
  if (!existing || existing.lifecycle === 'unmanaged') {
    const message = 'is not kept by Orgkeeper';
    return rejected('UnknownAccount', `Account ${accountId} ${message}.`, [
      { path: 'detail.accountId', message },
    ]);
  }
  if (order === 'overtaken') return overtaken(`account ${accountId}`, incoming, existing.changedAt);
  const isRetired = accountView({ record: existing, ...parts }).state === 'retired';
  if (isRetired && (resources === 'retain' || existing.lifecycle === 'retiring')) {
    return { did: 'ignored', why: 'the account is retired already' };
  }
  const obstacle = resources === 'remove' && unremovable(existing);
  if (obstacle) return obstacle;
  const lifecycle = resources === 'remove' ? 'retiring' : 'retired';
  const record: AccountRecord = {
    ...existing,
    lifecycle,
    generation: existing.generation + 1,
    changedBy,
    changedAt: laterOf(incoming.time, existing.changedAt),
  };
  const owes = resources === 'remove' ? removal(record, incoming) : end(record, incoming);
  if (!(await saveRecord(deps.main.table, record, existing, owes))) {
    throw new Conflict(`Somebody else changed the record of account ${accountId}.`);
  }
  return { did: 'accepted', ...owes, ...(!existing.owed && { owedBy: [record] }) };
}

/** A pass that takes away what was made. */
function removal({ accountId }: AccountRecord, { cause, time }: Incoming): Owed {
  return { announce: [], work: [{ accountId, cause, requestedAt: time }] };
}

function end({ accountId, name, baseline }: AccountRecord, { cause }: Incoming): Owed {
  const detail = { accountId, name, baseline, cause };
  return { announce: [{ detailType: 'AccountRetired', detail }], work: [] };
}

/** Why nothing can be taken away from the account. */
function unremovable({ accountId, lifecycle, mode }: AccountRecord): IntakeOutcome | undefined {
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
