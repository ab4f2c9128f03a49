import type { AccountRecord } from '../../shared/account.ts';
import { accountView } from '../../shared/account-view.ts';
import { Conflict } from '../../shared/errors.ts';
import type { RetirementRequest } from '../../shared/requests.ts';
import { loadAccount, saveRecord } from '../../shared/store/accounts.ts';
import type { IntakeDeps } from './deps.ts';
import { type Incoming, type IntakeOutcome, rejected } from './outcome.ts';

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
  if (!existing || existing.lifecycle === 'unmanaged') {
    const message = 'is not kept by Orgkeeper';
    return rejected('UnknownAccount', `Account ${accountId} ${message}.`, [
      { path: 'detail.accountId', message },
    ]);
  }
  const repeats = existing.changedBy === changedBy;
  if (repeats && !incoming.redelivered) return { did: 'ignored', why: 'this request is followed already' };
  const isRetired = accountView({ record: existing, ...parts }).state === 'retired';
  if (!repeats && isRetired && (resources === 'retain' || existing.lifecycle === 'retiring')) {
    return { did: 'ignored', why: 'the account is retired already' };
  }
  const obstacle = resources === 'remove' && !repeats && unremovable(existing);
  if (obstacle) return obstacle;
  const lifecycle = resources === 'remove' ? 'retiring' : 'retired';
  const record = repeats
    ? existing
    : ({
        ...existing,
        lifecycle,
        generation: existing.generation + 1,
        changedBy,
        changedAt: incoming.time,
      } as const);
  if (!repeats && !(await saveRecord(deps.main.table, record, existing))) {
    throw new Conflict(`Somebody else changed the record of account ${accountId}.`);
  }
  if (resources === 'remove') {
    const work = { accountId, cause: incoming.cause, requestedAt: incoming.time };
    return { did: 'accepted', announce: [], work: [work] };
  }
  const detail = { accountId, name: record.name, baseline: record.baseline, cause: incoming.cause };
  return { did: 'accepted', announce: [{ detailType: 'AccountRetired', detail }], work: [] };
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
