import { sendReviews, sendSweep } from '../../shared/aws/queue.ts';
import { type ReviewRequest, UNUSED_DAYS } from '../../shared/domain/requests.ts';
import type { SweepMessage } from '../../shared/domain/work.ts';
import { recordPages } from '../../shared/store/accounts.ts';
import type { TaskDeps } from './list-organization.ts';
import { type FleetDeps, type Outcome, rejected, type Trigger } from './outcome.ts';
import { unmanagedAccounts } from './sweep-fleet.ts';

type FleetReview = Extract<SweepMessage, { task: 'review' }>;

/** Requests a review of each named account, or of every managed account. Refused if a named account is not managed. */
export async function requestReviews(
  { accountIds, unusedDays = UNUSED_DAYS }: ReviewRequest,
  { cause, time: requestedAt }: Trigger,
  { main }: Pick<FleetDeps, 'main'>,
): Promise<Outcome> {
  const problems = accountIds ? await unmanagedAccounts(accountIds, main.table) : [];
  if (problems.length > 0) {
    const message = `${problems.length} of the accounts are not managed by Orgkeeper.`;
    return rejected('UnknownAccount', message, problems);
  }
  const named = accountIds && { accountIds: [...new Set(accountIds)] };
  await sendSweep(main.sweep, { task: 'review', ...named, unusedDays, cause, requestedAt });
  return { did: 'accepted', announce: [], work: [] };
}

/**
 * Sends a message for the review of each account. Hands the rest over when time runs out; an account that gets two messages for one
 * request is reviewed twice, under the same name.
 * @returns the number of messages
 */
export async function reviewFleet(
  message: FleetReview,
  { main, timeLeft }: Pick<TaskDeps, 'main' | 'timeLeft'>,
): Promise<number> {
  const { unusedDays, cause, requestedAt, after } = message;
  const send = (accountIds: readonly string[]) =>
    sendReviews(
      main.review,
      accountIds.map((accountId) => ({ accountId, cause, requestedAt, unusedDays })),
    );
  if (message.accountIds) {
    await send(message.accountIds);
    return message.accountIds.length;
  }
  let sent = 0;
  for await (const { items, last } of recordPages(main.table, after)) {
    const managed = items.filter(({ lifecycle }) => lifecycle === 'managed');
    await send(managed.map(({ accountId }) => accountId));
    sent += managed.length;
    if (timeLeft() || last === undefined) continue;
    await sendSweep(main.sweep, { ...message, after: last });
    break;
  }
  return sent;
}
