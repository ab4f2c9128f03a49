import type { Table } from '../shared/aws/main-clients.ts';
import { accountView } from '../shared/domain/account-view.ts';
import { REMOVAL_REASONS } from '../shared/domain/status.ts';
import { Failure } from './failure.ts';
import { findAccount } from './fleet.ts';
import { hasFailed, inTheWay } from './obstacles.ts';
import { poll, startProgress } from './progress.ts';
import { failIfRejected } from './rejection.ts';

/** A retirement that was asked for. */
export interface Retirement {
  readonly accountId: string;
  readonly eventId: string;
  readonly seconds: number;
}

/**
 * Follows a retirement until the account is retired.
 * @throws Failure when something is in the way of the removal, when writing is paused, or when it takes too long
 */
export async function followRetirement(
  table: Table,
  { accountId, eventId, seconds }: Retirement,
): Promise<void> {
  const progress = startProgress(`Waiting for account ${accountId} to be retired …`);
  try {
    await poll(
      async () => {
        await failIfRejected(table, eventId);
        const { record, status, control } = await findAccount(table, accountId);
        const view = accountView({ record, status, control });
        if (view.state === 'retired') return true;
        if (record.changedBy !== eventId || status?.observedGeneration !== record.generation)
          return undefined;
        const conditions = view.conditions.filter(({ reason }) => !REMOVAL_REASONS.has(reason));
        if (!hasFailed({ state: view.state, conditions }) && view.state !== 'paused') return undefined;
        throw new Failure(`Account ${accountId} is not retired yet:${inTheWay({ ...view, conditions })}`);
      },
      {
        seconds,
        every: 500,
        late: () =>
          `Account ${accountId} is not retired after ${seconds} s; it goes on: \`orgkeeper account ${accountId}\` ` +
          'shows where it stands.',
      },
    );
  } finally {
    progress.stop();
  }
}
