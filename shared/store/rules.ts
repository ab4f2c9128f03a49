import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import type { RulesDocument } from '../domain/rules.ts';
import { collectionPages } from './accounts.ts';
import { reader } from './item.ts';
import { unlessChanged } from './table.ts';

const readRules = reader<RulesDocument>({
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
});
const PK = 'rules';
const padded = (version: number) => String(version).padStart(9, '0');
const rulesKey = (version: number) => ({ pk: PK, sk: `version#${padded(version)}` });

/** The rules that hold: the newest version; undefined while none is published. */
export async function currentRules(table: Table): Promise<RulesDocument | undefined> {
  const { Items } = await table.documents.send(
    new QueryCommand({
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': PK },
      ScanIndexForward: false,
      Limit: 1,
      ConsistentRead: true,
    }),
  );
  return readRules(Items?.[0]);
}

/** Every version, oldest first. */
export async function listRules(table: Table): Promise<RulesDocument[]> {
  const all: RulesDocument[] = [];
  for await (const page of collectionPages(table, 'rules')) all.push(...page.map((item) => readRules(item)));
  return all;
}

/**
 * Publishes checked rules as their next version, which holds from then on, and returns it. The same text again
 * publishes nothing. Two people publishing at once get two versions.
 */
export async function publishRules(
  table: Table,
  draft: Omit<RulesDocument, 'version' | 'schemaVersion'>,
): Promise<{ rules: RulesDocument; published: boolean }> {
  for (;;) {
    const current = await currentRules(table);
    if (current?.text === draft.text) return { rules: current, published: false };
    const rules: RulesDocument = { ...draft, schemaVersion: 1, version: (current?.version ?? 0) + 1 };
    const put = new PutCommand({
      TableName: table.name,
      Item: {
        ...rules,
        ...rulesKey(rules.version),
        collection: 'rules',
        collectionKey: padded(rules.version),
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    });
    if (await unlessChanged(() => table.documents.send(put))) return { rules, published: true };
  }
}
