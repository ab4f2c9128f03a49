import { isDeepStrictEqual } from 'node:util';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import type { Table } from '../../shared/aws/main-clients.ts';

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
  readonly TransactItems?: readonly Partial<Record<'Put' | 'Update' | 'Delete' | 'ConditionCheck', Input>>[];
  readonly RequestItems?: Readonly<Record<string, { readonly Keys: readonly Item[] }>>;
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

/** Understands what the store says of accounts, rules, baselines and listings: equality, existence, beginnings. */
export function memoryTable(): MemoryTable {
  const held = new Map<string, Item>();
  const calls: Record<string, number> = {};
  const documents = {
    async send({ constructor: { name }, input }: { constructor: { name: string }; input: Input }) {
      calls[name] = (calls[name] ?? 0) + 1;
      switch (name) {
        case 'GetCommand':
          return { Item: held.get(keyOf(input.Key)) };
        case 'BatchGetCommand':
          return {
            Responses: { t: input.RequestItems?.t?.Keys.flatMap((key) => held.get(keyOf(key)) ?? []) },
          };
        case 'DeleteCommand':
          held.delete(keyOf(input.Key));
          return {};
        case 'PutCommand':
          if (!holds(input, held.get(keyOf(input.Item)))) throw refused();
          held.set(keyOf(input.Item), input.Item ?? {});
          return {};
        case 'TransactWriteCommand': {
          const items = input.TransactItems ?? [];
          const conditions = items.flatMap(({ Put, Update, Delete, ConditionCheck }) =>
            [Put, Update, Delete, ConditionCheck].flatMap((one) => one ?? []),
          );
          if (!conditions.every((one) => holds(one, held.get(keyOf(one.Item ?? one.Key))))) throw refused();
          for (const { Put, Update, Delete } of items) {
            if (Put) held.set(keyOf(Put.Item), Put.Item ?? {});
            if (Update) held.set(keyOf(Update.Key), updated(Update, held.get(keyOf(Update.Key))));
            if (Delete) held.delete(keyOf(Delete.Key));
          }
          return {};
        }
        case 'UpdateCommand': {
          if (!holds(input, held.get(keyOf(input.Key)))) throw refused();
          const item = updated(input, held.get(keyOf(input.Key)));
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

function refused(): Error {
  return new ConditionalCheckFailedException({ message: 'the condition failed', $metadata: {} });
}

function query(input: Input, items: readonly Item[]) {
  const {
    ':pk': pk,
    ':c': collection,
    ':after': after,
    ':pass': starts,
  } = input.ExpressionAttributeValues ?? {};
  if (input.IndexName === 'due') {
    const { ':due': due, ':now': now } = input.ExpressionAttributeValues ?? {};
    return { Items: items.filter((item) => item.due === due && String(item.dueAt) <= String(now)) };
  }
  const [hash, range] = input.IndexName ? ['collection', 'collectionKey'] : ['pk', 'sk'];
  const found = items
    .filter((item) => item[hash] === (collection ?? pk))
    .filter((item) => starts === undefined || String(item[range]).startsWith(String(starts)))
    .filter((item) => after === undefined || String(item[range]) > String(after))
    .toSorted((a, b) => (String(a[range]) < String(b[range]) ? -1 : 1));
  if (input.ScanIndexForward === false) found.reverse();
  const from = Number(input.ExclusiveStartKey?.from ?? 0);
  const to = from + (input.Limit ?? PAGE);
  const more = to < found.length;
  return { Items: found.slice(from, to), ...(more && { LastEvaluatedKey: { from: to } }) };
}

/** `SET a = :b, c = if_not_exists(c, :d) REMOVE e, f`: all of it may be left out. */
function updated(input: Input, before: Item | undefined): Item {
  const { Key, ExpressionAttributeNames: names = {}, ExpressionAttributeValues = {} } = input;
  const UpdateExpression = (input.UpdateExpression ?? '').replace(/#\w+/g, (name) => names[name] ?? name);
  const [, set, remove] = /^(?:SET (.*?))?(?: ?REMOVE (.*))?$/.exec(UpdateExpression) ?? [];
  const item: Item = { ...before, ...Key };
  for (const term of set?.split(/, (?=\w+ =)/) ?? []) {
    const [, field = '', ifAbsent, value = ''] =
      /^(\w+) = (if_not_exists\(\w+, )?(:\w+)\)?$/.exec(term) ?? [];
    if (!field) throw new Error(`nobody expected ${UpdateExpression}`);
    if (!ifAbsent || item[field] === undefined) item[field] = ExpressionAttributeValues[value];
  }
  for (const field of remove?.split(', ') ?? []) delete item[field];
  return item;
}

/** Terms `a.b = :c`, `a < :b`, `attribute_not_exists(a)`, with AND, OR and brackets. */
function holds(
  {
    ConditionExpression,
    ExpressionAttributeValues = {},
  }: Pick<Input, 'ConditionExpression' | 'ExpressionAttributeValues'>,
  item: Item | undefined,
): boolean {
  if (!ConditionExpression) return true;
  const words = ConditionExpression.match(/attribute_(?:not_)?exists\([\w.]+\)|[()]|<>|[\w.:]+|[=<>]/g) ?? [];
  const at = (path: string) =>
    path.split('.').reduce<unknown>((of, name) => (of as Item | undefined)?.[name], item);
  const either = (): boolean => {
    let one = both();
    while (words[0] === 'OR') {
      words.shift();
      one = both() || one;
    }
    return one;
  };
  const both = (): boolean => {
    let one = term();
    while (words[0] === 'AND') {
      words.shift();
      one = term() && one;
    }
    return one;
  };
  const term = (): boolean => {
    const word = words.shift() ?? '';
    if (word === '(') {
      const inner = either();
      words.shift();
      return inner;
    }
    const [, not, path] = /^attribute_(not_)?exists\((.*)\)$/.exec(word) ?? [];
    if (path) return (at(path) === undefined) === Boolean(not);
    const [sign, value = ''] = words.splice(0, 2);
    const [left, right] = [at(word), ExpressionAttributeValues[value]];
    if (sign === '=') return isDeepStrictEqual(left, right);
    if (sign === '<>') return !isDeepStrictEqual(left, right);
    if (sign === '<') return left !== undefined && String(left) < String(right);
    throw new Error(`nobody expected ${ConditionExpression}`);
  };
  return either();
}

function keyOf(item: Item | undefined): string {
  return `${item?.pk} ${item?.sk}`;
}
