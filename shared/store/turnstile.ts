import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import { NOBODY, type Turnstile } from '../domain/creation-slots.ts';
import { reader } from './item.ts';
import { getItem, ifVersion, putItem } from './table.ts';

const readTurnstile = reader<Turnstile>({
  version: z.int(),
  fullAt: z.iso.datetime(),
  inside: z.record(z.string(), z.string()),
});
const KEY = { pk: 'control', sk: 'creations' };

/**
 * Changes the turnstile of creations, anew when somebody else changed it first; returns what `change` came to.
 * `change` is pure and may run several times; where it gives back the turnstile that it got, nothing is written.
 */
export async function passTurnstile<T>(
  table: Table,
  change: (turnstile: Turnstile) => { turnstile: Turnstile; result: T },
): Promise<T> {
  for (;;) {
    const read = readTurnstile(await getItem(table, KEY)) ?? NOBODY;
    const { turnstile, result } = change(read);
    if (turnstile === read) return result;
    const item = { ...turnstile, ...KEY, version: read.version + 1 };
    if (await putItem(table, item, ifVersion(read.version))) return result;
  }
}
