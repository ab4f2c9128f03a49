import { describe, expect, it } from '@jest/globals';
import type { FleetDeps } from '../../controllers/fleet/outcome.ts';
import { register } from '../../controllers/fleet/register.ts';
import { accountKey, getRecord } from '../../shared/store/accounts.ts';
import { aConfig, anOrganizationAccount, aRecord, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

const retiredAt = '2026-11-20T10:00:00Z';

/** A registration of an account that was retired by another event at `retiredAt`. */
async function registering(time: string, account = anOrganizationAccount()) {
  const record = aRecord({ lifecycle: 'retired', changedBy: 'retirement', changedAt: retiredAt });
  const { main } = fakeMain([{ ...record, ...accountKey(MEMBER) }]);
  const cause = {
    source: 'orgkeeper.request',
    detailType: 'AccountRegistrationRequested',
    id: 'registration',
  };
  const deps = { main, config: aConfig() } as unknown as FleetDeps;
  const request = { accountId: MEMBER, name: 'genomics', baseline: 'analytics@3' };
  const outcome = await register(request, account, { cause, time }, deps).catch((error: Error) => ({
    did: error.message,
  }));
  const reason = 'rejection' in outcome ? { reason: outcome.rejection.reason } : {};
  return { did: outcome.did, ...reason, lifecycle: (await getRecord(main.table, MEMBER))?.lifecycle };
}

describe('A registration', () => {
  it('does not undo a later retirement', async () => {
    expect(await registering('2026-11-20T09:59:59Z')).toEqual({
      did: 'rejected',
      reason: 'Overtaken',
      lifecycle: 'retired',
    });
  });

  it('that is later than the retirement is followed', async () => {
    const { reason } = await registering('2026-11-20T10:00:01Z');
    expect(reason).toBe('UnknownBaseline');
  });

  it('of a suspended account is refused', async () => {
    const suspended = anOrganizationAccount({ active: false, state: 'SUSPENDED' });
    expect(await registering('2026-11-20T10:00:01Z', suspended)).toEqual({
      did: 'rejected',
      reason: 'AccountDeparted',
      lifecycle: 'retired',
    });
  });
});
