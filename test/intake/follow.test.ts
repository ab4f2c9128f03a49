import { describe, expect, it } from '@jest/globals';
import type { FleetDeps } from '../../controllers/fleet/outcome.ts';
import { onItsWay } from '../../controllers/intake/event.ts';
import { follow } from '../../controllers/intake/follow.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { accountKey, getRecord } from '../../shared/store/accounts.ts';
import { getPlanText } from '../../shared/store/plans.ts';
import { aConfig, aRecord, MAIN, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

const TEXT = 'name: small\nparameters: []\n';
const AT = '2026-11-20T11:00:00Z';
const minutesLater = (minutes: number) => new Date(Date.parse(AT) + minutes * 60_000);

async function asked(detail: object, given: Partial<AccountRecord> = {}, account = MAIN) {
  const { main } = fakeMain([{ ...aRecord(given), ...accountKey(MEMBER) }]);
  const envelope = {
    id: 'event-1',
    source: 'orgkeeper.request',
    'detail-type': 'PlanRequested',
    account,
    time: AT,
    detail: { accountId: MEMBER, ...detail },
  };
  const config = aConfig({ requesters: ['111122223333'] });
  const deps = { config, main } as unknown as FleetDeps;
  const outcome = await follow(envelope, onItsWay(envelope, false, new Date()), deps);
  return { outcome, table: main.table };
}

describe('a request for a plan', () => {
  it('sends the work message, and changes no record', async () => {
    const { outcome, table } = await asked({});
    const cause = { source: 'orgkeeper.request', detailType: 'PlanRequested', id: 'event-1', sentBy: MAIN };
    expect(outcome).toEqual({
      did: 'accepted',
      announce: [],
      work: [{ accountId: MEMBER, cause, requestedAt: AT, plan: 'assigned' }],
    });
    expect(await getRecord(table, MEMBER)).toEqual(aRecord());
    expect(await getPlanText(table, 'event-1', minutesLater(0))).toBeUndefined();
  });

  it('stores the text of a file for that plan only, and for an hour', async () => {
    const { outcome, table } = await asked({ document: TEXT });
    expect(outcome).toMatchObject({ work: [{ plan: 'file' }] });
    expect(JSON.stringify(outcome)).not.toContain('small');
    expect(await getPlanText(table, 'event-1', minutesLater(59))).toBe(TEXT);
    expect(await getPlanText(table, 'event-1', minutesLater(60))).toBeUndefined();
    expect(await getPlanText(table, 'event-2', minutesLater(0))).toBeUndefined();
  });

  it.each([
    ['of an account that was never registered', { accountId: '111111111111' }, {}, /never registered/],
    ['of one that is not kept', {}, { lifecycle: 'unmanaged' }, /is unmanaged, .*: register it\.$/],
    ['by no baseline', {}, { baseline: undefined }, /has no baseline: assign one/],
  ] as const)('is refused %s', async (_, detail, given, message) => {
    const { outcome } = await asked(detail, given as Partial<AccountRecord>);
    expect(outcome).toMatchObject({
      did: 'rejected',
      rejection: { reason: 'UnknownAccount', message: expect.stringMatching(message) },
    });
  });

  it('is followed only from Main: nobody else could read the answer', async () => {
    const { outcome } = await asked({}, {}, '111122223333');
    expect(outcome).toMatchObject({ did: 'rejected', rejection: { reason: 'SenderNotAllowed' } });
  });
});
