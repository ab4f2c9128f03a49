import { describe, expect, it } from '@jest/globals';
import type { IntakeDeps } from '../../controllers/fleet/deps.ts';
import type { Incoming } from '../../controllers/fleet/outcome.ts';
import { register } from '../../controllers/fleet/register.ts';
import { accountKey, getRecord } from '../../shared/store/accounts.ts';
import { aConfig, anOrganizationAccount, aRecord, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

const retiredAt = '2026-11-20T10:00:00Z';

/** A registration of an account that was retired by another event at `retiredAt`. */
async function registering(
  incoming: Pick<Incoming, 'time' | 'redelivered'>,
  account = anOrganizationAccount(),
) {
  const record = aRecord({ lifecycle: 'retired', changedBy: 'retirement', changedAt: retiredAt });
  const { main } = fakeMain([{ ...record, ...accountKey(MEMBER) }]);
  const cause = {
    source: 'orgkeeper.request',
    detailType: 'AccountRegistrationRequested',
    id: 'registration',
  };
  const event: Incoming = { cause, detail: {}, account: '345678901234', ...incoming };
  const deps = { main, config: aConfig() } as unknown as IntakeDeps;
  const request = { accountId: MEMBER, name: 'genomics', baseline: 'analytics@3' };
  const outcome = await register(event, request, account, deps).catch((error: Error) => ({
    did: error.message,
  }));
  const reason = 'rejection' in outcome ? { reason: outcome.rejection.reason } : {};
  return { did: outcome.did, ...reason, lifecycle: (await getRecord(main.table, MEMBER))?.lifecycle };
}

describe('A registration', () => {
  it.each([true, false])('does not undo a later retirement (redelivered: %s)', async (redelivered) => {
    expect(await registering({ time: '2026-11-20T09:59:59Z', redelivered })).toEqual({
      did: 'rejected',
      reason: 'Overtaken',
      lifecycle: 'retired',
    });
  });

  it('that is later than the retirement is looked at, redelivered or not', async () => {
    const { reason } = await registering({ time: '2026-11-20T10:00:01Z', redelivered: true });
    expect(reason).toBe('UnknownBaseline');
  });

  it('of a suspended account is refused', async () => {
    const suspended = anOrganizationAccount({ active: false, state: 'SUSPENDED' });
    expect(await registering({ time: '2026-11-20T10:00:01Z', redelivered: false }, suspended)).toEqual({
      did: 'rejected',
      reason: 'AccountDeparted',
      lifecycle: 'retired',
    });
  });
});
