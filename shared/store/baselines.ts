import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import type { BaselineReference } from '../domain/account.ts';
import { type BaselineDocument, parseBaselineReference } from '../domain/baseline.ts';
import { collectionPages } from './accounts.ts';
import { reader } from './item.ts';
import { unlessChanged } from './table.ts';

const readBaseline = reader<BaselineDocument>({
  schemaVersion: z.literal(1),
  name: z.string(),
  version: z.int(),
  description: z.string(),
  sections: z.record(z.string(), z.unknown()),
  text: z.string(),
  publishedAt: z.string(),
});
const padded = (version: number) => String(version).padStart(9, '0');
const baselineKey = (name: string, version: number) => ({
  pk: `baseline#${name}`,
  sk: `version#${padded(version)}`,
});

/** A baseline at a version; undefined when it was never published. Immutable: callers may keep it for ever. */
export async function getBaseline(
  table: Table,
  name: string,
  version: number,
): Promise<BaselineDocument | undefined> {
  const { Item } = await table.documents.send(
    new GetCommand({ TableName: table.name, Key: baselineKey(name, version), ConsistentRead: true }),
  );
  return readBaseline(Item);
}

/** The newest version of a baseline. */
export async function currentBaseline(table: Table, name: string): Promise<BaselineDocument | undefined> {
  const { Items } = await table.documents.send(
    new QueryCommand({
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': `baseline#${name}` },
      ScanIndexForward: false,
      Limit: 1,
      ConsistentRead: true,
    }),
  );
  return readBaseline(Items?.[0]);
}

/** What `name` (its newest version) or `name@version` stands for; undefined when that was never published. */
export async function findBaseline(table: Table, text: string): Promise<BaselineReference | undefined> {
  const reference = parseBaselineReference(text);
  if (!reference) return undefined;
  const { name, version } = reference;
  const found = await (version ? getBaseline(table, name, version) : currentBaseline(table, name));
  return found && { name: found.name, version: found.version };
}

/** Every version of every baseline, by name and version. */
export async function listBaselines(table: Table): Promise<BaselineDocument[]> {
  const all: BaselineDocument[] = [];
  for await (const page of collectionPages(table, 'baseline'))
    all.push(...page.map((item) => readBaseline(item)));
  return all;
}

/**
 * Publishes a checked baseline as its next version and returns it. The same text again publishes nothing and
 * returns the version that has it. Two people publishing at once get two versions.
 */
export async function publishBaseline(
  table: Table,
  draft: Omit<BaselineDocument, 'version' | 'schemaVersion'>,
): Promise<{ baseline: BaselineDocument; published: boolean }> {
  for (;;) {
    const current = await currentBaseline(table, draft.name);
    if (current?.text === draft.text) return { baseline: current, published: false };
    const baseline: BaselineDocument = { ...draft, schemaVersion: 1, version: (current?.version ?? 0) + 1 };
    const put = new PutCommand({
      TableName: table.name,
      Item: {
        ...baseline,
        ...baselineKey(baseline.name, baseline.version),
        collection: 'baseline',
        collectionKey: `${baseline.name}@${padded(baseline.version)}`,
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    });
    if (await unlessChanged(() => table.documents.send(put))) return { baseline, published: true };
  }
}
