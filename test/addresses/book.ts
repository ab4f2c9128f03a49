import { isDeepStrictEqual } from 'node:util';
import { type Address, firstOf } from '../../shared/domain/address-pool.ts';
import type { AddressBook, Holdings, Pools } from '../../shared/domain/addresses.ts';

/** A book in memory whose every step is atomic, and comes at its own time, as those of DynamoDB do. */
export function bookInMemory(pause: () => Promise<void> = async () => {}) {
  let pools: Pools = { version: 0, pools: [] };
  const blocks = new Map<string, Address>();
  const holders = new Map<string, Holdings>();
  const key = ({ pool, cidr }: Address) => `${pool} ${cidr}`;
  const heldBy = (accountId: string) => holders.get(accountId) ?? { accountId, version: 0, blocks: [] };
  const save = ({ accountId, version }: Holdings, rest: readonly Address[]) => {
    if (rest.length === 0) holders.delete(accountId);
    else holders.set(accountId, { accountId, version: version + 1, blocks: rest });
  };
  const isAsRead = (read: Holdings) => isDeepStrictEqual(read, heldBy(read.accountId));
  const book: AddressBook = {
    async heldBy(accountId) {
      await pause();
      return heldBy(accountId);
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
    async take(read, address) {
      await pause();
      if (blocks.has(key(address)) || !isAsRead(read)) return false;
      blocks.set(key(address), address);
      save(read, [...read.blocks, address]);
      return true;
    },
    async settle(read) {
      await pause();
      if (!isAsRead(read)) return false;
      save(read, read.blocks);
      return true;
    },
    async giveBack(read, address) {
      await pause();
      if (!isAsRead(read)) return false;
      blocks.delete(key(address));
      save(
        read,
        read.blocks.filter((one) => one !== address),
      );
      return true;
    },
  };
  return {
    book,
    pools: () => pools.pools,
    held: () => [...blocks.values()],
    heldBy: (accountId: string) => heldBy(accountId).blocks,
    holders: () => [...holders.values()],
  };
}
