import { sendCreation, sendWork } from '../../shared/aws/queue.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import { openCreations } from '../../shared/store/creations.ts';
import { dueAccounts } from '../../shared/store/statuses.ts';
import type { TaskDeps } from '../fleet/list-organization.ts';

/**
 * Sends a pass to every account whose time to be looked at has come. The same due time twice is one pass: it is part
 * of the deduplication id.
 * @returns how many passes it sent
 */
export async function sendDue(now: Date, deps: Pick<TaskDeps, 'main' | 'timeLeft'>): Promise<number> {
  let sent = 0;
  for await (const page of dueAccounts(deps.main.table, now)) {
    await sendWork(
      deps.main.work,
      page.map(({ accountId, dueAt }) => ({
        accountId,
        cause: { source: OUR_SOURCE, detailType: 'Due', id: `due:${dueAt}` },
        requestedAt: dueAt,
      })),
    );
    sent += page.length;
    if (!deps.timeLeft()) break;
  }
  return sent;
}

/**
 * Asks for a look at every request for an account that is to be looked at by `until`: those whose own message was
 * lost, or whose result never came.
 * @param answered AWS may have an answer: look although it is not time yet
 */
export async function sendCreations(
  until: Date,
  answered: boolean,
  { main, timeLeft }: Pick<TaskDeps, 'main' | 'timeLeft'>,
): Promise<number> {
  let sent = 0;
  for await (const keys of openCreations(main.table, until)) {
    for (const key of keys) await sendCreation(main.creation, { key, ...(answered && { answered }) });
    sent += keys.length;
    if (!timeLeft()) break;
  }
  return sent;
}
