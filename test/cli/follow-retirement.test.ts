import { setTimeout } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { followRetirement } from '../../cli/commands/retire.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { aPass, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { memoryTable } from '../kit/memory-table.ts';

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

it.each(['Unknown', 'True'] as const)(
  'waits on while all that stands in the way is %s, until it is retired',
  async (of) => {
    const record = aRecord({ lifecycle: 'retiring', changedBy: 'asked' });
    const condition = (type: string, status: 'True' | 'False' | 'Unknown', reason: string) =>
      ({
        type,
        status,
        reason,
        message: 'IAM shows it in a moment.',
        changedAt: record.registeredAt,
      }) as const;
    const settling = aStatus({
      ready: false,
      observedGeneration: record.generation,
      lastPass: aPass({ result: 'failed' }),
      conditions: [
        condition('ExecutionRole', 'False', 'WaitingForRemoval'),
        condition('Network', 'Unknown', 'Settling'),
        condition('Parameters', of, 'Settling'),
      ],
    });
    const { table, put, calls } = memoryTable();
    put({ ...record, ...accountKey(MEMBER) }, { ...settling, ...statusKey(MEMBER) });
    const following = followRetirement(table, { accountId: MEMBER, eventId: 'asked', seconds: 20 });
    // It has looked, and looks again: a failure would have ended it at the first look.
    while ((calls.BatchGetCommand ?? 0) < 2) await Promise.race([following, setTimeout(50)]);
    put({ ...aStatus({ ...settling, retired: true, conditions: [] }), ...statusKey(MEMBER) });
    await following;
  },
);
