import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import { type Address, type AddressPool, firstOf } from '../domain/address-pool.ts';
import type { AddressBook, Pools } from '../domain/addresses.ts';
import { Conflict } from '../domain/errors.ts';
import { type Item, reader } from './item.ts';
import { queryPages, unlessChanged } from './table.ts';

const POOLS_KEY = { pk: 'control', sk: 'address-pools' };

/** Reads a block of addresses that an account holds. */
export const readAddress = reader<Address>({
  accountId: z.string(),
  pool: z.string(),
  cidr: z.string(),
  since: z.string(),
});
const readPools = reader<Pools>({
  version: z.int(),
  pools: z.array(z.looseObject({ name: z.string(), cidr: z.string(), prefix: z.int() })),
});

/** What an account holds: read by each pass together with the account. */
export const addressKey = (accountId: string) => ({ pk: `account#${accountId}`, sk: 'address' });
const poolKey = (pool: string) => `pool#${pool}`;
const blockSort = (first: number) => `block#${String(first).padStart(10, '0')}`;
const blockKey = ({ pool, cidr }: Address) => ({ pk: poolKey(pool), sk: blockSort(firstOf(cidr)) });

/**
 * The book of addresses in the table: an item a block that is held, and one for its holder, written and deleted
 * together, so that neither is ever there without the other.
 */
export function addressBook(table: Table): AddressBook {
  const TableName = table.name;
  const read = async (Key: Record<string, string>): Promise<Item | undefined> => {
    const { Item } = await table.documents.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
    return Item;
  };
  return {
    addressOf: async (accountId) => readAddress(await read(addressKey(accountId))),
    pools: async () => readPools(await read(POOLS_KEY)) ?? { version: 0, pools: [] },
    savePools: ({ version, pools }) =>
      unlessChanged(() =>
        table.documents.send(
          new PutCommand({
            TableName,
            Item: { ...POOLS_KEY, version: version + 1, pools },
            ConditionExpression: 'attribute_not_exists(version) OR version = :read',
            ExpressionAttributeValues: { ':read': version },
          }),
        ),
      ),
    held: (pool, from) => blocks(table, pool, from),
    take(address) {
      const ConditionExpression = 'attribute_not_exists(pk)';
      const keys = [blockKey(address), addressKey(address.accountId)];
      const puts = keys.map((key) => ({
        Put: { TableName, Item: { ...address, ...key }, ConditionExpression },
      }));
      return unlessChanged(() => table.documents.send(new TransactWriteCommand({ TransactItems: puts })));
    },
    async giveBack(address) {
      const condition = {
        ConditionExpression: 'attribute_not_exists(pk) OR (accountId = :id AND cidr = :cidr)',
        ExpressionAttributeValues: { ':id': address.accountId, ':cidr': address.cidr },
      };
      const keys = [blockKey(address), addressKey(address.accountId)];
      const deletes = keys.map((Key) => ({ Delete: { TableName, Key, ...condition } }));
      const done = () => table.documents.send(new TransactWriteCommand({ TransactItems: deletes }));
      await unlessChanged(() => done().catch(rethrowConflict));
    },
  };
}

/**
 * A transaction that met another one says nothing of its conditions: the block may still be held.
 * @throws Conflict, or the error as it is
 */
function rethrowConflict(error: unknown): never {
  const reasons = error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []) : [];
  if (!reasons.some(({ Code }) => Code === 'TransactionConflict')) throw error;
  throw new Conflict('The block of addresses was written by somebody else at the same moment.', {
    cause: error,
  });
}

/** Pools that were ever used, with what is held of each, in order. */
export async function heldAddresses(table: Table): Promise<{ pool: AddressPool; held: Address[] }[]> {
  const book = addressBook(table);
  const { pools } = await book.pools();
  return Promise.all(
    pools.map(async (pool) => {
      const held: Address[] = [];
      for await (const address of book.held(pool.name, 0)) held.push(address);
      return { pool, held };
    }),
  );
}

async function* blocks(table: Table, pool: string, from: number): AsyncGenerator<Address> {
  const pages = queryPages(table, {
    KeyConditionExpression: 'pk = :pk AND sk >= :from',
    ExpressionAttributeValues: { ':pk': poolKey(pool), ':from': blockSort(from) },
    ConsistentRead: true,
  });
  for await (const page of pages) yield* page.map((item) => readAddress(item));
}
