import { describe, expect, it } from '@jest/globals';
import { retire } from '../../controllers/fleet/retire.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import { accountKey, getRecord, statusKey } from '../../shared/store/accounts.ts';
import { aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

async function asked(
  resources: 'retain' | 'remove',
  record: Partial<AccountRecord>,
  status: Partial<AccountStatus> = {},
) {
  const { main } = fakeMain([
    { ...aRecord(record), ...accountKey(MEMBER) },
    { ...aStatus({ observedGeneration: 3, ...status }), ...statusKey(MEMBER) },
  ]);
  const cause = { source: 'orgkeeper.request', detailType: 'AccountRetirementRequested', id: 'event-9' };
  const trigger = { cause, time: '2026-11-20T09:14:07Z' };
  const outcome = await retire({ accountId: MEMBER, resources }, trigger, { main });
  return { outcome, record: await getRecord(main.table, MEMBER) };
}

describe('A request to retire an account', () => {
  it('with its resources retained is followed at once, and announced', async () => {
    const { outcome, record } = await asked('retain', {});
    expect(record).toMatchObject({ lifecycle: 'retired', generation: 4, changedBy: 'event-9' });
    expect(outcome).toMatchObject({
      did: 'accepted',
      announce: [{ detailType: 'AccountRetired' }],
      // The run does not enter it: it takes back what the account exports.
      work: [{ accountId: MEMBER }],
    });
  });

  it.each([
    ['is kept', { lifecycle: 'managed' }],
    ['was retired with its resources retained', { lifecycle: 'retired' }],
    ['is being retired, to look again at once', { lifecycle: 'retiring' }],
  ] as const)('with its resources removed requests a run of an account that %s', async (_, given) => {
    const { outcome, record } = await asked('remove', given);
    expect(record).toMatchObject({ lifecycle: 'retiring', generation: 4 });
    expect(outcome).toMatchObject({ did: 'accepted', announce: [], work: [{ accountId: MEMBER }] });
  });

  it.each([
    ['retain', { lifecycle: 'retired' }, {}],
    ['retain', { lifecycle: 'retiring' }, { retired: true }],
    ['remove', { lifecycle: 'retiring' }, { retired: true }],
  ] as const)(
    'changes nothing (%s) in an account that is already retired',
    async (resources, given, status) => {
      const { outcome, record } = await asked(resources, given, status);
      expect([outcome.did, record?.generation]).toEqual(['ignored', 3]);
    },
  );

  it.each([
    ['UnknownAccount', 'retain', { lifecycle: 'unmanaged' }],
    ['AccountDeparted', 'remove', { lifecycle: 'departed' }],
    ['ObservedOnly', 'remove', { mode: 'observe' }],
  ] as const)('is refused with %s if it cannot be followed', async (reason, resources, given) => {
    const { outcome, record } = await asked(resources, given);
    expect(outcome).toMatchObject({ did: 'rejected', rejection: { reason } });
    expect(record?.generation).toBe(3);
  });

  describe('while it has clusters', () => {
    const cluster = {
      ...{ name: 'nightly', request: 'event-5', requester: 'ana', region: 'eu-west-1', count: 3 },
      ...{ instanceType: 'm5.xlarge', release: 'emr-7.5.0', requestedAt: '2026-11-20T09:00:00Z' },
      until: '2026-11-20T17:00:00Z',
    };
    const is = (state: string) => ({
      outputs: { 'clusters.nightly.request': 'event-5', 'clusters.nightly.state': state },
    });

    it.each(['starting', 'ready', 'ending'])('is refused with its resources retained: %s', async (state) => {
      const { outcome, record } = await asked('retain', { clusters: [cluster] }, is(state));
      expect(outcome).toMatchObject({ did: 'rejected', rejection: { reason: 'ClustersRunning' } });
      expect(record?.generation).toBe(3);
    });

    it('is followed once they have ended, and with its resources removed', async () => {
      expect((await asked('retain', { clusters: [cluster] }, is('ended'))).outcome.did).toBe('accepted');
      expect((await asked('remove', { clusters: [cluster] }, is('ready'))).outcome.did).toBe('accepted');
    });
  });

  it('that arrives twice is followed once, and what a crash may have lost is repeated', async () => {
    const cause = { source: 'x', detailType: 'y', id: 'event-9' };
    const work = [{ accountId: MEMBER, cause, requestedAt: '2026-11-20T09:14:07Z' }];
    const followed = { lifecycle: 'retiring', changedBy: 'event-9' } as const;
    expect((await asked('remove', followed)).outcome.did).toBe('ignored');
    const again = await asked('remove', { ...followed, owed: { announce: [], work } });
    expect(again.outcome).toMatchObject({ did: 'accepted', work: [{ accountId: MEMBER }] });
    expect(again.record?.generation).toBe(3);
  });
});
