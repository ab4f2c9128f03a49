import { describe, expect, it } from '@jest/globals';
import { accountKey, getRecord, getStatus, loadAccount, recordPages } from '../../shared/store/accounts.ts';
import { getBaseline, listBaselines } from '../../shared/store/baselines.ts';
import { changeControl, getControl } from '../../shared/store/controls.ts';
import { readExports } from '../../shared/store/exports.ts';
import { importersOf } from '../../shared/store/importers.ts';
import type { Item } from '../../shared/store/item.ts';
import { beginListing } from '../../shared/store/listings.ts';
import { saveStatus } from '../../shared/store/statuses.ts';
import { aPass, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { memoryTable } from '../kit/memory-table.ts';
import { items, recordedAt, sorts } from '../kit/stored-items.ts';

function tableOf(...changed: readonly Item[]) {
  const store = memoryTable();
  store.put(...items, ...changed);
  return store;
}

const attributes = ['pk', 'sk', 'collection', 'collectionKey', 'due', 'lease', 'expiresAt'];
const entity = (item: Item) =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !attributes.includes(name)));

const account = `account#${MEMBER}`;

describe('items of version 1', () => {
  it.each(sorts)('the %s is read as it was recorded', async (_, [pk, sk], read) => {
    expect(await read(tableOf().table)).toEqual(entity(recordedAt(pk, sk)));
  });

  it('with regions are read with them', async () => {
    const there = { region: 'us-east-1' };
    const status = recordedAt(account, 'status');
    const list = (name: string, from: Item) => (from[name] as Item[]).map((one) => ({ ...one, ...there }));
    const lastPass = status.lastPass as Item;
    const regional = {
      ...status,
      conditions: list('conditions', status),
      lastPass: { ...lastPass, differences: list('differences', lastPass) },
    };
    const baseline = {
      ...recordedAt('baseline#analytics', 'version#'),
      regions: ['eu-west-1'],
      enableRegions: true,
    };
    const { table } = tableOf(regional, baseline);
    expect(await getStatus(table, MEMBER)).toEqual(entity(regional));
    expect(await getBaseline(table, 'analytics', 1)).toEqual(entity(baseline));
  });

  it('what accounts export, and who imports it, is read as it was recorded', async () => {
    const { table } = tableOf();
    const { value, accountId } = recordedAt('export#lake-readers', 'account#');
    expect(await readExports(table, ['lake-readers'])).toEqual(new Map([['lake-readers', [value]]]));
    expect(await importersOf(table, ['lake-readers'])).toEqual([accountId]);
  });

  it('the same status with what it exports, imports and owes to importers is read with it', async () => {
    const more = { exports: { 'lake-readers': MEMBER }, imports: ['lake-owners'], waking: ['lake-readers'] };
    const status = { ...recordedAt(account, 'status'), ...more };
    expect(await getStatus(tableOf(status).table, MEMBER)).toEqual(entity(status));
  });

  it('a listing in progress is continued', async () => {
    const now = new Date('2026-11-20T09:06:00Z');
    const begun = await beginListing(tableOf().table, { now, until: now });
    const { listingId, startedAt } = recordedAt('control', 'listing');
    expect(begun?.listing).toMatchObject({ listingId, startedAt });
  });

  it('the paused state is read as it was recorded', async () => {
    expect(await getControl(tableOf().table)).toEqual({ fleetPaused: false, pausedBaselines: ['analytics'] });
  });
});

