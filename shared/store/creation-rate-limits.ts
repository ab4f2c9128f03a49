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
 * Changes the rate limit of creations, anew when somebody else changed it first; returns what `change` came to.
 * `change` is pure and may run several times; where it gives back the limit that it got, nothing is written.
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
