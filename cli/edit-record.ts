import { randomUUID } from 'node:crypto';
import type { Table } from '../shared/aws/main-clients.ts';
import type { AccountRecord } from '../shared/domain/account.ts';
import { OUR_SOURCE } from '../shared/domain/event-sources.ts';
import { laterOf } from '../shared/domain/order.ts';
import { saveRecord } from '../shared/store/accounts.ts';
import { Failure } from './failure.ts';
import { findAccount } from './fleet.ts';

const ATTEMPTS = 10;
/** A pass that whoever edits asks for has seen the record by then; the minute's tick sends one where none has. */
const PASS_SECONDS = 600;

/**
 * Changes an account's record as it is now, and signs it; somebody else's change at the same time is kept, by reading
 * and editing again. `edit` returns undefined when there is nothing to change; then nothing is saved, and false
 * returned. What is desired otherwise owes a pass, and is not undone by what was asked for before.
 * @param sweepId the sweep whose circuit breaker that pass obeys
 */
export async function editRecord(
  table: Table,
  accountId: string,
  edit: (record: AccountRecord) => AccountRecord | undefined,
  now = new Date(),
  sweepId?: string,
): Promise<boolean> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { record } = await findAccount(table, accountId);
    const edited = edit(record);
    if (!edited) return false;
    const changedBy = `cli:${randomUUID()}`;
    if (edited.generation === record.generation) {
      if (await saveRecord(table, { ...edited, changedBy }, record)) return true;
      continue;
    }
    const requestedAt = now.toISOString();
    const changedAt = laterOf(requestedAt, record.changedAt);
    const cause = { source: OUR_SOURCE, detailType: 'CommandLine', id: changedBy };
    const work = { accountId, cause, requestedAt, ...(sweepId !== undefined && { sweepId }) };
    const owes = { announce: [], work: [work], seconds: PASS_SECONDS };
    if (await saveRecord(table, { ...edited, changedBy, changedAt }, record, owes)) return true;
  }
  throw new Failure(`Account ${accountId} is being changed by others all the time: try again.`);
}
