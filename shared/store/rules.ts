import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import type { RulesDocument } from '../domain/rules.ts';
import { reader } from './item.ts';
import { allVersions, newestVersion, paddedVersion, publishVersion, type Shelf } from './versions.ts';

const rulesShelf: Shelf<RulesDocument> = {
  collection: 'rules',
  read: reader({
    schemaVersion: z.literal(1),
    version: z.int(),
    description: z.string(),
    rules: z.array(
      z.looseObject({
        organizationalUnit: z.string().optional(),
        tag: z.looseObject({ key: z.string(), value: z.string().optional() }).exactOptional(),
        name: z.string().optional(),
        baseline: z.string(),
      }),
    ),
    default: z.string(),
    text: z.string(),
    publishedAt: z.string(),
  }),
};
const PK = 'rules';

/** The rules in force: the newest version; undefined if none is published. */
export function currentRules(table: Table): Promise<RulesDocument | undefined> {
  return newestVersion(table, rulesShelf, PK);
}

/** Every version, oldest first. */
export function listRules(table: Table): Promise<RulesDocument[]> {
  return allVersions(table, rulesShelf);
}

/** Publishes checked rules as their next version, in force from then on, unless the newest one has the same text. */
export async function publishRules(
  table: Table,
  draft: Omit<RulesDocument, 'version' | 'schemaVersion'>,
): Promise<{ rules: RulesDocument; published: boolean }> {
  const { document, published } = await publishVersion(table, rulesShelf, {
    pk: PK,
    make: (version) => ({ ...draft, schemaVersion: 1, version }),
    collectionKey: ({ version }) => paddedVersion(version),
  });
  return { rules: document, published };
}
