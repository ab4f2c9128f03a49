import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import type { BaselineReference } from '../domain/account.ts';
import { type BaselineDocument, parseBaselineReference } from '../domain/baseline.ts';
import { reader } from './item.ts';
import { getItem } from './table.ts';
import {
  allVersions,
  newestVersion,
  paddedVersion,
  publishVersion,
  type Shelf,
  versionKey,
} from './versions.ts';

const baselines: Shelf<BaselineDocument> = {
  collection: 'baseline',
  read: reader({
    schemaVersion: z.literal(1),
    name: z.string(),
    version: z.int(),
    description: z.string(),
    regions: z.array(z.string()).exactOptional(),
    enableRegions: z.literal(true).exactOptional(),
    exports: z.record(z.string(), z.string()).exactOptional(),
    sections: z.record(z.string(), z.unknown()),
    text: z.string(),
    publishedAt: z.string(),
  }),
};
const partitionOf = (name: string) => `baseline#${name}`;

/** A baseline at a version; undefined if it was never published. Immutable: callers may cache it for ever. */
export async function getBaseline(
  table: Table,
  name: string,
  version: number,
): Promise<BaselineDocument | undefined> {
  return baselines.read(await getItem(table, versionKey(partitionOf(name), version)));
}

/** The newest version of a baseline; undefined if none is published. */
export function currentBaseline(table: Table, name: string): Promise<BaselineDocument | undefined> {
  return newestVersion(table, baselines, partitionOf(name));
}

/** The baseline that `name` (its newest version) or `name@version` refers to; undefined if that was never published. */
export async function findBaseline(table: Table, text: string): Promise<BaselineReference | undefined> {
  const reference = parseBaselineReference(text);
  if (!reference) return undefined;
  const { name, version } = reference;
  const found = await (version ? getBaseline(table, name, version) : currentBaseline(table, name));
  return found && { name: found.name, version: found.version };
}

/** Every version of every baseline, by name and version. */
export function listBaselines(table: Table): Promise<BaselineDocument[]> {
  return allVersions(table, baselines);
}

/** Publishes a checked baseline as its next version, unless the newest one has the same text. */
export async function publishBaseline(
  table: Table,
  draft: Omit<BaselineDocument, 'version' | 'schemaVersion'>,
): Promise<{ baseline: BaselineDocument; published: boolean }> {
  const { document, published } = await publishVersion(table, baselines, {
    pk: partitionOf(draft.name),
    make: (version) => ({ ...draft, schemaVersion: 1, version }),
    collectionKey: ({ name, version }) => `${name}@${paddedVersion(version)}`,
  });
  return { baseline: document, published };
}
