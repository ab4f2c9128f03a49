import { sendCreation, sendWork } from '../../shared/aws/queue.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import { openCreations } from '../../shared/store/creations.ts';
import { dueAccounts } from '../../shared/store/statuses.ts';
import type { TaskDeps } from '../fleet/list-organization.ts';

/**
 * Sends a run to every account that is due. The same due time twice is one run: it is part of the deduplication id.
 * @returns how many runs it sent
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
 * Has every request for an account worked on that is due by `until`: its own message may be lost, or its result may
 * never have come.
 * @param answered AWS may have an answer: poll it although the request is not due yet
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
