import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

/** What an item takes of the 400 KB that DynamoDB allows it, and how a large one is made smaller. */

type Item = Readonly<Record<string, unknown>>;

/** DynamoDB refuses a larger item. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
export const MOST_ITEM_BYTES = 400 * 1024;

/** What we put into an item at most: what is added to it later (a lease, a note, keys) needs some room, too. */
export const ITEM_ROOM = 390_000;

/**
 * The size of an item as DynamoDB counts it: the UTF-8 bytes of names and texts, 3 bytes for a list or a map and 1 for each of its
 * elements. Pure.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + bytesOf(value),
    0,
  );
}

function bytesOf(value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value === 'string') return Buffer.byteLength(value);
  // One byte for two significant digits, one for the exponent, one for the sign.
  if (typeof value === 'number') return 2 + Math.ceil(String(value).length / 2);
  if (value === null || typeof value !== 'object') return 1;
  if (value instanceof Uint8Array) return value.byteLength;
  if (value instanceof Set) return [...value].reduce<number>((sum, one) => sum + bytesOf(one), 0);
  const members = Object.values(value);
  const named = Array.isArray(value) ? 0 : itemBytes(value as Item);
  const listed = Array.isArray(value) ? members.reduce<number>((sum, one) => sum + bytesOf(one), 0) : 0;
  return 3 + members.length + named + listed;
}

/** `schemaVersion` of an item with compressed fields. */
export const PACKED = 2;
/** A field whose JSON is longer is compressed: most items have none, and stay readable in the console. */
const PACKED_FROM = 16_384;
/** The longest JSON of one field that is read: nobody stores more, and a few bytes could stand for any number. */
const MOST_JSON = 64 * 1024 * 1024;
/**
 * The default quality of Node takes seconds for what this one compresses in 40 ms. The window is larger than that of gzip, since the same
 * names come back in each region, more than 32 KB later.
 */
const BROTLI = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 22 };

/** An item with each large field compressed, if there is any; `reader` (item.ts) reads both. Pure. */
export function packed<I extends Item>(item: I): I {
  const fields = Object.entries(item).flatMap(([name, value]): [string, Uint8Array][] => {
    if (value === null || typeof value !== 'object') return [];
    const json = JSON.stringify(value);
    return json.length > PACKED_FROM ? [[name, brotliCompressSync(json, { params: BROTLI })]] : [];
  });
  return fields.length === 0 ? item : { ...item, ...Object.fromEntries(fields), schemaVersion: PACKED };
}

/** The value of a field that `packed` has compressed. @throws if the bytes are no such value */
export function unpacked(bytes: Uint8Array): unknown {
  return JSON.parse(brotliDecompressSync(bytes, { maxOutputLength: MOST_JSON }).toString('utf8'));
}
