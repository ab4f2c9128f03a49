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

/** Where it is written who holds which block; each of these is one atomic step. */
export interface AddressBook {
  /** What the account holds. */
  heldBy(accountId: string): Promise<Holdings>;
  /** All pools, with the version that a change of them is made under. */
  pools(): Promise<Pools>;
  /** False when somebody else changed them first. */
  savePools(pools: Pools): Promise<boolean>;
  /** What is held of a pool, in order, from an address on. */
  held(pool: string, from: number): AsyncIterable<Address>;
  /** False when the block is held already, or what the account holds is no longer as it was read. */
  take(holdings: Holdings, address: Address): Promise<boolean>;
  /** Writes down of which regions the blocks are. False when what the account holds is no longer as it was read. */
  settle(holdings: Holdings): Promise<boolean>;
  /** Gives a block back. False when what the account holds is no longer as it was read: the block may still be held. */
  giveBack(holdings: Holdings, address: Address): Promise<boolean>;
}

/** The blocks that an account holds, one a region, with the version that a change of them is made under. */
export interface Holdings {
  readonly accountId: string;
  /** 0 while nothing is written down, and for what was recorded when an account had one region. */
  readonly version: number;
  readonly blocks: readonly Address[];
}

/** Whose block it is to be. */
export interface Holder {
  readonly accountId: string;
  readonly region: string;
  /** Whose the block is that was recorded without a region. */
  readonly home: string;
}

/** All pools that were ever used, as they are written down. */
export interface Pools {
  readonly version: number;
  readonly pools: readonly AddressPool[];
}

/** The block of a region among those that an account holds. Pure. */
export function blockIn(
  { blocks }: Pick<Holdings, 'blocks'>,
  { region, home }: Pick<Holder, 'region' | 'home'>,
): Address | undefined {
  return blocks.find((block) => (block.region ?? home) === region);
}

/** Name of the output, in the region of the block, that says which block the account holds. */
export const ADDRESS_OUTPUT = 'address.cidr';

/** The block as outputs of its region; none without a block. Pure. */
export function addressOutputs(block: Pick<Address, 'cidr'> | undefined): Record<string, string> {
  return block ? { [ADDRESS_OUTPUT]: block.cidr } : {};
}

/** The same with the region of each block; one that was recorded without is the home region's. Pure. */
export function inRegions(holdings: Holdings, home: string): Holdings {
  return {
    ...holdings,
    blocks: holdings.blocks.map((block) => ({ ...block, region: block.region ?? home })),
  };
}

/**
 * The block of an account in a region: the one that it holds there, whatever pool that is from, or a free one of this pool, held
 * from then on. Safe to repeat after a crash at any call, and beside any number of others doing the same.
 * @throws InvalidDesiredState when the pool contradicts what is known of pools
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

/** Gives back what an account holds in a region, if anything; safe to repeat. */
export function release(book: AddressBook, { accountId, region, home }: Holder): Promise<void> {
  return giveBack(book, accountId, (holdings) => blockIn(holdings, { region, home }));
}

/** Gives back all that an account holds, if anything; safe to repeat. */
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
 * Writes down that a block which was recorded without a region is of this one, before the account's home region becomes another;
 * safe to repeat.
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
