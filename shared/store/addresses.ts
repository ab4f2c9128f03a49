import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import { type Address, type AddressPool, firstOf } from '../domain/address-pool.ts';
import type { AddressBook, Holdings, Pools } from '../domain/addresses.ts';
import { type Fields, type Item, reader } from './item.ts';
import {
  getItem,
  IF_ABSENT,
  ifVersion,
  putItem,
  queryPages,
  type WriteCondition,
  writeTogether,
} from './table.ts';

const POOLS_KEY = { pk: 'control', sk: 'address-pools' };

const address = {
  accountId: z.string(),
  region: z.string().exactOptional(),
  pool: z.string(),
  cidr: z.string(),
  since: z.string(),
} satisfies Fields<Address>;
const readBlock = reader<Address>(address);
const readSeveral = reader<Holdings>({
  accountId: z.string(),
  version: z.int(),
  blocks: z.array(z.looseObject(address)),
});

/** Reads what an account holds. An item of when an account had one region is that one block. */
export function readHoldings(accountId: string, item: Item | undefined): Holdings {
  if (!item) return { accountId, version: 0, blocks: [] };
  return 'blocks' in item ? readSeveral(item) : { accountId, version: 0, blocks: [readBlock(item)] };
}

const readPools = reader<Pools>({
  version: z.int(),
  pools: z.array(z.looseObject({ name: z.string(), cidr: z.string(), prefix: z.int() })),
});

/** What an account holds: read by each run together with the account. */
export const addressKey = (accountId: string) => ({ pk: `account#${accountId}`, sk: 'address' });
const poolKey = (pool: string) => `pool#${pool}`;
const blockSort = (first: number) => `block#${String(first).padStart(10, '0')}`;
const blockKey = ({ pool, cidr }: Address) => ({ pk: poolKey(pool), sk: blockSort(firstOf(cidr)) });

/**
 * The book of addresses in the table: an item for each block that is held, and one for each account with all its blocks, written
 * together, so that neither ever says what the other does not.
 */
export function addressBook(table: Table): AddressBook {
  const TableName = table.name;
  return {
    heldBy: async (accountId) => readHoldings(accountId, await getItem(table, addressKey(accountId))),
    pools: async () => readPools(await getItem(table, POOLS_KEY)) ?? { version: 0, pools: [] },
    savePools: ({ version, pools }) =>
      putItem(table, { ...POOLS_KEY, version: version + 1, pools }, ifVersion(version)),
    held: (pool, from) => blocks(table, pool, from),
    take(holdings, block) {
      const free = { Put: { TableName, Item: { ...block, ...blockKey(block) }, ...IF_ABSENT } };
      return writeTogether(table, [free, holderWrite(table, holdings, [...holdings.blocks, block])]);
    },
    settle: (holdings) => writeTogether(table, [holderWrite(table, holdings, holdings.blocks)]),
    giveBack(holdings, block) {
      const rest = holdings.blocks.filter((one) => one !== block);
      const given = {
        Delete: {
          TableName,
          Key: blockKey(block),
          ConditionExpression: 'attribute_not_exists(pk) OR (accountId = :id AND cidr = :cidr)',
          ExpressionAttributeValues: { ':id': block.accountId, ':cidr': block.cidr },
        },
      };
      return writeTogether(table, [given, holderWrite(table, holdings, rest)]);
    },
  };
}

/** Writes down what an account holds from now on, if it still holds what was read. */
function holderWrite({ name: TableName }: Table, holdings: Holdings, rest: readonly Address[]) {
  const { accountId, version } = holdings;
  const key = addressKey(accountId);
  const condition = unlessHoldingsChanged(holdings);
  if (rest.length === 0) return { Delete: { TableName, Key: key, ...condition } };
  return {
    Put: { TableName, Item: { ...key, accountId, version: version + 1, blocks: rest }, ...condition },
  };
}

/** The version alone is not enough: it restarts once the account holds no block. */
function unlessHoldingsChanged({ version, blocks: held }: Holdings): WriteCondition {
  const [first] = held;
  if (!first) return IF_ABSENT;
  if (version === 0)
    return {
      ConditionExpression: 'attribute_not_exists(version) AND cidr = :cidr',
      ExpressionAttributeValues: { ':cidr': first.cidr },
    };
  return {
    ConditionExpression: 'version = :read AND blocks = :held',
    ExpressionAttributeValues: { ':read': version, ':held': held },
  };
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
  for await (const page of pages) yield* page.map((item) => readBlock(item));
}
