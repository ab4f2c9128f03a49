import { describe, expect, it } from '@jest/globals';
import { requestClearing } from '../../controllers/fleet/clear-regions.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { AccountStatus, Leftover } from '../../shared/domain/status.ts';
import { accountKey, getRecord, statusKey } from '../../shared/store/accounts.ts';
import { addressKey } from '../../shared/store/addresses.ts';
import { aBaselineItem, aConfig, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

const [HOME, OTHER, DROPPED, NEVER] = ['eu-west-1', 'us-east-1', 'us-west-2', 'ap-south-1'];
const baseline = { name: 'analytics', version: 3 };
const left: Leftover = { kind: 'network', region: DROPPED, baseline, outputs: { 'vpc.id': 'vpc-1' } };

async function asked(
  regions: readonly string[],
  given: {
    record?: Partial<AccountRecord>;
    status?: Partial<AccountStatus>;
    /** The region of which the account holds a block of addresses. */
    block?: string;
  } = {},
) {
  const record = aRecord({ regions: [HOME, OTHER], ...given.record });
  const status = aStatus({ home: { region: HOME, baseline }, leftovers: [left], ...given.status });
  const block = { accountId: MEMBER, region: given.block, pool: 'main', cidr: '10.0.0.0/20', since: '' };
  const { main } = fakeMain([
    aBaselineItem(),
    { ...record, ...accountKey(MEMBER) },
    { ...status, ...statusKey(MEMBER) },
    ...(given.block ? [{ ...addressKey(MEMBER), accountId: MEMBER, version: 1, blocks: [block] }] : []),
  ]);
  const cause = { source: 'orgkeeper.request', detailType: 'AccountRetirementRequested', id: 'event-9' };
  const trigger = { cause, time: '2026-11-20T09:14:07Z' };
  const deps = { main, config: aConfig() };
  const outcome = await requestClearing({ accountId: MEMBER, regions }, trigger, deps);
  return { outcome, before: record, record: await getRecord(main.table, MEMBER) };
}

describe('A request to retire regions of an account', () => {
  it('requests a run that clears them, and leaves the rest of the record as it is', async () => {
    const { outcome, before, record } = await asked([DROPPED]);
    expect(record).toMatchObject({
      ...{ lifecycle: 'managed', regions: before.regions, baseline: before.baseline },
      ...{ clearing: [DROPPED], generation: before.generation + 1, changedBy: 'event-9' },
    });
    expect(outcome).toMatchObject({ did: 'accepted', announce: [], work: [{ accountId: MEMBER }] });
  });

  it.each<[string, string, Parameters<typeof asked>[1]]>([
    ['outputs are recorded', NEVER, { status: { outputs: { [`regions.${NEVER}.vpc.id`]: 'vpc-2' } } }],
    ['the account had its home', NEVER, { status: { home: { region: NEVER, baseline } } }],
    ['a block of addresses is held', NEVER, { block: NEVER }],
  ])('is followed for a region in which %s', async (_, region, given) => {
    const { outcome, record } = await asked([region], given);
    expect([outcome.did, record?.clearing]).toEqual(['accepted', [region]]);
  });

  it('adds to the regions that are being cleared, and has these tried again at once', async () => {
    const clearing = [NEVER];
    const leftovers = [left, { ...left, region: NEVER }];
    const { record } = await asked([DROPPED], { record: { clearing }, status: { leftovers } });
    expect(record?.clearing).toEqual([NEVER, DROPPED]);
    const again = await asked([NEVER], { record: { clearing }, status: { leftovers } });
    expect([again.outcome.did, again.record?.clearing, again.record?.generation]).toEqual([
      ...['accepted', clearing],
      again.before.generation + 1,
    ]);
  });

  it('changes nothing once the regions are cleared', async () => {
    const { outcome, before, record } = await asked([DROPPED], {
      record: { clearing: [DROPPED] },
      status: { leftovers: [] },
    });
    expect([outcome.did, record?.generation]).toEqual(['ignored', before.generation]);
  });

  it('changes nothing when the same event comes again', async () => {
    const { outcome, before, record } = await asked([DROPPED], { record: { changedBy: 'event-9' } });
    expect([outcome.did, record?.generation]).toEqual(['ignored', before.generation]);
  });

  it.each<[string, string, readonly string[], Parameters<typeof asked>[1]]>([
    ['RegionDesired', 'detail.regions[1]', [DROPPED, OTHER], {}],
    ['RegionDesired', 'detail.regions[0]', [HOME], { record: { regions: undefined } as object }],
    ['NothingThere', 'detail.regions[1]', [DROPPED, NEVER], {}],
    ['UnknownAccount', 'detail.accountId', [DROPPED], { record: { lifecycle: 'unmanaged' } }],
    ['AccountDeparted', 'detail.accountId', [DROPPED], { record: { lifecycle: 'departed' } }],
    ['AccountRetired', 'detail.accountId', [DROPPED], { record: { lifecycle: 'retired' } }],
    ['AccountRetired', 'detail.accountId', [DROPPED], { record: { lifecycle: 'retiring' } }],
    ['ObservedOnly', 'detail.accountId', [DROPPED], { record: { mode: 'observe' } }],
    ['Overtaken', 'time', [DROPPED], { record: { changedAt: '2026-11-20T09:14:08Z' } }],
  ])('is refused with %s at %s, and nothing changes', async (reason, path, regions, given) => {
    const { outcome, before, record } = await asked(regions, given);
    expect(outcome).toMatchObject({ did: 'rejected', rejection: { reason, problems: [{ path }] } });
    expect(record?.generation).toBe(before.generation);
    expect(record?.clearing).toBeUndefined();
  });
});
