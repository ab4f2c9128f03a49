import { PutCommand, QueryCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Table } from '../../shared/aws/main-clients.ts';
import { startTable, type TestTable } from './emulated-table.ts';
import type { Item } from './expressions.ts';
import { memoryTable } from './memory-table.ts';

const Key = { pk: 'a', sk: '1' };

let emulated: TestTable;
beforeAll(async () => {
  emulated = await startTable();
}, 90_000);
afterAll(() => emulated?.stop());
beforeEach(() => emulated.reset());

/** Sends the same calls to the table in memory and to the emulator's. Both must give the same answers. */
async function inBoth(does: (table: Table) => Promise<unknown>): Promise<unknown> {
  const outcome = (table: Table) => does(table).catch((error: Error) => error.name);
  const [memory, other] = [await outcome(memoryTable().table), await outcome(emulated.table)];
  expect(memory).toEqual(other);
  return memory;
}

const put = ({ documents, name }: Table, Item: Item) =>
  documents.send(new PutCommand({ TableName: name, Item }));

describe('A table in memory answers like the emulator', () => {
  const item = { ...Key, version: 2, lease: { passId: 'p', expiresAt: '2026' }, seenIds: new Set(['x']) };

  it.each([
    ['version = :two', true],
    ['version <> :two', false],
    ['NOT version = :two', false],
    ['version < :three AND version >= :two', true],
    ['lease.passId = :text OR lease.passId = :p', true],
    ['attribute_exists(lease) AND (version = :three OR attribute_not_exists(gone))', true],
    ['attribute_not_exists(lease)', false],
    ['gone = :two', false],
    ['gone <> :two', true],
    ['gone < :two', false],
    ['begins_with(sk, :one)', true],
    ['contains(seenIds, :x)', true],
    ['contains(seenIds, :p)', false],
    ['NOT contains(gone, :p)', true],
    ['#v = :two', true],
  ])('to the condition %s', async (ConditionExpression, holds) => {
    const values: Item = { ':two': 2, ':three': 3, ':text': 'text', ':p': 'p', ':one': '1', ':x': 'x' };
    const used = Object.entries(values).filter(([name]) =>
      new RegExp(`${name}\\b`).test(ConditionExpression),
    );
    const outcome = await inBoth(async (table) => {
      await put(table, item);
      const { Attributes } = await table.documents.send(
        new UpdateCommand({
          TableName: table.name,
          Key,
          UpdateExpression: 'SET done = :done',
          ConditionExpression,
          ExpressionAttributeValues: { ':done': true, ...Object.fromEntries(used) },
          ...(ConditionExpression.includes('#v') && { ExpressionAttributeNames: { '#v': 'version' } }),
          ReturnValues: 'ALL_NEW',
        }),
      );
      return Attributes?.done;
    });
    expect(outcome).toBe(holds ? true : 'ConditionalCheckFailedException');
  });

  it.each([
    'SET version = :n, extra = if_not_exists(extra, :n)',
    'SET version = if_not_exists(version, :n) REMOVE lease',
    'REMOVE lease, gone',
    'ADD version :n',
  ])('to the update %s', async (UpdateExpression) => {
    const after = await inBoth(async (table) => {
      await put(table, item);
      const { Attributes } = await table.documents.send(
        new UpdateCommand({
          TableName: table.name,
          Key,
          UpdateExpression,
          ...(UpdateExpression.includes(':n') && { ExpressionAttributeValues: { ':n': 5 } }),
          ReturnValues: 'ALL_NEW',
        }),
      );
      return Attributes;
    });
    expect(after).toMatchObject(Key);
  });

  it('to a transaction with a condition that does not hold: nothing is written', async () => {
    const outcome = await inBoth(async (table) => {
      await put(table, item);
      const Put = { TableName: table.name, Item: { pk: 'b', sk: '1' } };
      const ConditionCheck = { TableName: table.name, Key, ConditionExpression: 'attribute_not_exists(pk)' };
      const write = new TransactWriteCommand({ TransactItems: [{ Put }, { ConditionCheck }] });
      const failed = await table.documents.send(write).catch((error: Error) => error.name);
      const { Items } = await table.documents.send(
        new QueryCommand({
          TableName: table.name,
          KeyConditionExpression: 'pk = :b',
          ExpressionAttributeValues: { ':b': 'b' },
        }),
      );
      return [failed, Items];
    });
    expect(outcome).toEqual(['TransactionCanceledException', []]);
  });

  it('to a query of an index, page by page, in its order', async () => {
    const outcome = await inBoth(async (table) => {
      for (const n of [3, 1, 2, 4])
        await put(table, { pk: `p${n}`, sk: 's', collection: 'c', collectionKey: `k${n}`, n });
      await put(table, { pk: 'other', sk: 's', collection: 'd', collectionKey: 'k9' });
      const seen: unknown[] = [];
      let start: Item | undefined;
      do {
        const { Items = [], LastEvaluatedKey } = await table.documents.send(
          new QueryCommand({
            TableName: table.name,
            IndexName: 'collection',
            KeyConditionExpression: '#c = :c AND collectionKey > :after',
            ExpressionAttributeNames: { '#c': 'collection' },
            ExpressionAttributeValues: { ':c': 'c', ':after': 'k1' },
            ScanIndexForward: false,
            Limit: 2,
            ExclusiveStartKey: start,
          }),
        );
        seen.push(Items.map(({ n }) => n));
        start = LastEvaluatedKey;
      } while (start);
      return seen.flat();
    });
    expect(outcome).toEqual([4, 3, 2]);
  });

  it.each([
    ['a text', { text: 'x'.repeat(411_000) }],
    ['bytes', { bytes: new Uint8Array(411_000) }],
    [
      'many short texts',
      { map: Object.fromEntries(Array.from({ length: 45_000 }, (_, at) => [`name-${at}`, 'x'])) },
    ],
  ])('and refuses an item that is too large: %s', async (_, large) => {
    expect(await inBoth((table) => put(table, { ...Key, ...large }))).toBe('ValidationException');
  });

  it('and takes an item of almost 400 KB, and refuses the update that makes it larger', async () => {
    const grow = {
      UpdateExpression: 'SET more = :more',
      ExpressionAttributeValues: { ':more': 'x'.repeat(20_000) },
    };
    const outcome = await inBoth(async (table) => {
      await put(table, { ...Key, text: 'x'.repeat(395_000) });
      return table.documents.send(new UpdateCommand({ TableName: table.name, Key, ...grow }));
    });
    expect(outcome).toBe('ValidationException');
  });
});
