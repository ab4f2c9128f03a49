import { REQUEST_SOURCE } from '../../shared/domain/event-sources.ts';
import { MAIN, MEMBER } from './factories.ts';
import { aMessage, batch } from './lambda.ts';

const cause = { source: REQUEST_SOURCE, detailType: 'DriftSweepRequested', id: 'event-2' };
const requestedAt = '2026-11-20T09:14:07Z';

/** The work messages of these accounts, as reconcile receives them. */
export function workOf(accountIds: readonly string[]): object {
  return batch(
    ...accountIds.map((accountId) =>
      aMessage({ accountId, cause, requestedAt }, { id: accountId, group: accountId, sentAt: new Date() }),
    ),
  );
}

/** An event for each function, such as it receives most often. */
export const FIRST_EVENTS: Readonly<Record<string, object>> = {
  intake: batch(
    aMessage({
      ...{ id: 'event-1', source: REQUEST_SOURCE, 'detail-type': 'AccountRegistrationRequested' },
      ...{ account: MAIN, time: requestedAt, detail: { accountId: MEMBER, name: 'genomics' } },
    }),
  ),
  sweep: batch(aMessage({ task: 'due' })),
  'create-account': batch(aMessage({ key: 'ticket-4711' })),
  reconcile: workOf([MEMBER]),
  review: batch(aMessage({ accountId: MEMBER, cause, requestedAt, unusedDays: 90 })),
};
