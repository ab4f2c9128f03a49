import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import { isEarlier } from '../domain/order.ts';
import { reader } from './item.ts';
import { DAY_SECONDS, expiresIn, getItem, putItem } from './table.ts';

/** Releases of clusters that their account did not have: the launch that each overtakes may still arrive. */

const readRelease = reader<{ readonly at: string }>({ at: z.string() });
const releaseKey = (accountId: string, name: string) => ({ pk: `released-cluster#${accountId}`, sk: name });

/** Remembers a release for a day, unless a later one of that name is remembered. Safe to repeat. */
export async function rememberRelease(
  table: Table,
  accountId: string,
  name: string,
  at: string,
): Promise<void> {
  const before = await rememberedRelease(table, accountId, name);
  if (before !== undefined && !isEarlier(before, at)) return;
  await putItem(table, {
    ...releaseKey(accountId, name),
    at,
    expiresAt: expiresIn(DAY_SECONDS, new Date(at)),
  });
}

/** ISO time of the latest release of that name that is remembered; undefined if none is. */
export async function rememberedRelease(
  table: Table,
  accountId: string,
  name: string,
): Promise<string | undefined> {
  return readRelease(await getItem(table, releaseKey(accountId, name)))?.at;
}
