import { createHash } from 'node:crypto';
import { type Block, contains, formatBlock, overlaps, parseBlock } from './cidr.ts';

/** Where accounts' blocks of addresses come from: a range that is cut into blocks of one size. */
export interface AddressPool {
  readonly name: string;
  /** The whole range, canonical. */
  readonly cidr: string;
  /** Prefix length of each block. */
  readonly prefix: number;
}

/**
 * A block of a pool that an account holds in a region: nobody else, and no other region of the account, has any of these addresses
 * from any pool.
 */
export interface Address {
  readonly accountId: string;
  /** Absent in what was recorded when an account had one region: it is the home region's. */
  readonly region?: string;
  readonly pool: string;
  readonly cidr: string;
  /** ISO time. */
  readonly since: string;
}

/** How many blocks a pool has. */
export function blocksIn({ cidr, prefix }: AddressPool): number {
  return 2 ** (prefix - rangeOf(cidr).prefix);
}

/** How many addresses each block of a pool has. */
export function blockSize({ prefix }: Pick<AddressPool, 'prefix'>): number {
  return 2 ** (32 - prefix);
}

/** The block of a pool that begins with this address. */
export function blockAt(first: number, { prefix }: Pick<AddressPool, 'prefix'>): string {
  return formatBlock(first, prefix);
}

/** The first address of a block, as a number. @throws for a text that is no block */
export function firstOf(cidr: string): number {
  return rangeOf(cidr).first;
}

/**
 * Where the search for the block of an account in a region begins: always at the same place for the same two, so that they get
 * their old block again where that is free, and at different places for others, so that they do not meet.
 */
export function startOf(
  { accountId, region }: { readonly accountId: string; readonly region: string },
  pool: AddressPool,
): number {
  const text = `${pool.name} ${accountId} ${region}`;
  const number = createHash('sha256').update(text).digest().readUInt32BE();
  return firstOf(pool.cidr) + (number % blocksIn(pool)) * blockSize(pool);
}

/** The pools with this one among them, or why it cannot be: no address may be in two pools. Pure. */
export function withPool(
  pools: readonly AddressPool[],
  pool: AddressPool,
): { pools: readonly AddressPool[] } | { reason: string; message: string } {
  const known = pools.find(({ name }) => name === pool.name);
  const same = known?.cidr === pool.cidr && known.prefix === pool.prefix;
  if (same || (known && known.prefix === pool.prefix && isPart(pool.cidr, known.cidr))) return { pools };
  if (known && !(known.prefix === pool.prefix && isPart(known.cidr, pool.cidr))) {
    const message = `The pool ${pool.name} is ${known.cidr} in blocks of /${known.prefix}, and cannot be ${pool.cidr} in blocks of /${pool.prefix}: it can only grow around what it is.`;
    return { reason: 'AddressPoolMismatch', message };
  }
  const others = pools.filter(({ name }) => name !== pool.name);
  const other = others.find(({ cidr }) => overlaps(rangeOf(cidr), rangeOf(pool.cidr)));
  if (!other) return { pools: [...others, pool].toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
  const message = `The pool ${pool.name} (${pool.cidr}) overlaps the pool ${other.name} (${other.cidr}): two accounts could get the same addresses.`;
  return { reason: 'AddressPoolOverlap', message };
}

function isPart(inner: string, outer: string): boolean {
  return contains(rangeOf(outer), rangeOf(inner));
}

function rangeOf(cidr: string): Block {
  const block = parseBlock(cidr);
  if (!block) throw new Error(`${cidr} is not an IPv4 block.`);
  return block;
}
