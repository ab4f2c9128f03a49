import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pLimit from 'p-limit';
import type { Table } from '../../shared/aws/main-clients.ts';
import { allocate, blockIn, release, releaseAll, settleRegion } from '../../shared/domain/addresses.ts';
import { addressBook, heldAddresses } from '../../shared/store/addresses.ts';
import { startWorld, type World } from '../cli/support.ts';

const POOL = { name: 'main', cidr: '10.0.0.0/16', prefix: 22 };
const now = new Date('2026-11-20T09:00:00Z');
const [home, other] = ['eu-west-1', 'us-east-1'];
const at = { region: home, home, now };
const ids = (count: number) => Array.from({ length: count }, (_, index) => String(100_000_000_000 + index));

let world: World;
let table: Table;

/**
 * A table whose calls reach the emulator one by one: moto undoes a refused transaction by putting back the whole table
 * as it was, other calls' writes with it. What falls between the calls of each allocation stays open.
 */
function oneCallAtATime(name: string): Table {
  const limit = pLimit(1);
  const client = new DynamoDBClient({});
  client.middlewareStack.add((next) => (args) => limit(() => next(args)), { step: 'finalizeRequest' });
  return { documents: DynamoDBDocumentClient.from(client), name };
}

beforeAll(async () => {
  world = await startWorld();
  table = oneCallAtATime('orgkeeper');
}, 90_000);
afterAll(() => world?.stop());
beforeEach(() => world.reset());

const addressItems = async () => {
  const { Items = [] } = await table.documents.send(new ScanCommand({ TableName: 'orgkeeper' }));
  return Items.filter(({ pk }) => pk !== 'control')
    .map(({ pk, sk }) => `${pk} ${sk}`)
    .toSorted();
};

