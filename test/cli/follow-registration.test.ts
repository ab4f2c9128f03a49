import { describe, expect, it, jest } from '@jest/globals';
import { followRegistration } from '../../cli/commands/register.ts';
import { accountKey, saveRecord, statusKey } from '../../shared/store/accounts.ts';
import { saveStatus } from '../../shared/store/statuses.ts';
import { useTestTime } from '../kit/clock.ts';
import { aPass, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

useTestTime();

describe('following a registration with the same content', () => {
  const before = aRecord();
  const table = (conditions: Parameters<typeof aStatus>[0]) =>
    fakeMain([
      { ...before, ...accountKey(MEMBER) },
      { ...aStatus(conditions), ...statusKey(MEMBER) },
    ]).main.table;
  const asked = { request: { accountId: MEMBER, name: before.name }, before, eventId: 'again', seconds: 60 };

  it('ends immediately if the account is ready', async () => {
    const followed = followRegistration(table({}), asked);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await followed).toMatchObject({ ready: true });
  });

  it('fails with the command that requests a run if the last run failed, since nothing else requests one', async () => {
    const access = {
      type: 'Access',
      status: 'False',
      reason: 'ExecutionRoleDenied',
      message: 'There is no such role.',
      changedAt: '',
    };
    const failed = { ready: false, conditions: [access], lastPass: aPass({ result: 'failed' }) };
    const followed = followRegistration(table(failed as Parameters<typeof aStatus>[0]), asked);
    const said = expect(followed).rejects.toThrow(
      `Account ${MEMBER} is already registered with this content, so no run is requested: ` +
        `\`orgkeeper sweep ${MEMBER} --wait\` requests one. Its last run failed: Access ExecutionRoleDenied: There is no such role.`,
    );
    await jest.advanceTimersByTimeAsync(1_000);
    await said;
  });

  it('waits until a change of the role that was rolled back is requested once more', async () => {
    const access = { type: 'Access', status: 'False', reason: 'ChangePutBack', message: '', changedAt: '' };
    const failed = { ready: false, conditions: [access], lastPass: aPass({ result: 'failed' }) };
    const store = table(failed as Parameters<typeof aStatus>[0]);
    const followed = followRegistration(store, asked);
    await jest.advanceTimersByTimeAsync(3_000);
    await saveRecord(store, { ...before, generation: 4, changedBy: 'again' }, before);
    await jest.advanceTimersByTimeAsync(3_000);
    const ready = aStatus({ version: 8, observedGeneration: 4 });
    await saveStatus(store, ready, {
      passId: 'pass-9',
      now: new Date(),
      record: before,
    });
    await jest.advanceTimersByTimeAsync(3_000);
    expect(await followed).toMatchObject({ ready: true });
  });
});
