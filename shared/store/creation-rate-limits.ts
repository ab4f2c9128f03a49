import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import { type CreationRateLimit, UNUSED } from '../domain/creation-rate-limit.ts';
import { reader } from './item.ts';
import { getItem, ifVersion, putItem } from './table.ts';

const readRateLimit = reader<CreationRateLimit>({
  version: z.int(),
  fullAt: z.iso.datetime(),
  inside: z.record(z.string(), z.string()),
});
const KEY = { pk: 'control', sk: 'creations' };

/**
 * Changes the rate limit of creations, again if somebody else changed it first. Returns the result of `change`, which is pure and may
 * run several times; if it returns the limit unchanged, nothing is written.
 */
export async function changeRateLimit<T>(
  table: Table,
  change: (limit: CreationRateLimit) => { limit: CreationRateLimit; result: T },
): Promise<T> {
  for (;;) {
    const read = readRateLimit(await getItem(table, KEY)) ?? UNUSED;
    const { limit, result } = change(read);
    if (limit === read) return result;
    const item = { ...limit, ...KEY, version: read.version + 1 };
    if (await putItem(table, item, ifVersion(read.version))) return result;
  }
}
