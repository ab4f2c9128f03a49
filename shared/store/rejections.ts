import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import type { Problem } from '../domain/errors.ts';
import { reader } from './item.ts';
import { DAY_SECONDS, expiresIn, getItem, putItem } from './table.ts';

/** Why a request is not followed, for whoever waits for it; it is announced on the bus as well. */
export interface RecordedRejection {
  readonly reason: string;
  readonly message: string;
  readonly problems: readonly Problem[];
}

const readRejection = reader<RecordedRejection>({
  reason: z.string(),
  message: z.string(),
  problems: z.array(z.looseObject({ path: z.string(), message: z.string(), line: z.int().exactOptional() })),
});
const rejectionKey = (eventId: string) => ({ pk: `rejection#${eventId}`, sk: 'rejection' });

/** Keeps a rejection for a day under the id of its event; the same again changes nothing. */
export async function putRejection(
  table: Table,
  eventId: string,
  rejection: RecordedRejection,
): Promise<void> {
  const { reason, message, problems } = rejection;
  const expiresAt = expiresIn(DAY_SECONDS, new Date());
  await putItem(table, { ...rejectionKey(eventId), reason, message, problems, expiresAt });
}

/** Why the event was not followed; undefined when it was, or nobody has looked at it yet. */
export async function getRejection(table: Table, eventId: string): Promise<RecordedRejection | undefined> {
  return readRejection(await getItem(table, rejectionKey(eventId)));
}
