import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import type { Problem } from '../domain/errors.ts';
import { reader } from './item.ts';
import { DAY_SECONDS, expiresIn, getItem, putItem } from './table.ts';

/** Why a request was rejected, for the command that waits for it; the bus has the same as an announcement. */
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

/** Saves a rejection for a day under the id of its event. Idempotent. */
export async function putRejection(
  table: Table,
  eventId: string,
  rejection: RecordedRejection,
): Promise<void> {
  const { reason, message, problems } = rejection;
  const expiresAt = expiresIn(DAY_SECONDS, new Date());
  await putItem(table, { ...rejectionKey(eventId), reason, message, problems, expiresAt });
}

/** Why the event was rejected; undefined if it was accepted, or is not handled yet. */
export async function getRejection(table: Table, eventId: string): Promise<RecordedRejection | undefined> {
  return readRejection(await getItem(table, rejectionKey(eventId)));
}
