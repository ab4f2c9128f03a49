import { createHash } from 'node:crypto';
import { type Block, contains, formatBlock, overlaps, parseBlock } from './cidr.ts';

/** A range of addresses, divided into blocks of one size; accounts get their blocks from it. */
export interface AddressPool {
  readonly name: string;
  /** The whole range, canonical. */
  readonly cidr: string;
  /** Prefix length of each block. */
  readonly prefix: number;
}

/**
 * A block of a pool that an account holds in a region. No other account, and no other region of this one, gets any of these
 * addresses from any pool.
 */
export interface Address {
  readonly accountId: string;
  /** Absent in items from when an account had one region: the block is the home region's. */
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

/** The block of a pool that begins at this address. */
export function blockAt(first: number, { prefix }: Pick<AddressPool, 'prefix'>): string {
  return formatBlock(first, prefix);
}

/** The first address of a block, as a number. @throws if the text is not a block */
export function firstOf(cidr: string): number {
  return rangeOf(cidr).first;
}

/**
 * Where the search for a block for an account in a region begins. The same account and region always begin at the same block, so
 * they get their former block back if it is free; others begin elsewhere, so they rarely compete for one.
 */
export function startOf(
  { accountId, region }: { readonly accountId: string; readonly region: string },
  pool: AddressPool,
): number {
  const text = `${pool.name} ${accountId} ${region}`;
  const number = createHash('sha256').update(text).digest().readUInt32BE();
  return firstOf(pool.cidr) + (number % blocksIn(pool)) * blockSize(pool);
}

/** The pools including this one, or why it cannot be added: no address may be in two pools. Pure. */
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
