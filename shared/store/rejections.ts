import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import { Cause } from '../domain/cause.ts';
import type { Problem } from '../domain/errors.ts';
import { type Page, reader, readPage } from './item.ts';
import { DAY_SECONDS, expiresIn, getItem, latestPages, putItem, type Span } from './table.ts';

/** Why a request was rejected, for the command that waits for it; the bus has the same as an announcement. */
interface Rejection {
  readonly reason: string;
  readonly message: string;
  readonly problems: readonly Problem[];
}

/** A request that was rejected. */
export interface RejectedRequest {
  readonly cause: Cause;
  /** The account that sent the event, as its bus says. */
  readonly sentBy: string;
  /** The account that the request names, whatever it is; absent if it names none. */
  readonly accountId?: string;
  /** ISO time. */
  readonly rejectedAt: string;
}

/** A rejection as it is stored. One from before version 0.1.0 does not say what was rejected, and is not listed. */
export type RecordedRejection = Rejection & Partial<RejectedRequest>;

const readRejection = reader<RecordedRejection>({
  reason: z.string(),
  message: z.string(),
  problems: z.array(z.looseObject({ path: z.string(), message: z.string(), line: z.int().exactOptional() })),
  cause: Cause.loose().exactOptional(),
  sentBy: z.string().exactOptional(),
  accountId: z.string().exactOptional(),
  rejectedAt: z.string().exactOptional(),
});
const rejectionKey = (eventId: string) => ({ pk: `rejection#${eventId}`, sk: 'rejection' });
const COLLECTION = 'rejection';
const REJECTION_SECONDS = 30 * DAY_SECONDS;

/** Saves a rejection for thirty days under the id of its event. Idempotent. */
export async function putRejection(
  table: Table,
  request: RejectedRequest,
  { reason, message, problems }: Rejection,
): Promise<void> {
  const { cause, rejectedAt } = request;
  await putItem(table, {
    ...rejectionKey(cause.id),
    ...request,
    ...{ reason, message, problems },
    collection: COLLECTION,
    collectionKey: rejectionCursor(request),
    expiresAt: expiresIn(REJECTION_SECONDS, new Date(rejectedAt)),
  });
}

/** Why the event was rejected; undefined if it was accepted, or is not handled yet. */
export async function getRejection(table: Table, eventId: string): Promise<RecordedRejection | undefined> {
  return readRejection(await getItem(table, rejectionKey(eventId)));
}

/**
 * The rejected requests, newest first, one Query a page.
 * @param most requests on a page
 */
export async function* rejectionPages(
  table: Table,
  span: Span,
  most: number,
): AsyncGenerator<Page<RecordedRejection>> {
  for await (const page of latestPages(table, COLLECTION, span, most)) yield readPage(readRejection, page);
}

/** The key of a rejection among all; those with a smaller one are older. Pure. */
export function rejectionCursor({ rejectedAt, cause }: Partial<RejectedRequest>): string {
  return `${rejectedAt}#${cause?.id}`.slice(0, KEY_CHARACTERS);
}

/** Characters of a key that fit into the 1,024 bytes of DynamoDB: the id of an event comes from outside. */
const KEY_CHARACTERS = 300;
