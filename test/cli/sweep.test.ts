import { describe, expect, it, jest } from '@jest/globals';
import { followPasses } from '../../cli/commands/sweep.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { NOW, useTestTime } from '../kit/clock.ts';
import { aPass, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { memoryTable } from '../kit/memory-table.ts';

const cause = { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'asked' };
const failed = (status: 'False' | 'Unknown') =>
  aStatus({
    ready: false,
    lastPass: aPass({ id: 'first', result: 'failed', cause }),
    conditions: [
      { type: 'Access', status, reason: 'NotShownYet', message: 'IAM shows it in a moment.', changedAt: '' },
    ],
  });
const sent = { eventId: 'asked', at: NOW, accountIds: [MEMBER], seconds: 20 };

useTestTime();

describe('sweep --wait', () => {
  it('continues to wait while a run failed only because something is not known yet', async () => {
    const { table, put, calls } = memoryTable();
    put({ ...aRecord(), ...accountKey(MEMBER) }, { ...failed('Unknown'), ...statusKey(MEMBER) });
    const following = followPasses(table, sent);
    // It has looked, and looks again: a pass that is over would have ended it at the first look.
    await jest.advanceTimersByTimeAsync(5_000);
    expect(calls.BatchGetCommand).toBeGreaterThan(1);
    const over = aStatus({ lastPass: aPass({ id: 'second', result: 'corrected', cause }) });
    put({ ...over, ...statusKey(MEMBER) });
    await jest.advanceTimersByTimeAsync(5_000);
    expect((await following).get(MEMBER)).toMatchObject({ id: 'second', result: 'corrected' });
  });

  it('ends when a run failed with a False condition', async () => {
    const { table, put } = memoryTable();
    put({ ...aRecord(), ...accountKey(MEMBER) }, { ...failed('False'), ...statusKey(MEMBER) });
    expect((await followPasses(table, sent)).get(MEMBER)).toMatchObject({ id: 'first', result: 'failed' });
  });
});
