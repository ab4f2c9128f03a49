import {
  type Address,
  type AddressPool,
  blockAt,
  blockSize,
  blocksIn,
  firstOf,
  startOf,
  withPool,
} from './address-pool.ts';
import { InvalidDesiredState, QuotaExceeded } from './errors.ts';

/** The record of who holds which block. Each method is one atomic step. */
export interface AddressBook {
  /** The blocks that the account holds. */
  heldBy(accountId: string): Promise<Holdings>;
  /** All pools, with their version; a change of them is conditional on it. */
  pools(): Promise<Pools>;
  /** False if somebody else has changed them since they were read. */
  savePools(pools: Pools): Promise<boolean>;
  /** The blocks of a pool that are held, in order, from an address on. */
  held(pool: string, from: number): AsyncIterable<Address>;
  /** False if the block is held already, or the account's holdings have changed since they were read. */
  take(holdings: Holdings, address: Address): Promise<boolean>;
  /** Saves the regions of the blocks. False if the account's holdings have changed since they were read. */
  settle(holdings: Holdings): Promise<boolean>;
  /** Gives a block back. False if the account's holdings have changed since they were read: the block may still be held. */
  giveBack(holdings: Holdings, address: Address): Promise<boolean>;
}

/** The blocks that an account holds, one for each region, with their version; a change of them is conditional on it. */
export interface Holdings {
  readonly accountId: string;
  /** 0 if nothing is saved yet, and for items from when an account had one region. */
  readonly version: number;
  readonly blocks: readonly Address[];
}

/** The account and region that a block is for. */
export interface Holder {
  readonly accountId: string;
  readonly region: string;
  /** The account's home region: a block that was saved without a region is its. */
  readonly home: string;
}

/** All pools that were ever used, as saved. */
export interface Pools {
  readonly version: number;
  readonly pools: readonly AddressPool[];
}

/** The block that an account holds in a region. Pure. */
export function blockIn(
  { blocks }: Pick<Holdings, 'blocks'>,
  { region, home }: Pick<Holder, 'region' | 'home'>,
): Address | undefined {
  return blocks.find((block) => (block.region ?? home) === region);
}

/** Name of the output, in the region of the block, that says which block the account holds. */
export const ADDRESS_OUTPUT = 'address.cidr';

/** The output for a block, in its region; none without a block. Pure. */
export function addressOutputs(block: Pick<Address, 'cidr'> | undefined): Record<string, string> {
  return block ? { [ADDRESS_OUTPUT]: block.cidr } : {};
}

/** The holdings with the region of each block; a block that was saved without one is the home region's. Pure. */
export function inRegions(holdings: Holdings, home: string): Holdings {
  return {
    ...holdings,
    blocks: holdings.blocks.map((block) => ({ ...block, region: block.region ?? home })),
  };
}

/**
 * The block of an account in a region: the one it holds there, from whatever pool, or else a free one of this pool, which it then
 * holds. Safe to repeat after a crash at any point, and to run concurrently.
 * @throws InvalidDesiredState if the pool contradicts the known pools
 * @throws QuotaExceeded `AddressPoolExhausted`
 */
export async function allocate(
  book: AddressBook,
  pool: AddressPool,
  holder: Holder & { readonly now: Date },
): Promise<Address> {
  const { accountId, region, home } = holder;
  for (let known = false; ; known = true) {
    const holdings = inRegions(await book.heldBy(accountId), home);
    const has = blockIn(holdings, holder);
    if (has) return has;
    if (!known) await makeKnown(book, pool);
    const first = await findFree(book, pool, startOf(holder, pool));
    if (first === undefined) throw exhausted(pool);
    const cidr = blockAt(first, pool);
    const address = { accountId, region, pool: pool.name, cidr, since: holder.now.toISOString() };
    if (await book.take(holdings, address)) return address;
  }
}

/** Gives back the block that an account holds in a region, if any. Idempotent. */
export function release(book: AddressBook, { accountId, region, home }: Holder): Promise<void> {
  return giveBack(book, accountId, (holdings) => blockIn(holdings, { region, home }));
}

/** Gives back all blocks that an account holds. Idempotent. */
export function releaseAll(book: AddressBook, accountId: string): Promise<void> {
  return giveBack(book, accountId, ({ blocks: [first] }) => first);
}

async function giveBack(
  book: AddressBook,
  accountId: string,
  next: (holdings: Holdings) => Address | undefined,
): Promise<void> {
  for (;;) {
    const holdings = await book.heldBy(accountId);
    const block = next(holdings);
    if (!block) return;
    await book.giveBack(holdings, block);
  }
}

/**
 * Saves this region for a block that was saved without one. To be called before the account's home region changes. Idempotent.
 */
export async function settleRegion(book: AddressBook, accountId: string, region: string): Promise<void> {
  for (;;) {
    const holdings = await book.heldBy(accountId);
    if (holdings.blocks.every((block) => block.region !== undefined)) return;
    if (await book.settle(inRegions(holdings, region))) return;
  }
}

async function makeKnown(book: AddressBook, pool: AddressPool): Promise<void> {
  for (;;) {
    const { version, pools } = await book.pools();
    const made = withPool(pools, pool);
    if (!('pools' in made)) {
      throw new InvalidDesiredState(made.message, [{ path: 'network.cidrPool', message: made.message }], {
        reason: made.reason,
        remedy:
          'Correct the pool in a new version of the baseline, and assign it; `orgkeeper addresses` shows all pools.',
      });
    }
    if (made.pools === pools || (await book.savePools({ version, pools: made.pools }))) return;
  }
}

/** The first free block from `start` on, and from the beginning of the pool after its end. */
async function findFree(book: AddressBook, pool: AddressPool, start: number): Promise<number | undefined> {
  const first = firstOf(pool.cidr);
  const end = first + blocksIn(pool) * blockSize(pool);
  return (await gap(book, pool, start, end)) ?? (await gap(book, pool, first, start));
}

async function gap(
  book: AddressBook,
  pool: AddressPool,
  from: number,
  end: number,
): Promise<number | undefined> {
  let candidate = from;
  if (candidate >= end) return undefined;
  for await (const { cidr } of book.held(pool.name, from)) {
    if (firstOf(cidr) !== candidate) break;
    candidate += blockSize(pool);
    if (candidate >= end) return undefined;
  }
  return candidate;
}

function exhausted(pool: AddressPool): QuotaExceeded {
  const count = blocksIn(pool);
  const all = count === 1 ? 'the one block' : `all ${count} blocks`;
  return new QuotaExceeded(
    `The pool ${pool.name} has no free block: ${all} of /${pool.prefix} in ${pool.cidr} are held.`,
    {
      reason: 'AddressPoolExhausted',
      remedy:
        'Retire accounts with their resources removed (`orgkeeper addresses` shows who holds what), or give the pool a ' +
        'wider cidr in a new version of the baseline, and assign it.',
    },
  );
}
