import { putEvents } from '../../shared/aws/bus.ts';
import { sendCreation, sendWork } from '../../shared/aws/queue.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import { clearOwed, loadAccount, OWED } from '../../shared/store/accounts.ts';
import { openCreations } from '../../shared/store/creations.ts';
import { dueAccounts } from '../../shared/store/statuses.ts';
import type { SweepDeps } from './deps.ts';

/**
 * Sends a pass to every account whose time to be looked at has come. The same due time twice is one pass: it is part
 * of the deduplication id.
 * @returns how many passes it sent
 */
export async function sendDue(now: Date, deps: Pick<SweepDeps, 'main' | 'timeLeft'>): Promise<number> {
  let sent = 0;
  for await (const page of dueAccounts(deps.main.table, now)) {
    await sendWork(
      deps.main.work,
      page.map(({ accountId, dueAt }) => ({
        accountId,
        cause: { source: 'orgkeeper', detailType: 'Due', id: `due:${dueAt}` },
        requestedAt: dueAt,
      })),
    );
    sent += page.length;
    if (!deps.timeLeft()) break;
  }
  return sent;
}

/**
 * Sends what records owe that whoever saved them did not send: announcements, and a pass unless one has seen the record
 * by now. A crash before the note that it is sent sends it once more.
 * @returns how many accounts owed something
 */
export async function sendOwed(
  now: Date,
  { main, timeLeft }: Pick<SweepDeps, 'main' | 'timeLeft'>,
): Promise<number> {
  let paid = 0;
  for await (const page of dueAccounts(main.table, now, OWED)) {
    for (const { accountId } of page) {
      const { record, status } = await loadAccount(main.table, accountId);
      if (!record?.owed) continue;
      await putEvents(main.bus, record.owed.announce, OUR_SOURCE);
      if (status?.observedGeneration !== record.generation) await sendWork(main.work, record.owed.work);
      await clearOwed(main.table, record);
      paid += 1;
      if (!timeLeft()) return paid;
    }
  }
  return paid;
}

/**
 * Asks for a look at every request for an account that is to be looked at by `until`: those whose own message was
 * lost, or whose result never came.
 * @param answered AWS may have an answer: look although it is not time yet
 */
export async function sendCreations(
  until: Date,
  answered: boolean,
  { main, timeLeft }: Pick<SweepDeps, 'main' | 'timeLeft'>,
): Promise<number> {
  let sent = 0;
  for await (const keys of openCreations(main.table, until)) {
    for (const key of keys) await sendCreation(main.creation, { key, ...(answered && { answered }) });
    sent += keys.length;
    if (!timeLeft()) break;
  }
  return sent;
}
