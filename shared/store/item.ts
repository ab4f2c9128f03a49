import { z } from 'zod';
import { UnreadableItem } from '../domain/errors.ts';
import { check } from '../domain/plain-words.ts';
import { zodProblems } from '../domain/requests.ts';
import { PACKED, unpacked } from './item-size.ts';

/** An item as DynamoDB returns it. */
export type Item = Readonly<Record<string, unknown>>;

/** A schema for each field of an entity. */
export type Fields<T> = { readonly [K in keyof T]-?: z.ZodType<T[K]> };

/** Reads items of one entity. @throws UnreadableItem */
export interface Reader<T> {
  (item: Item): T;
  (item: Item | undefined): T | undefined;
}

/** Version of an entity: items without a `schemaVersion` are of this one, too. */
const FIRST = 1;
/** The newest `schemaVersion` that this version of Orgkeeper reads: the first one, with compressed fields. */
const NEWEST = PACKED;
/** The number of problems that an UnreadableItem names. */
const PROBLEMS = 5;

/** Attributes for keys, indexes, expiry and leases, which are not part of an entity. */
const ATTRIBUTES = [
  ...['pk', 'sk', 'collection', 'collectionKey', 'due', 'differing'],
  ...['lease', 'expiresAt', 'unreadable'],
];

/**
 * The reader of one entity. It checks each field and removes the attributes of the table. An unknown field stays as it is,
 * so that saving the entity again does not lose it.
 */
export function reader<T>(fields: Fields<T>): Reader<T> {
  const schema = z.looseObject(fields);
  function read(item: Item): T;
  function read(item: Item | undefined): T | undefined;
  function read(item: Item | undefined): T | undefined {
    if (!item) return undefined;
    const key = { pk: String(item.pk), sk: String(item.sk) };
    const { schemaVersion = FIRST } = item;
    if (typeof schemaVersion === 'number' && schemaVersion > NEWEST) {
      const message = `is ${schemaVersion}, and this version of Orgkeeper reads up to ${NEWEST}: deploy the newer one`;
      throw new UnreadableItem(key, [{ path: 'schemaVersion', message }]);
    }
    const stored = Object.fromEntries(Object.entries(item).filter(([name]) => !ATTRIBUTES.includes(name)));
    const own = schemaVersion === PACKED ? opened(stored, key, 'schemaVersion' in fields) : stored;
    const parsed = check(schema, own);
    if (parsed.success) return parsed.data as T;
    throw new UnreadableItem(key, zodProblems(parsed.error, '').slice(0, PROBLEMS));
  }
  return read;
}

/** The same entity as the first version of its item has it. @throws UnreadableItem */
function opened(
  { schemaVersion: _, ...stored }: Item,
  key: { readonly pk: string; readonly sk: string },
  isVersioned: boolean,
): Item {
  const own = Object.entries(stored).map(([name, value]) => {
    if (!(value instanceof Uint8Array)) return [name, value];
    try {
      return [name, unpacked(value)];
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new UnreadableItem(key, [{ path: name, message: `cannot be decompressed (${why})` }]);
    }
  });
  return { ...Object.fromEntries(own), ...(isVersioned && { schemaVersion: FIRST }) };
}

/** True if a newer version of Orgkeeper has written the item, so that this one leaves it alone. Pure. */
export function isNewer({ problems }: UnreadableItem): boolean {
  return problems.some(({ path }) => path === 'schemaVersion');
}

/** A page of a collection: the readable items, and an error for each other one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly unreadable: readonly UnreadableItem[];
  /** `collectionKey` of the last item, readable or not. */
  readonly last?: string;
}

/**
 * Reads every item of a page; an unreadable one does not hide the others.
 * @param read returns undefined for an item to leave out
 */
export function readPage<T extends object>(
  read: (item: Item) => T | undefined,
  page: readonly Item[],
): Page<T> {
  const items: T[] = [];
  const unreadable: UnreadableItem[] = [];
  for (const item of page) {
    try {
      const one = read(item);
      if (one) items.push(one);
    } catch (error) {
      if (!(error instanceof UnreadableItem)) throw error;
      unreadable.push(error);
    }
  }
  const last = page.at(-1)?.collectionKey;
  return { items, unreadable, ...(last !== undefined && { last: String(last) }) };
}
