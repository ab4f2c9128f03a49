import { Conflict } from '../../shared/errors.ts';
import type { RetirementRequest } from '../../shared/requests.ts';
import { getRecord, saveRecord } from '../../shared/store/accounts.ts';
import type { IntakeDeps } from './deps.ts';
import { type Incoming, type IntakeOutcome, rejected } from './outcome.ts';

/**
 * Stops keeping an account. `retain` leaves everything where it is; `remove` asks a pass to take away what Orgkeeper
 * made. The record stays; registering again brings the account back.
 */
export async function retire(
  incoming: Incoming,
  request: RetirementRequest,
  deps: IntakeDeps,
): Promise<IntakeOutcome> {
  const { accountId, resources } = request;
  const changedBy = incoming.cause.id;
  const existing = await getRecord(deps.main.table, accountId);
  if (!existing || existing.lifecycle === 'unmanaged') {
    const message = 'is not kept by Orgkeeper';
    return rejected('UnknownAccount', `Account ${accountId} ${message}.`, [
      { path: 'detail.accountId', message },
    ]);
  }
  const repeats = existing.changedBy === changedBy;
  if (existing.lifecycle === 'retired' && !(repeats && incoming.redelivered)) {
    return { did: 'ignored', why: 'the account is retired already' };
  }
  const lifecycle = resources === 'remove' ? 'retiring' : 'retired';
  const record = repeats
    ? existing
    : ({ ...existing, lifecycle, generation: existing.generation + 1, changedBy } as const);
  if (!repeats && !(await saveRecord(deps.main.table, record, existing))) {
    throw new Conflict(`Somebody else changed the record of account ${accountId}.`);
  }
  if (resources === 'remove') {
    return {
      did: 'accepted',
      announce: [],
      work: [{ accountId, cause: incoming.cause, requestedAt: incoming.time }],
    };
  }
  const detail = { accountId, name: record.name, baseline: record.baseline, cause: incoming.cause };
  return { did: 'accepted', announce: [{ detailType: 'AccountRetired', detail }], work: [] };
}
