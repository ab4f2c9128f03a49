import { describe, expect, it, jest } from '@jest/globals';
import { followRetirement } from '../../cli/commands/retire.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { AccountStatus, Condition } from '../../shared/domain/status.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { useTestTime } from '../kit/clock.ts';
import { aPass, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { memoryTable } from '../kit/memory-table.ts';

useTestTime();

it('lists everything that blocks a retirement, and nothing that is done', async () => {
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
  'continues to wait while everything that blocks a retirement is %s, until the account is retired',
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
    await jest.advanceTimersByTimeAsync(5_000);
    expect(calls.BatchGetCommand).toBeGreaterThan(1);
    put({ ...aStatus({ ...settling, retired: true, conditions: [] }), ...statusKey(MEMBER) });
    await jest.advanceTimersByTimeAsync(5_000);
    await following;
  },
);

describe('following the retirement of a region', () => {
  const region = 'us-west-2';
  const baseline = { name: 'analytics', version: 3 };
  const record = aRecord({ clearing: [region], changedBy: 'asked' });
  const left = { kind: 'network', region, baseline, outputs: { 'vpc.id': 'vpc-1' } };
  const condition = (reason: string, where: string): Condition => ({
    ...{ type: 'Network', status: 'False', region: where, reason },
    ...{ message: 'It is in the way.', changedAt: record.registeredAt },
  });
  const status = (given: Partial<AccountStatus>) => ({
    ...aStatus({ ready: false, observedGeneration: record.generation, leftovers: [left], ...given }),
    ...statusKey(MEMBER),
  });
  const failed = aPass({ result: 'failed' });
  const asked = { accountId: MEMBER, eventId: 'asked', regions: [region] };

  it.each<[string, Partial<AccountRecord>, Partial<AccountStatus>]>([
    ['has not followed the request yet', { clearing: undefined } as object, { leftovers: [] }],
    ['has not had its pass yet', {}, { observedGeneration: record.generation - 1, leftovers: [] }],
    ['failed elsewhere alone', {}, { lastPass: failed, conditions: [condition('InUse', 'eu-west-1')] }],
  ])(
    'continues to wait while the account %s, until nothing is left in the region',
    async (_, other, given) => {
      const { table, put, calls } = memoryTable();
      put({ ...record, ...other, ...accountKey(MEMBER) }, status(given));
      const following = followRetirement(table, { ...asked, seconds: 20 });
      await jest.advanceTimersByTimeAsync(5_000);
      expect(calls.BatchGetCommand).toBeGreaterThan(1);
      put({ ...record, ...accountKey(MEMBER) }, status({ ready: true, leftovers: [] }));
      await jest.advanceTimersByTimeAsync(5_000);
      await following;
    },
  );

  it('ends with what blocks the removal in the region', async () => {
    const conditions = [condition('InUse', 'eu-west-1'), condition('InUse', region)];
    const table = memoryTable(
      { ...record, ...accountKey(MEMBER) },
      status({ lastPass: failed, conditions }),
    ).table;
    await expect(followRetirement(table, { ...asked, seconds: 5 })).rejects.toThrow(
      `us-west-2 of account ${MEMBER} is not retired yet: Network (us-west-2) InUse: It is in the way.`,
    );
  });
});
