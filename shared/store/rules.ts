import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { RulesDocument } from '../rules.ts';
import { collectionPages } from './accounts.ts';
import { type Table, unlessChanged, withoutKeys } from './table.ts';

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
  return withoutKeys<RulesDocument>(Items?.[0]);
}

/** Every version, oldest first. */
export async function listRules(table: Table): Promise<RulesDocument[]> {
  const all: RulesDocument[] = [];
  for await (const page of collectionPages<RulesDocument>(table, 'rules')) all.push(...page);
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
