import { describe, expect, it, jest } from '@jest/globals';
import { reconcile } from '../../controllers/engine/run.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { translateError } from '../../shared/aws/translate-error.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { accountView } from '../../shared/domain/account-view.ts';
import { RUNNING } from '../../shared/domain/control.ts';
import { accountKey, loadAccount, statusKey } from '../../shared/store/accounts.ts';
import { systemClock, useTestTime } from '../kit/clock.ts';
import { aConfig, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { smallAccount } from './small-account.ts';

const START = Date.parse('2026-11-20T10:00:00.000Z');
const notActivated = () =>
  translateError(
    'sts:AssumeRole',
    Object.assign(new Error('STS is not activated in this region.'), { name: 'RegionDisabledException' }),
  );

useTestTime(new Date(START));

/** An account that answers nothing but "not yet", and whoever looks at it when it is due. */
function freshAccount(given: Partial<AccountRecord> = {}) {
  const record = aRecord(given);
  const { main, put, store } = fakeMain([{ ...record, ...accountKey(MEMBER) }]);
  const access = {
    enter: async () => {
      throw notActivated();
    },
    evict: () => undefined,
  };
  const baseline = { name: 'analytics', version: 3, sections: { parameters: [] } };
  const cause = { source: 'orgkeeper', detailType: 'Due', id: 'due' };
  const status = async () => (await loadAccount(main.table, MEMBER)).status;
  return {
    put,
    async look() {
      const now = new Date();
      const message = { accountId: MEMBER, cause, requestedAt: now.toISOString() };
      const request = { message, sentAt: now, until: new Date(now.getTime() + 120_000), lastReceive: false };
      const deps = {
        ...systemClock,
        config: aConfig(),
        main,
        access,
        kinds,
        loadBaseline: async () => baseline,
      };
      await reconcile(request, deps as unknown as Parameters<typeof reconcile>[1]);
      return status();
    },
    status,
    view: async () => accountView({ record, status: await status(), control: RUNNING, now: new Date() }),
    change: () => store.put({ ...record, generation: 4, ...accountKey(MEMBER) }),
  };
}

const seconds = () => (Date.now() - START) / 1000;

/** Looks whenever the status says so, until it says no more; the seconds at which it looked. */
async function lookUntilOver(account: ReturnType<typeof freshAccount>): Promise<number[]> {
  const looks: number[] = [];
  for (;;) {
    looks.push(seconds());
    const status = await account.look();
    if (!status?.dueAt) return looks;
    jest.setSystemTime(Date.parse(status.dueAt));
  }
}

describe('a new account that is not ready', () => {
  it('is waiting, and has another run after a minute', async () => {
    const account = freshAccount();
    const status = await account.look();
    expect(status).toMatchObject({ dueAt: '2026-11-20T10:01:00.000Z', lastPass: { result: 'waiting' } });
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Access', status: 'False', reason: 'RegionDisabled' }),
    );
    expect(await account.view()).toMatchObject({ state: 'pending', ready: false });
    expect(account.put).toEqual([]);
  });

  it('has runs less and less often, for a day; then it has failed, with the last reason', async () => {
    const account = freshAccount();
    const looks = await lookUntilOver(account);
    expect(looks.slice(0, 6)).toEqual([0, 60, 180, 420, 900, 1800]);
    expect(looks.at(-1)).toBeGreaterThanOrEqual(24 * 3600);
    expect(looks.at(-1)).toBeLessThan(24 * 3600 + 900);
    expect(await account.view()).toMatchObject({ state: 'failed', lastPass: { result: 'failed' } });
    expect(account.put).toMatchObject([
      {
        detailType: 'AccountDegraded',
        detail: { reason: 'RegionDisabled', message: expect.stringMatching(/STS is not activated/) },
      },
    ]);
  });

  it('stays failed in later runs, and is announced once', async () => {
    const account = freshAccount();
    await lookUntilOver(account);
    jest.setSystemTime(Date.now() + 12 * 3_600_000);
    const status = await account.look();
    expect(status?.dueAt).toBeUndefined();
    expect(status).toMatchObject({ lastPass: { result: 'failed' }, degraded: true });
    expect(account.put).toHaveLength(1);
  });

  it('has another day when its desired state changes', async () => {
    const account = freshAccount();
    await lookUntilOver(account);
    account.change();
    expect(await account.look()).toMatchObject({ lastPass: { result: 'waiting' }, waiting: { attempts: 1 } });
    await lookUntilOver(account);
    expect(account.put).toMatchObject([{ detailType: 'AccountDegraded' }, { detailType: 'AccountDegraded' }]);
  });
});

describe('an account whose baseline has no role to verify', () => {
  it('is ready once it can be entered again', async () => {
    const denied = {
      type: 'Access',
      status: 'Unknown',
      reason: 'Throttled',
      message: 'STS throttles.',
      changedAt: '2026-11-20T10:00:00.000Z',
    } as const;
    const before = { ...aStatus({ ready: false, conditions: [denied] }), ...statusKey(MEMBER) };
    const account = smallAccount([before]);
    await account.pass();
    expect(account.item('status')).toMatchObject({ ready: true, conditions: [{ type: 'Network' }] });
  });
});