describe('an invalid item', () => {
  it.each(sorts)('as a %s: its key and every path are named', async (_, [pk, sk], read) => {
    const item = recordedAt(pk, sk);
    const whole = Object.keys(item).filter((name) => !attributes.includes(name));
    const required =
      whole.find((name) => Array.isArray(item[name]) || typeof item[name] === 'object') ?? whole[0];
    const { table } = tableOf({ ...item, [required ?? '']: 7 });
    await expect(read(table)).rejects.toMatchObject({
      name: 'UnreadableItem',
      message: expect.stringContaining(
        `The item ${pk} / ${item.sk} of the table cannot be read: ${required} `,
      ),
    });
  });

  it.each(sorts)('as a %s of a newer version: the version is named', async (_, [pk, sk], read) => {
    const { table } = tableOf({ ...recordedAt(pk, sk), schemaVersion: 3 });
    await expect(read(table)).rejects.toThrow(
      'schemaVersion is 3, and this version of Orgkeeper reads up to 2: deploy the newer one',
    );
  });

  it.each([
    ['a status without conditions', 'status', 'conditions', undefined, 'conditions is missing'],
    ['a status with its version as text', 'status', 'version', '7', 'version must be a number, not text'],
    ['a record without a generation', 'desired', 'generation', undefined, 'generation is missing'],
  ])('%s', async (_, sk, field, value, problem) => {
    const { table } = tableOf({ ...recordedAt(account, sk), [field]: value });
    await expect(loadAccount(table, MEMBER)).rejects.toThrow(
      `The item ${account} / ${sk} of the table cannot be read: ${problem}.`,
    );
  });

  it('that says what is paused pauses everything, and nobody changes it by accident', async () => {
    const { table } = tableOf({ pk: 'control', sk: 'fleet', fleetPaused: false });
    const control = await getControl(table);
    expect(control).toMatchObject({
      fleetPaused: true,
      unreadable: { problems: [{ path: 'pausedBaselines' }] },
    });
    const resume = changeControl(table, (read) => ({ ...read, fleetPaused: false }));
    await expect(resume).rejects.toThrow('The item control / fleet of the table cannot be read');
  });

  it('does not hide the other items of its collection', async () => {
    const broken = {
      pk: 'account#1',
      sk: 'desired',
      collection: 'account',
      collectionKey: '1',
      generation: 1,
    };
    const pages = [];
    for await (const page of recordPages(tableOf(broken).table)) pages.push(page);
    expect(pages).toEqual([
      {
        items: [expect.objectContaining({ accountId: MEMBER })],
        unreadable: [expect.objectContaining({ pk: 'account#1', sk: 'desired' })],
        last: MEMBER,
      },
    ]);
  });

  it('is not an item that has only a lease', async () => {
    const { table } = tableOf({ pk: account, sk: 'status', version: 0, lease: { passId: 'a' } });
    expect((await loadAccount(table, MEMBER)).status).toBeUndefined();
  });

  it.each([
    [
      'of its parameters',
      { 'parameter./vpc': 'arn:aws:ssm:eu-west-1:456789012345:parameter/vpc' },
      'eu-west-1',
    ],
    ['nowhere, where it has no parameters', {}, undefined],
  ])(
    'that is a status without a home has its home inferred: the region %s',
    async (_, parameters, region) => {
      const saved = recordedAt(account, 'status');
      const outputs = { ...(saved.outputs as Item), ...parameters };
      const status = await getStatus(tableOf({ ...saved, outputs }).table, MEMBER);
      const home = { region, baseline: { name: 'analytics', version: 3 }, inferred: true };
      expect(status?.home).toEqual(region && home);
    },
  );

  it('is not one with an unknown field, which is preserved', async () => {
    const { table } = tableOf({ ...recordedAt(account, 'desired'), ...accountKey(MEMBER), added: 'later' });
    expect(await getRecord(table, MEMBER)).toMatchObject({ added: 'later' });
    expect(await listBaselines(table)).toHaveLength(1);
  });
});

describe('the status of an account', () => {
  it('is in no index after a run, also where an earlier version has listed it, unless the run found differences', async () => {
    const store = tableOf();
    const indexed = () =>
      Object.keys(store.items(account).find(({ sk }) => sk === 'status') ?? {}).filter((name) =>
        ['collection', 'due', 'differing'].includes(name),
      );
    expect(indexed()).toContain('collection');
    const { version } = recordedAt(account, 'status');
    const save = (saves: number, result: 'unchanged' | 'corrected') =>
      saveStatus(store.table, aStatus({ version: Number(version) + saves, lastPass: aPass({ result }) }), {
        passId: 'pass-2',
        now: new Date('2026-11-20T10:00:00Z'),
        record: aRecord(),
      });
    await save(1, 'unchanged');
    expect(indexed()).toEqual([]);
    await save(2, 'corrected');
    expect(indexed()).toEqual(['differing']);
  });
});
