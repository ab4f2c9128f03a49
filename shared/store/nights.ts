import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import { reader, readPage } from './item.ts';
import { getItem, updateItem } from './table.ts';

/** The night whose summary is still to be announced. */
export interface OwedNight {
  /** ISO time at which the schedule began it. */
  readonly night: string;
  readonly dueAt: string;
}

const KEY = { pk: 'control', sk: 'summary' };
const readNight = reader<OwedNight>({ night: z.string(), dueAt: z.string() });

/** Notes that a night began whose summary is to be announced; once for each night, however often the schedule says so. */
export async function beginNight(table: Table, began: Date): Promise<void> {
  const night = began.toISOString();
  await updateItem(table, KEY, {
    UpdateExpression: 'SET night = :night, dueAt = :night',
    ConditionExpression: 'attribute_not_exists(night) OR night < :night',
    ExpressionAttributeValues: { ':night': night },
  });
}

/** The night whose summary is due; undefined if none is, or if its item cannot be read: the next night replaces that. */
export async function owedNight(table: Table, now: Date): Promise<OwedNight | undefined> {
  const item = await getItem(table, KEY);
  const { dueAt } = item ?? {};
  if (!item || typeof dueAt !== 'string' || Date.parse(dueAt) > now.getTime()) return undefined;
  return readPage((one) => readNight(one), [item]).items[0];
}

/** Claims the announcement of a night until a time, after which somebody else may do it. True for one caller. */
export async function claimNight(table: Table, { night, dueAt }: OwedNight, until: Date): Promise<boolean> {
  const claimed = await updateItem(table, KEY, {
    UpdateExpression: 'SET dueAt = :until',
    ConditionExpression: 'night = :night AND dueAt = :read',
    ExpressionAttributeValues: { ':night': night, ':read': dueAt, ':until': until.toISOString() },
  });
  return claimed !== undefined;
}

/** The summary of the night was announced. Does nothing if another night has begun since. */
export async function nightAnnounced(table: Table, night: string): Promise<void> {
  await updateItem(table, KEY, {
    UpdateExpression: 'REMOVE dueAt',
    ConditionExpression: 'night = :night',
    ExpressionAttributeValues: { ':night': night },
  });
}
