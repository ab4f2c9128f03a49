import type { Address } from '../../shared/domain/address-pool.ts';
import { firstOf } from '../../shared/domain/address-pool.ts';
import type { AddressBook, Pools } from '../../shared/domain/addresses.ts';

/** A book in memory whose every step is atomic, and comes at its own time, as those of DynamoDB do. */
export function bookInMemory(pause: () => Promise<void> = async () => {}) {
  let pools: Pools = { version: 0, pools: [] };
  const blocks = new Map<string, Address>();
  const holders = new Map<string, Address>();
  const key = ({ pool, cidr }: Address) => `${pool} ${cidr}`;
  const book: AddressBook = {
    async addressOf(accountId) {
      await pause();
      return holders.get(accountId);
    },
    async pools() {
      await pause();
      return pools;
    },
    async savePools(changed) {
      await pause();
      if (changed.version !== pools.version) return false;
      pools = { version: changed.version + 1, pools: changed.pools };
      return true;
    },
    async *held(pool, from) {
      await pause();
      const found = [...blocks.values()].filter((one) => one.pool === pool && firstOf(one.cidr) >= from);
      yield* found.toSorted((a, b) => firstOf(a.cidr) - firstOf(b.cidr));
    },
    async take(address) {
      await pause();
      if (blocks.has(key(address)) || holders.has(address.accountId)) return false;
      blocks.set(key(address), address);
      holders.set(address.accountId, address);
      return true;
    },
    async giveBack(address) {
      await pause();
      if (holders.get(address.accountId)?.cidr !== address.cidr) return;
      holders.delete(address.accountId);
      blocks.delete(key(address));
    },
  };
  return { book, pools: () => pools.pools, held: () => [...blocks.values()], holders };
}
