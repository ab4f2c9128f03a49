import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import { Conflict } from '../domain/errors.ts';
import { isEarlier } from '../domain/order.ts';
import { reader } from './item.ts';
import {
  DAY_SECONDS,
  expiresIn,
  getItem,
  IF_ABSENT,
  putItem,
  type TransactWrites,
  type WriteCondition,
} from './table.ts';

/**
 * The latest request for the end of each cluster and each exception: releases, and `ExceptionEndRequested`. A request for the same name
 * from before it may arrive later, and must not begin what has been ended.
 */

/** What a request ends: the name of a cluster, or the path of an exception. */
export interface Ending {
  readonly accountId: string;
  readonly what: 'cluster' | 'exception';
  readonly name: string;
}

/** A dead letter is kept for 14 days, and may be sent once more until then. */
const KEPT_SECONDS = 30 * DAY_SECONDS;

const readEnd = reader<{ readonly endedAt: string }>({ endedAt: z.string() });
const endKey = ({ accountId, what, name }: Ending) => ({ pk: `end#${accountId}`, sk: `${what}#${name}` });

/**
 * Remembers a request for an end, unless a later one is remembered. Safe to repeat.
 * @throws Conflict if somebody else does so at the same time
 */
export async function rememberEnd(table: Table, ending: Ending, at: string): Promise<void> {
  const before = await rememberedEnd(table, ending);
  if (before !== undefined && !isEarlier(before, at)) return;
  const item = { ...endKey(ending), endedAt: at, expiresAt: expiresIn(KEPT_SECONDS, new Date(at)) };
  if (await putItem(table, item, unchanged(before))) return;
  throw new Conflict(`Somebody else ends the ${ending.what} ${ending.name} of account ${ending.accountId}.`);
}

/** ISO time of the latest request for that end; undefined if none is remembered. */
export async function rememberedEnd(table: Table, ending: Ending): Promise<string | undefined> {
  return readEnd(await getItem(table, endKey(ending)))?.endedAt;
}

/** For a transaction: nobody has requested that end since it was read. */
export function endUnchanged(table: Table, ending: Ending, read: string | undefined): TransactWrites[number] {
  return { ConditionCheck: { TableName: table.name, Key: endKey(ending), ...unchanged(read) } };
}

function unchanged(read: string | undefined): WriteCondition {
  if (read === undefined) return IF_ABSENT;
  return { ConditionExpression: 'endedAt = :read', ExpressionAttributeValues: { ':read': read } };
}
