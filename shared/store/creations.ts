import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import { Cause } from '../domain/cause.ts';
import type { Creation } from '../domain/creation.ts';
import type { CreationRequest } from '../domain/requests.ts';
import { type Fields, reader } from './item.ts';
import {
  DAY_SECONDS,
  duePages,
  expiresIn,
  getItem,
  IF_ABSENT,
  ifVersion,
  putItem,
  updateItem,
  writeTogether,
} from './table.ts';

/** Why AWS did not create an account that somebody requested without Orgkeeper. */
export interface CreationFailure {
  /** AWS's id of the request: `car-…`. */
  readonly creationId: string;
  readonly reason: string;
  readonly message: string;
  readonly eventId: string;
  readonly failedAt: string;
}

const Texts = z.record(z.string(), z.string());
const request: Fields<CreationRequest> = {
  name: z.string(),
  email: z.string(),
  requestId: z.string().optional(),
  organizationalUnitId: z.string().optional(),
  baseline: z.string().optional(),
  mode: z.enum(['enforce', 'observe']).optional(),
  values: Texts.optional(),
  tags: Texts.optional(),
};
const readCreation = reader<Creation>({
  schemaVersion: z.literal(1),
  key: z.string(),
  version: z.int(),
  request: z.looseObject(request),
  stage: z.discriminatedUnion('is', [
    z.looseObject({
      is: z.literal('waiting'),
      turnAt: z.string().exactOptional(),
      refusals: z.int(),
      deniedSince: z.string().exactOptional(),
    }),
    z.looseObject({ is: z.literal('calling'), calledAt: z.string() }),
    z.looseObject({ is: z.literal('creating'), creationId: z.string(), looks: z.int() }),
    z.looseObject({ is: z.literal('created'), creationId: z.string(), accountId: z.string() }),
    z.looseObject({ is: z.literal('registered'), creationId: z.string(), accountId: z.string() }),
    z.looseObject({
      is: z.literal('failed'),
      creationId: z.string().exactOptional(),
      reason: z.string(),
    }),
  ]),
  cause: Cause.loose(),
  askedAt: z.string(),
  dueAt: z.string().optional(),
  message: z.string().optional(),
});

/** Leads from AWS's creation id to the request. */
const readLink = reader<{ readonly key: string }>({ key: z.string() });

const requestKey = (key: string) => ({ pk: `creation-request#${key}`, sk: 'request' });
const linkKey = (creationId: string) => ({ pk: `creation#${creationId}`, sk: 'request' });
const DUE = 'creation';
/** How long a finished request is kept. Later, the email still prevents a second account for the same request. */
const KEPT_SECONDS = 400 * DAY_SECONDS;

/** A request for an account, read consistently; undefined if there is none. @throws UnreadableItem */
export async function getCreation(table: Table, key: string): Promise<Creation | undefined> {
  return readCreation(await getItem(table, requestKey(key)));
}

/** The recorded reason why the request cannot be read; undefined if none is recorded. */
export async function unreadableCreationNoted(table: Table, key: string): Promise<string | undefined> {
  const item = await getItem(table, requestKey(key));
  return item?.unreadable === undefined ? undefined : String(item.unreadable);
}

/** Records why a request cannot be read, and changes nothing else; the next save removes it. */
export async function noteUnreadableCreation(table: Table, key: string, message: string): Promise<void> {
  await updateItem(table, requestKey(key), {
    UpdateExpression: 'SET unreadable = :message',
    ExpressionAttributeValues: { ':message': message },
  });
}

/** The key of the request that has this creation id of AWS; undefined if it is not ours, or not recorded yet. */
export async function requestOfCreation(table: Table, creationId: string): Promise<string | undefined> {
  return readLink(await getItem(table, linkKey(creationId)))?.key;
}

/**
 * Saves a request if the stored one still has the previous version; returns false if somebody else saved first. Once AWS's
 * creation id is known, it is saved in the same transaction, for `requestOfCreation`.
 */
export async function saveCreation(table: Table, creation: Creation): Promise<boolean> {
  const { key, version, stage, dueAt } = creation;
  const item = { ...creation, ...requestKey(key), ...(dueAt ? { due: DUE } : { expiresAt: expiry() }) };
  const condition = ifVersion(version - 1);
  if (stage.is !== 'creating' || stage.looks > 0) return putItem(table, item, condition);
  const TableName = table.name;
  const link = { ...linkKey(stage.creationId), key, expiresAt: expiry() };
  return writeTogether(table, [
    { Put: { TableName, Item: item, ...condition } },
    { Put: { TableName, Item: link } },
  ]);
}

/** Keys of the unfinished requests that are due by `until`, soonest first, one Query a page. */
export async function* openCreations(table: Table, until: Date): AsyncGenerator<string[]> {
  for await (const page of duePages(table, DUE, until))
    yield page.map(({ pk }) => String(pk).slice('creation-request#'.length));
}

/** Records a failed creation that Orgkeeper did not request; returns false if it is recorded already. */
export async function recordCreationFailure(table: Table, failure: CreationFailure): Promise<boolean> {
  const key = { pk: `creation#${failure.creationId}`, sk: 'result' };
  return putItem(table, { ...failure, ...key, expiresAt: expiry() }, IF_ABSENT);
}

function expiry(): number {
  return expiresIn(KEPT_SECONDS, new Date());
}
