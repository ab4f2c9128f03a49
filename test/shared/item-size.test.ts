import { describe, expect, it } from '@jest/globals';
import { UnreadableItem } from '../../shared/domain/errors.ts';
import type { PassRecord } from '../../shared/domain/status.ts';
import { accountKey, getStatus, getStatuses, statusKey } from '../../shared/store/accounts.ts';
import type { Item } from '../../shared/store/item.ts';
import { ITEM_ROOM, itemBytes, packed } from '../../shared/store/item-size.ts';
import { accountHistory, clearOutbox, saveStatus } from '../../shared/store/statuses.ts';
import { aPass, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { memoryTable } from '../kit/memory-table.ts';

const now = new Date('2026-11-20T10:00:00Z');
const REGIONS = Array.from({ length: 20 }, (_, index) => `eu-west-${index + 1}`);
const NAMES = Array.from({ length: 300 }, (_, index) => `/team-${index % 17}/service/parameter-${index}`);

/** What the status of an account with 300 parameters in 20 regions records: 6,000 ARNs. */
const outputs = Object.fromEntries(
  REGIONS.flatMap((region, at) =>
    NAMES.map((name) => [
      `${at === 0 ? '' : `regions.${region}.`}parameter.${name}`,
      `arn:aws:ssm:${region}:${MEMBER}:parameter${name}`,
    ]),
  ),
);
const conditions = REGIONS.flatMap((region) =>
  ['Network', 'Parameters'].map((type) => ({
    ...{ type, region, status: 'True' as const, reason: 'InDesiredState' },
    ...{ message: 'Everything is as the baseline says.', changedAt: now.toISOString() },
  })),
);
/** As many created parameters as the account has. */
const differences = REGIONS.flatMap((region) =>
  NAMES.map((resource) => ({
    ...{ kind: 'parameters', region, resource, path: '', action: 'created' as const },
    desired: `A value of a usual length, of ${resource}.`,
  })),
);
/** A text that no algorithm makes shorter. */
const noise = (length: number, seed: number) => {
  let state = seed;
  return Array.from({ length }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return String.fromCharCode(33 + (Math.floor(state / 65_536) % 90));
  }).join('');
};

function world() {
  const store = memoryTable({ ...aRecord(), ...accountKey(MEMBER) });
  const item = (sk: string): Item =>
    store.items(statusKey(MEMBER).pk).find((one) => String(one.sk).startsWith(sk)) ?? {};
  return { store, table: store.table, item };
}

const saving = (lastPass: PassRecord) => ({ passId: lastPass.id, now, record: aRecord(), inHistory: true });

describe('The status of a large account', () => {
  const run = aPass({ result: 'corrected', differences });
  const announced = { detailType: 'DriftCorrected', detail: { accountId: MEMBER, differences } };
  const home = { region: 'eu-west-1', baseline: { name: 'analytics', version: 3 } };
  const large = aStatus({ version: 1, home, outputs, conditions, lastPass: run, unannounced: [announced] });

  it('of 300 parameters in each of 20 regions fits into an item, and is read back as it was saved', async () => {
    const { table, item } = world();
    expect(JSON.stringify(large).length).toBeGreaterThan(2_000_000);
    await saveStatus(table, large, saving(run));
    expect(itemBytes(item('status'))).toBeLessThan(ITEM_ROOM / 2);
    expect(await getStatus(table, MEMBER)).toEqual(large);
    expect((await getStatuses(table, [MEMBER])).items).toEqual([large]);
    for await (const { items } of accountHistory(table, MEMBER, {}, 1))
      expect(items).toEqual([{ ...run, accountId: MEMBER }]);
  });

  it('keeps what indexes and updates need as it is', async () => {
    const { table, item } = world();
    await saveStatus(table, large, saving(run));
    expect(item('status')).toMatchObject({
      ...statusKey(MEMBER),
      differing: 'account',
      collectionKey: MEMBER,
      version: 1,
      ready: true,
    });
    await clearOutbox(table, large, ['unannounced']);
    const { unannounced: _, ...sent } = large;
    expect(await getStatus(table, MEMBER)).toEqual(sent);
  });

  it('of a usual size is stored without compression, as earlier versions read it', async () => {
    const { table, item } = world();
    const status = aStatus({ version: 1 });
    await saveStatus(table, status, saving(run));
    expect(item('status')).toMatchObject(status);
    expect(item('status').schemaVersion).toBe(1);
  });

  it('is refused by versions that cannot read it, because of its version', () => {
    expect(packed({ ...large }).schemaVersion).toBe(2);
  });

  it('that somebody has damaged is unreadable, and the field is named', async () => {
    const { store, table, item } = world();
    await saveStatus(table, large, saving(run));
    store.put({ ...item('status'), outputs: new Uint8Array([1, 2, 3]) });
    await expect(getStatus(table, MEMBER)).rejects.toThrow(UnreadableItem);
    await expect(getStatus(table, MEMBER)).rejects.toThrow('outputs cannot be decompressed');
  });
});

describe('Differences for which an item has no room', () => {
  const many = Array.from({ length: 4_000 }, (_, index) => ({
    ...{ kind: 'parameters', resource: `/p-${index}`, path: 'value', action: 'updated' as const },
    actual: noise(200, index),
  }));
  const run = aPass({ result: 'corrected', differences: many });
  const announced = { detailType: 'DriftCorrected', detail: { differences: many.slice(0, 900) } };

  it('are counted in the status and in the history, which keep the first ones', async () => {
    const { table, item } = world();
    await saveStatus(table, aStatus({ version: 1, lastPass: run, unannounced: [announced] }), saving(run));
    expect(itemBytes(item('status'))).toBeLessThanOrEqual(ITEM_ROOM);
    const { lastPass, unannounced } = (await getStatus(table, MEMBER)) ?? {};
    const kept = lastPass?.differences ?? [];
    expect(kept).toEqual(many.slice(0, kept.length));
    expect(kept.length).toBeGreaterThan(400);
    expect(lastPass?.differencesOmitted).toBe(many.length - kept.length);
    expect(unannounced?.[0]?.detail.differences).toEqual(many.slice(0, Math.min(900, kept.length)));
    for await (const { items } of accountHistory(table, MEMBER, {}, 1))
      expect(items).toEqual([{ ...lastPass, accountId: MEMBER }]);
  });

  it('do not help if everything else is too large already: the save fails with a reason and a remedy', async () => {
    const { table, item } = world();
    const huge = Object.fromEntries(many.map(({ resource, actual }) => [resource, actual]));
    const status = aStatus({ version: 1, lastPass: run, outputs: huge });
    await expect(saveStatus(table, status, saving(run))).rejects.toMatchObject({
      name: 'InvalidDesiredState',
      reason: 'StatusTooLarge',
      message: expect.stringMatching(
        /^The status of account \d{12} has \d+ KB, and an item of DynamoDB has at most 400 KB\.$/,
      ),
      remedy: expect.stringContaining('fewer resources'),
    });
    expect(item('status')).toEqual({});
  });
});