describe('the address book in the table', () => {
  test('gives fifty accounts fifty blocks at the same time, of a pool that has hardly more', async () => {
    const book = addressBook(table);
    const twice = ids(5);
    const given = await Promise.all(
      [...ids(50), ...twice].map((accountId) => allocate(book, POOL, { accountId, ...at })),
    );
    expect(new Set(given.map(({ cidr }) => cidr)).size).toBe(50);
    expect(new Set(given.map(({ accountId, cidr }) => `${accountId} ${cidr}`)).size).toBe(50);
    const [one] = await heldAddresses(table);
    expect(one?.pool).toEqual(POOL);
    expect(one?.held.map(({ accountId }) => accountId).toSorted()).toEqual(ids(50));
    expect(await addressItems()).toHaveLength(100);
  });

  test('gives the same block again to an account that crashed before it recorded the block', async () => {
    const book = addressBook(table);
    const [accountId = ''] = ids(1);
    const before = await allocate(book, POOL, { accountId, ...at });
    await allocate(book, POOL, { accountId: '200000000000', ...at });
    const later = new Date('2026-11-20T10:00:00Z');
    expect(await allocate(book, POOL, { accountId, ...at, now: later })).toEqual(before);
  });

  test('continues after a block that somebody else took at the same time', async () => {
    const book = addressBook(table);
    const [accountId = ''] = ids(1);
    let overtaken = '';
    const slow = {
      ...book,
      take: async (...[holdings, address]: Parameters<typeof book.take>) => {
        if (!overtaken) {
          overtaken = address.cidr;
          const another = '200000000000';
          await book.take({ accountId: another, version: 0, blocks: [] }, { ...address, accountId: another });
        }
        return book.take(holdings, address);
      },
    };
    const { cidr } = await allocate(slow, POOL, { accountId, ...at });
    expect(cidr).not.toBe(overtaken);
    expect((await heldAddresses(table))[0]?.held).toHaveLength(2);
  });

  test('takes a block back once, and never that of the next holder', async () => {
    const book = addressBook(table);
    const tiny = { name: 'tiny', cidr: '10.9.0.0/22', prefix: 22 };
    const first = await allocate(book, tiny, { accountId: '100000000000', ...at });
    await expect(allocate(book, tiny, { accountId: '200000000000', ...at })).rejects.toMatchObject({
      reason: 'AddressPoolExhausted',
      remedy: expect.stringContaining('wider cidr'),
    });
    const before = await book.heldBy('100000000000');
    await releaseAll(book, '100000000000');
    await release(book, { accountId: '100000000000', ...at });
    const next = await allocate(book, tiny, { accountId: '200000000000', ...at });
    expect(next.cidr).toBe(first.cidr);
    expect(await book.giveBack(before, first)).toBe(false);
    expect((await book.heldBy('200000000000')).blocks).toEqual([next]);
    expect((await heldAddresses(table))[0]?.held).toEqual([next]);
  });

  test('gives an account a block for each region, and takes each back separately', async () => {
    const book = addressBook(table);
    const [accountId = ''] = ids(1);
    const here = await allocate(book, POOL, { accountId, ...at });
    const there = await allocate(book, POOL, { accountId, ...at, region: other });
    expect(there.cidr).not.toBe(here.cidr);
    expect(await allocate(book, POOL, { accountId, ...at, region: other })).toEqual(there);
    await release(book, { accountId, ...at });
    expect((await book.heldBy(accountId)).blocks).toEqual([there]);
    expect((await heldAddresses(table))[0]?.held).toEqual([there]);
  });

  test('gives concurrent regions of one account a block each', async () => {
    const book = addressBook(table);
    const [accountId = ''] = ids(1);
    const regions = [home, other, 'ap-south-1'];
    const given = await Promise.all(
      regions.map((region) => allocate(book, POOL, { accountId, region, home, now })),
    );
    expect(new Set(given.map(({ cidr }) => cidr)).size).toBe(3);
    expect((await book.heldBy(accountId)).blocks.map(({ region }) => region).toSorted()).toEqual(
      regions.toSorted(),
    );
  });

  describe('with a holding recorded when accounts had one region', () => {
    const [accountId = ''] = ids(1);
    const old = { accountId, pool: 'main', cidr: '10.0.4.0/22', since: '2026-11-19' };
    beforeEach(async () => {
      const book = addressBook(table);
      await book.savePools({ version: 0, pools: [POOL] });
      const keys = [
        { pk: `account#${accountId}`, sk: 'address' },
        { pk: 'pool#main', sk: `block#${String(10 * 2 ** 24 + 4 * 256).padStart(10, '0')}` },
      ];
      for (const key of keys)
        await table.documents.send(new PutCommand({ TableName: 'orgkeeper', Item: { ...old, ...key } }));
    });

    test('reads the block as that of the home region', async () => {
      const book = addressBook(table);
      expect(await allocate(book, POOL, { accountId, ...at })).toMatchObject(old);
      const there = await allocate(book, POOL, { accountId, ...at, region: other });
      expect(there.cidr).not.toBe(old.cidr);
      expect((await book.heldBy(accountId)).blocks).toEqual([{ ...old, region: home }, there]);
    });

    test('returns the block to its pool', async () => {
      const book = addressBook(table);
      await releaseAll(book, accountId);
      expect(await addressItems()).toEqual([]);
    });

    test('keeps the block for its region when another becomes the home region', async () => {
      const book = addressBook(table);
      await settleRegion(book, accountId, home);
      const holdings = await book.heldBy(accountId);
      expect(blockIn(holdings, { region: home, home: other })).toMatchObject(old);
      expect(blockIn(holdings, { region: other, home: other })).toBeUndefined();
      await settleRegion(book, accountId, other);
      expect(await book.heldBy(accountId)).toEqual(holdings);
    });
  });

  test('lets a pool grow, and no pool contradict or overlap another', async () => {
    const book = addressBook(table);
    const ask = (accountId: string, pool: Partial<typeof POOL>) =>
      allocate(book, { ...POOL, ...pool }, { accountId, ...at });
    await ask('100000000000', { cidr: '10.0.0.0/22' });
    await expect(ask('200000000000', { cidr: '10.0.0.0/22' })).rejects.toMatchObject({
      reason: 'AddressPoolExhausted',
    });
    await expect(ask('200000000000', { prefix: 24 })).rejects.toMatchObject({
      reason: 'AddressPoolMismatch',
    });
    await expect(ask('200000000000', { cidr: '10.1.0.0/16' })).rejects.toMatchObject({
      reason: 'AddressPoolMismatch',
    });
    await expect(ask('200000000000', { name: 'other', cidr: '10.0.0.0/8' })).rejects.toMatchObject({
      reason: 'AddressPoolOverlap',
      message: expect.stringContaining('overlaps the pool main (10.0.0.0/22)'),
    });
    await ask('200000000000', {});
    expect((await book.pools()).pools).toEqual([POOL]);
  });

  test('reads all pages of a pool with thousands of holders', async () => {
    const book = addressBook(table);
    const large = { name: 'large', cidr: '10.0.0.0/8', prefix: 20 };
    const padding = 'x'.repeat(300_000);
    for (const second of [0, 16, 32, 48]) {
      const item = { accountId: `3${second}`, pool: 'large', cidr: `10.0.${second}.0/20`, since: padding };
      const sk = `block#${String(10 * 2 ** 24 + second * 256).padStart(10, '0')}`;
      await table.documents.send(
        new PutCommand({ TableName: 'orgkeeper', Item: { ...item, pk: 'pool#large', sk } }),
      );
    }
    const held: string[] = [];
    for await (const { cidr } of book.held(large.name, 0)) held.push(cidr);
    expect(held).toEqual(['10.0.0.0/20', '10.0.16.0/20', '10.0.32.0/20', '10.0.48.0/20']);
  });
});
