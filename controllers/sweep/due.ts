import { sendCreation, sendSweep, sendWork } from '../../shared/aws/queue.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import { openCreations } from '../../shared/store/creations.ts';
import { dueRollouts } from '../../shared/store/rollouts.ts';
import { dueAccounts } from '../../shared/store/statuses.ts';
import type { TaskDeps } from '../fleet/list-organization.ts';

/**
 * Sends a work message for every account that is due. The deduplication id contains the due time, so the same due time causes one run.
 * @returns the number of messages
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
 * Sends a message for every request for an account that is due by `until`: its own message or AWS's result event may be lost.
 * @param answered AWS may have a result: poll although the request is not due yet
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

/** Sends a message for every roll-out that is due. @returns the number of messages */
export async function sendRollouts(now: Date, { main }: Pick<TaskDeps, 'main'>): Promise<number> {
  let sent = 0;
  for await (const ids of dueRollouts(main.table, now)) {
    for (const rolloutId of ids) await sendSweep(main.sweep, { task: 'rollout', rolloutId });
    sent += ids.length;
  }
  return sent;
}
