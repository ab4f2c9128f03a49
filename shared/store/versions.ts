import type { Table } from '../aws/main-clients.ts';
import type { Reader } from './item.ts';
import { collectionPages, IF_ABSENT, type Key, lastItem, putItem } from './table.ts';

/** A document that is published as numbered versions, each of them immutable: a baseline, or the rules. */
interface Versioned {
  readonly schemaVersion: 1;
  readonly version: number;
  readonly text: string;
}

/** Where the versions of one sort of document are stored, and how they are read. */
export interface Shelf<T extends Versioned> {
  readonly collection: string;
  readonly read: Reader<T>;
}

/** A version as part of a key: sorts like the number. */
export function paddedVersion(version: number): string {
  return String(version).padStart(9, '0');
}

/** The key of a version of the document with this partition key. */
export function versionKey(pk: string, version: number): Key {
  return { pk, sk: `version#${paddedVersion(version)}` };
}

/** The newest version; undefined if none is published. */
export async function newestVersion<T extends Versioned>(
  table: Table,
  { read }: Shelf<T>,
  pk: string,
): Promise<T | undefined> {
  return read(await lastItem(table, pk));
}

/** Every version of every document on the shelf, by `collectionKey`. */
export async function allVersions<T extends Versioned>(
  table: Table,
  { collection, read }: Shelf<T>,
): Promise<T[]> {
  const all: T[] = [];
  for await (const page of collectionPages(table, collection)) all.push(...page.map((item) => read(item)));
  return all;
}

/**
 * Publishes a document as its next version and returns it. The same text again publishes nothing and returns the version
 * that has it. Two people publishing at the same time get two versions.
 */
export async function publishVersion<T extends Versioned>(
  table: Table,
  shelf: Shelf<T>,
  {
    pk,
    make,
    collectionKey,
  }: {
    readonly pk: string;
    /** The document at this version. */
    readonly make: (version: number) => T;
    readonly collectionKey: (document: T) => string;
  },
): Promise<{ readonly document: T; readonly published: boolean }> {
  for (;;) {
    const newest = await newestVersion(table, shelf, pk);
    const document = make((newest?.version ?? 0) + 1);
    if (newest?.text === document.text) return { document: newest, published: false };
    const item = {
      ...document,
      ...versionKey(pk, document.version),
      collection: shelf.collection,
      collectionKey: collectionKey(document),
    };
    if (await putItem(table, item, IF_ABSENT)) return { document, published: true };
  }
}
