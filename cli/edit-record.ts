import { randomUUID } from 'node:crypto';
import type { AccountRecord } from '../shared/account.ts';
import { saveRecord } from '../shared/store/accounts.ts';
import type { Table } from '../shared/store/table.ts';
import { Failure } from './failure.ts';
import { findAccount } from './fleet.ts';

const ATTEMPTS = 10;

/**
 * Changes an account's record as it is now, and signs it; somebody else's change at the same time is kept, by reading
 * and editing again. `edit` returns undefined when there is nothing to change; then nothing is saved, and false
 * returned.
 */
export async function editRecord(
  table: Table,
  accountId: string,
  edit: (record: AccountRecord) => AccountRecord | undefined,
): Promise<boolean> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { record } = await findAccount(table, accountId);
    const edited = edit(record);
    if (!edited) return false;
    if (await saveRecord(table, { ...edited, changedBy: `cli:${randomUUID()}` }, record)) return true;
  }
  throw new Failure(`Account ${accountId} is being changed by others all the time: try again.`);
}
