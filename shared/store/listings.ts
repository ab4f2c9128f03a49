import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import { Conflict } from '../domain/errors.ts';
import { reader } from './item.ts';
import {
  DAY_SECONDS,
  expiresIn,
  getItem,
  IF_ABSENT,
  putItem,
  queryPages,
  type WriteCondition,
  writeTogether,
} from './table.ts';

/** A listing of the organization that is running, or was interrupted. */
export interface Listing {
  readonly listingId: string;
  /** When it began; if an earlier one was never finished, when that one began. */
  readonly startedAt: string;
  /** Nobody else continues it before this time. */
  readonly leaseUntil: string;
  /** AWS's token of the next page; absent before the first page, empty after the last one. */
  readonly next?: string;
  /** The number of saved items with accounts that it has seen. */
  readonly parts: number;
  readonly savedAt: string;
}

/** A listing that the caller may continue, and the accounts that it has seen so far. */
export interface BegunListing {
  readonly listing: Listing;
  readonly seen: Set<string>;
}

const readListing = reader<Listing>({
  listingId: z.string(),
  startedAt: z.string(),
  leaseUntil: z.string(),
  next: z.string().optional(),
  parts: z.int(),
  savedAt: z.string(),
});
const readPart = reader<{ readonly accountIds: readonly string[] }>({ accountIds: z.array(z.string()) });
const KEY = { pk: 'control', sk: 'listing' };
/** AWS does not document how long a token is valid; an older one is not used. */
const TOKEN_MINUTES = 15;

/** Begins a listing or continues the interrupted one; undefined while somebody else is running it. */
export async function beginListing(
  table: Table,
  { now, until }: { readonly now: Date; readonly until: Date },
): Promise<BegunListing | undefined> {
  const left = readListing(await getItem(table, KEY));
  if (left && left.leaseUntil > now.toISOString()) return undefined;
  const fresh = left && now.getTime() - Date.parse(left.savedAt) < TOKEN_MINUTES * 60_000;
  const listing: Listing = {
    ...(left && fresh ? left : { listingId: randomUUID(), parts: 0 }),
    startedAt: left?.startedAt ?? now.toISOString(),
    leaseUntil: until.toISOString(),
    savedAt: now.toISOString(),
  };
  if (!(await save(table, listing, left))) return undefined;
  const seen = listing.parts > 0 ? await seenBy(table, listing) : new Set<string>();
  return { listing, seen };
}

/**
 * Saves the progress of a listing: first the accounts seen since the last save, then the token of the next page. After a
 * crash between the two, these accounts are listed again.
 * @throws Conflict if somebody else has continued it
 */
export async function advanceListing(
  table: Table,
  listing: Listing,
  reached: {
    readonly next: string;
    readonly seen: readonly string[];
    readonly now: Date;
    readonly until: Date;
  },
): Promise<Listing> {
  const { next, seen, now, until } = reached;
  const part = {
    pk: seenKey(listing),
    sk: `part#${String(listing.parts).padStart(6, '0')}`,
    accountIds: seen,
    expiresAt: expiresIn(DAY_SECONDS, now),
  };
  await putItem(table, part);
  const advanced: Listing = {
    ...listing,
    next,
    parts: listing.parts + 1,
    leaseUntil: until.toISOString(),
    savedAt: now.toISOString(),
  };
  return saved(table, advanced, listing);
}

/** Ends the lease, so that the next caller can continue the listing at once. @throws Conflict */
export async function leaveListing(table: Table, listing: Listing, now: Date): Promise<void> {
  await saved(table, { ...listing, leaseUntil: now.toISOString() }, listing);
}

/** Deletes a finished listing, unless somebody else has continued it; the accounts that it has seen expire. */
export async function endListing(table: Table, listing: Listing): Promise<void> {
  await writeTogether(table, [{ Delete: { TableName: table.name, Key: KEY, ...unchanged(listing) } }]);
}

async function saved(table: Table, listing: Listing, read: Listing): Promise<Listing> {
  if (await save(table, listing, read)) return listing;
  throw new Conflict('Somebody else has continued the listing.');
}

function save(table: Table, listing: Listing, read: Listing | undefined): Promise<boolean> {
  return putItem(table, { ...listing, ...KEY }, read ? unchanged(read) : IF_ABSENT);
}

/** Nobody has continued the listing since it was read. */
function unchanged({ listingId, savedAt, leaseUntil }: Listing): WriteCondition {
  return {
    ConditionExpression: 'listingId = :id AND savedAt = :savedAt AND leaseUntil = :leaseUntil',
    ExpressionAttributeValues: { ':id': listingId, ':savedAt': savedAt, ':leaseUntil': leaseUntil },
  };
}

async function seenBy(table: Table, listing: Listing): Promise<Set<string>> {
  const seen = new Set<string>();
  const pages = queryPages(table, {
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': seenKey(listing) },
    ConsistentRead: true,
  });
  for await (const page of pages)
    for (const item of page) for (const accountId of readPart(item).accountIds) seen.add(accountId);
  return seen;
}

function seenKey({ listingId }: Listing): string {
  return `listing#${listingId}`;
}
