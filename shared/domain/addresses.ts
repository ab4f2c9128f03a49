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
  addressOf(accountId: string): Promise<Address | undefined>;
  /** All pools, with the version that a change of them is made under. */
  pools(): Promise<Pools>;
  /** False when somebody else changed them first. */
  savePools(pools: Pools): Promise<boolean>;
  /** What is held of a pool, in order, from an address on. */
  held(pool: string, from: number): AsyncIterable<Address>;
  /** False when the block is held already, or the account holds one. */
  take(address: Address): Promise<boolean>;
  /**
   * Gives the block back; it may be given back already.
   * @throws Conflict when somebody else wrote at the same moment: it may still be held
   */
  giveBack(address: Address): Promise<void>;
}

/** All pools that were ever used, as they are written down. */
export interface Pools {
  readonly version: number;
  readonly pools: readonly AddressPool[];
}

/**
 * The block of an account: the one that it holds, whatever pool that is from, or a free one of this pool, held by it
 * from then on. Safe to repeat after a crash at any call, and beside any number of others doing the same.
 * @throws InvalidDesiredState when the pool contradicts what is known of pools
 * @throws QuotaExceeded `AddressPoolExhausted`
 */
export async function allocate(
  book: AddressBook,
  pool: AddressPool,
  holder: { readonly accountId: string; readonly now: Date },
): Promise<Address> {
  const { accountId } = holder;
  for (let known = false; ; known = true) {
    const has = await book.addressOf(accountId);
    if (has) return has;
    if (!known) await makeKnown(book, pool);
    const first = await findFree(book, pool, startOf(accountId, pool));
    if (first === undefined) throw exhausted(pool);
    const cidr = blockAt(first, pool);
    const address = { accountId, pool: pool.name, cidr, since: holder.now.toISOString() };
    if (await book.take(address)) return address;
  }
}

/**
 * Gives back what an account holds, if anything; safe to repeat.
 * @throws Conflict when somebody else wrote at the same moment: it may still be held
 */
export async function release(book: AddressBook, accountId: string): Promise<void> {
  const address = await book.addressOf(accountId);
  if (address) await book.giveBack(address);
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
