import { expect, it } from '@jest/globals';
import { followRetirement } from '../../cli/follow-retirement.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { fakeMain } from '../docs/fake-main.ts';
import { aPass, aRecord, aStatus, MEMBER } from '../factories.ts';

it('names all that stands in the way of a retirement, and nothing that is done', async () => {
  const record = aRecord({ lifecycle: 'retiring', changedBy: 'asked' });
  const condition = (type: string, reason: string, message: string) =>
    ({ type, status: 'False', reason, message, changedAt: record.registeredAt }) as const;
  const status = aStatus({
    ready: false,
    observedGeneration: record.generation,
    lastPass: aPass({ result: 'failed' }),
    conditions: [
      condition('ExecutionRole', 'WaitingForRemoval', 'It goes last.'),
      condition('Network', 'InUse', 'A database is in it.'),
      condition('Parameters', 'AccessDenied', 'A policy denies it.'),
      condition('Other', 'Removed', 'It is gone.'),
    ],
  });
  const table = fakeMain([
    { ...record, ...accountKey(MEMBER) },
    { ...status, ...statusKey(MEMBER) },
  ]).main.table;
  await expect(followRetirement(table, { accountId: MEMBER, eventId: 'asked', seconds: 5 })).rejects.toThrow(
    `Account ${MEMBER} is not retired yet:\n  Network InUse: A database is in it.\n  Parameters AccessDenied: A policy denies it.`,
  );
});
