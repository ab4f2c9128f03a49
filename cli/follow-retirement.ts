import { accountView } from '../shared/account-view.ts';
import type { Table } from '../shared/store/table.ts';
import { Failure } from './failure.ts';
import { findAccount } from './fleet.ts';
import { inWords } from './obstacles.ts';
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
        const { state, conditions } = accountView({ record, status, control });
        if (state === 'retired') return true;
        if (record.changedBy !== eventId || status?.observedGeneration !== record.generation)
          return undefined;
        if (state !== 'failed' && state !== 'paused') return undefined;
        const obstacle = conditions.find(
          ({ reason }) => !['Removed', 'Left', 'WaitingForRemoval'].includes(reason),
        );
        throw new Failure(`Account ${accountId} is not retired yet: ${obstacle ? inWords(obstacle) : state}`);
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
