import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import type { Table } from '../../shared/store/table.ts';

type Item = Record<string, unknown>;
interface Input {
  readonly Key?: Item;
  readonly Item?: Item;
  readonly IndexName?: string;
  readonly Limit?: number;
  readonly ScanIndexForward?: boolean;
  readonly KeyConditionExpression?: string;
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Item;
  readonly ExclusiveStartKey?: Item;
}

/** A table in memory, for tests of thousands of accounts. */
export interface MemoryTable {
  readonly table: Table;
  /** Calls made, by command: `GetCommand` … */
  readonly calls: Record<string, number>;
  /** Items whose partition key begins so. */
  items(prefix: string): Item[];
  put(...items: readonly Item[]): void;
}

/** DynamoDB answers 1 MB a page: so many records of ours. */
const PAGE = 1_500;

/** Understands what the store says of accounts, rules, baselines and listings: equality, existence, `begins_with` not. */
export function memoryTable(): MemoryTable {
  const held = new Map<string, Item>();
  const calls: Record<string, number> = {};
  const documents = {
    async send({ constructor: { name }, input }: { constructor: { name: string }; input: Input }) {
      calls[name] = (calls[name] ?? 0) + 1;
      switch (name) {
        case 'GetCommand':
          return { Item: held.get(keyOf(input.Key)) };
        case 'DeleteCommand':
          held.delete(keyOf(input.Key));
          return {};
        case 'PutCommand':
          if (!holds(input, held.get(keyOf(input.Item)))) {
            throw new ConditionalCheckFailedException({ message: 'the condition failed', $metadata: {} });
          }
          held.set(keyOf(input.Item), input.Item ?? {});
          return {};
        case 'UpdateCommand': {
          const [, field = '', value = ''] =
            /^SET (\w+) = if_not_exists\(\w+, (:\w+)\)$/.exec(input.UpdateExpression ?? '') ?? [];
          if (!field) throw new Error(`nobody expected ${input.UpdateExpression}`);
          const before = held.get(keyOf(input.Key));
          const item = { [field]: input.ExpressionAttributeValues?.[value], ...input.Key, ...before };
          held.set(keyOf(input.Key), item);
          return { Attributes: item };
        }
        case 'QueryCommand':
          return query(input, [...held.values()]);
        default:
          throw new Error(`nobody expected ${name}`);
      }
    },
  };
  return {
    table: { documents, name: 't' } as unknown as Table,
    calls,
    items: (prefix) => [...held.values()].filter(({ pk }) => String(pk).startsWith(prefix)),
    put: (...items) => {
      for (const item of items) held.set(keyOf(item), item);
    },
  };
}

function query(input: Input, items: readonly Item[]) {
  const { ':pk': pk, ':c': collection, ':after': after } = input.ExpressionAttributeValues ?? {};
  const [hash, range] = input.IndexName ? ['collection', 'collectionKey'] : ['pk', 'sk'];
  const found = items
    .filter((item) => item[hash] === (collection ?? pk))
    .filter((item) => after === undefined || String(item[range]) > String(after))
    .toSorted((a, b) => (String(a[range]) < String(b[range]) ? -1 : 1));
  if (input.ScanIndexForward === false) found.reverse();
  const from = Number(input.ExclusiveStartKey?.from ?? 0);
  const to = from + (input.Limit ?? PAGE);
  const more = to < found.length && input.Limit === undefined;
  return { Items: found.slice(from, to), ...(more && { LastEvaluatedKey: { from: to } }) };
}

/** Terms `a = :b` and `attribute_not_exists(a)`, all of which must hold. */
function holds(
  { ConditionExpression, ExpressionAttributeValues = {} }: Input,
  item: Item | undefined,
): boolean {
  if (!ConditionExpression) return true;
  return ConditionExpression.split(' AND ').every((term) => {
    if (/^attribute_not_exists\(\w+\)$/.test(term)) return item === undefined;
    const [, field = '', value = ''] = /^(\w+) = (:\w+)$/.exec(term) ?? [];
    if (!field) throw new Error(`nobody expected ${term}`);
    return item?.[field] === ExpressionAttributeValues[value];
  });
}

function keyOf(item: Item | undefined): string {
  return `${item?.pk} ${item?.sk}`;
}
