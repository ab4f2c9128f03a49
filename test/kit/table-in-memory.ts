import {
  ConditionalCheckFailedException,
  DynamoDBServiceException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import { INDEXES } from '../../shared/deployment/names.ts';
import { itemBytes, MOST_ITEM_BYTES } from '../../shared/store/item-size.ts';
import { condition, type Item, type Placeholders, updated } from './expressions.ts';

/** The input of a command of the table, as far as the fakes read it. */
export interface TableInput extends Placeholders {
  readonly Key?: Item;
  readonly Item?: Item;
  readonly IndexName?: string;
  readonly Limit?: number;
  readonly ScanIndexForward?: boolean;
  readonly KeyConditionExpression?: string;
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly ExclusiveStartKey?: Item;
  readonly TransactItems?: readonly Partial<
    Record<'Put' | 'Update' | 'Delete' | 'ConditionCheck', TableInput>
  >[];
  readonly RequestItems?: Readonly<Record<string, { readonly Keys: readonly Item[] }>>;
}

/** The number of our records in a page of 1 MB, the limit of DynamoDB. */
const PAGE = 1_500;
const MAIN_KEY = ['pk', 'sk'] as const;
/** The keys of each index. */
export const KEYS: Readonly<Record<string, readonly [hash: string, range: string]>> = {
  [INDEXES.collection]: ['collection', 'collectionKey'],
  [INDEXES.due]: ['due', 'dueAt'],
  [INDEXES.differing]: ['differing', 'collectionKey'],
};

/**
 * Items with the keys and indexes of the main stack's template, and DynamoDB's answers about them, with the conditions and updates of
 * test/kit/expressions.ts. A query reads only the items of its partition, so that a fleet of ten thousand is as quick as one of ten.
 */
export class TableInMemory {
  /** The most items of a page. */
  page = PAGE;
  readonly #held = new Map<string, Item>();
  /** Keys of items by the attribute and the value of a partition key. */
  readonly #partitions = new Map<string, Set<string>>();

  put(...items: readonly Item[]): void {
    for (const item of items) this.#save(item);
  }

  remove(key: Item): void {
    this.#takeOutOfPartitions(key);
    this.#held.delete(keyOf(key));
  }

  clear(): void {
    this.#held.clear();
    this.#partitions.clear();
  }

  /** The item of this key, as it is stored: not a copy. */
  item(key: Item | undefined): Item | undefined {
    return this.#held.get(keyOf(key));
  }

  /** The items whose partition key begins with this text. */
  items(prefix: string): Item[] {
    return [...this.#held.values()].filter(({ pk }) => String(pk).startsWith(prefix));
  }

  /** The answer to a command: `GetCommand`, `PutCommand` … @throws the errors of DynamoDB about conditions and the size of items */
  answer(command: string, input: TableInput): object {
    switch (command) {
      case 'GetCommand':
        return { Item: copy(this.item(input.Key)) };
      case 'BatchGetCommand':
        return {
          Responses: Object.fromEntries(
            Object.entries(input.RequestItems ?? {}).map(([table, { Keys }]) => [
              table,
              copy(Keys.flatMap((key) => this.item(key) ?? [])),
            ]),
          ),
        };
      case 'PutCommand':
        requireCondition(input, this.item(input.Item));
        this.#write({ Put: input });
        return {};
      case 'UpdateCommand':
        requireCondition(input, this.item(input.Key));
        this.#write({ Update: input });
        return { Attributes: copy(this.item(input.Key)) };
      case 'DeleteCommand':
        requireCondition(input, this.item(input.Key));
        this.#write({ Delete: input });
        return {};
      case 'TransactWriteCommand': {
        const writes = input.TransactItems ?? [];
        const codes = writes.flatMap(({ Put, Update, Delete, ConditionCheck }) =>
          [Put, Update, Delete, ConditionCheck].flatMap((one) =>
            one ? (holds(one, this.item(one.Item ?? one.Key)) ? 'None' : 'ConditionalCheckFailed') : [],
          ),
        );
        if (codes.some((code) => code !== 'None')) throw canceled(codes);
        for (const write of writes) this.#write(write);
        return {};
      }
      case 'QueryCommand':
        return this.#query(input);
      default:
        throw new Error(`nobody expected ${command}`);
    }
  }

  #takeOutOfPartitions(key: Item): void {
    const before = this.item(key);
    if (!before) return;
    for (const partition of partitionsOf(before)) this.#partitions.get(partition)?.delete(keyOf(before));
  }

  #save(item: Item): void {
    this.#takeOutOfPartitions(item);
    this.#held.set(keyOf(item), copy(item));
    for (const partition of partitionsOf(item)) {
      const keys = this.#partitions.get(partition) ?? new Set();
      this.#partitions.set(partition, keys.add(keyOf(item)));
    }
  }

  #write({ Put, Update, Delete }: NonNullable<TableInput['TransactItems']>[number]): void {
    if (Put?.Item) this.#save(fitting(Put.Item, 'Item size'));
    if (Update) {
      const item = updated(Update.UpdateExpression ?? '', Update, {
        ...this.item(Update.Key),
        ...Update.Key,
      });
      this.#save(fitting(item, 'Item size to update'));
    }
    if (Delete?.Key) this.remove(Delete.Key);
  }

  #query(input: TableInput) {
    const { IndexName, Limit = this.page, ExclusiveStartKey: start } = input;
    const [hash, range] = KEYS[IndexName ?? ''] ?? MAIN_KEY;
    const fits = condition(input.KeyConditionExpression ?? '', input);
    const keys = this.#partitions.get(partition(hash, hashIn(input, hash))) ?? [];
    const found: { readonly item: Item; readonly order: string }[] = [];
    for (const key of keys) {
      const item = this.#held.get(key);
      const order = item?.[range];
      // An index leaves out an item whose key is not a text.
      if (item && typeof order === 'string' && fits(item)) found.push({ item, order: `${order} ${key}` });
    }
    found.sort((a, b) => (a.order < b.order ? -1 : 1));
    if (input.ScanIndexForward === false) found.reverse();
    const from = start ? found.findIndex(({ item }) => keyOf(item) === keyOf(start)) + 1 : 0;
    const page = found.slice(from, from + Limit).map(({ item }) => item);
    const last = from + Limit < found.length ? page.at(-1) : undefined;
    const key = (item: Item) => only(item, ['pk', 'sk', hash, range]);
    return {
      Items: copy(IndexName === undefined || IndexName === INDEXES.collection ? page : page.map(key)),
      ...(last && { LastEvaluatedKey: key(last) }),
    };
  }
}

/** The value that a query wants of the partition key. */
function hashIn(input: TableInput, hash: string): unknown {
  const { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} } = input;
  for (const [, name = '', value = ''] of (input.KeyConditionExpression ?? '').matchAll(/([#\w]+) = (:\w+)/g))
    if ((names[name] ?? name) === hash) return values[value];
  throw new Error(`${input.KeyConditionExpression} names no partition`);
}

function partition(attribute: string, value: unknown): string {
  return `${attribute} ${value}`;
}

/** The partitions that an item is in. An index leaves out an item whose key is not a text. */
function partitionsOf(item: Item): string[] {
  return [MAIN_KEY, ...Object.values(KEYS)].flatMap(([hash]) => {
    const value = item[hash];
    return typeof value === 'string' ? [partition(hash, value)] : [];
  });
}

function requireCondition(input: TableInput, item: Item | undefined): void {
  if (holds(input, item)) return;
  throw new ConditionalCheckFailedException({ message: 'the condition failed', $metadata: {} });
}

function holds(input: TableInput, item: Item | undefined): boolean {
  return !input.ConditionExpression || condition(input.ConditionExpression, input)(item);
}

function fitting(item: Item, what: string): Item {
  if (itemBytes(item) <= MOST_ITEM_BYTES) return item;
  throw new DynamoDBServiceException({
    name: 'ValidationException',
    message: `${what} has exceeded the maximum allowed size`,
    $fault: 'client',
    $metadata: {},
  });
}

function canceled(codes: readonly string[]): Error {
  return new TransactionCanceledException({
    message: `Transaction cancelled: ${codes.join(', ')}`,
    CancellationReasons: codes.map((Code) => ({ Code })),
    $metadata: {},
  });
}

function only(item: Item, names: readonly string[]): Item {
  return Object.fromEntries(names.map((name) => [name, item[name]]));
}

/** A copy as DynamoDB stores it: without undefined values. Binary values are not copied. */
function copy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copy) as T;
  if (value instanceof Set) return new Set(value) as T;
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(entries.map(([name, one]) => [name, copy(one)])) as T;
}

function keyOf(item: Item | undefined): string {
  return `${item?.pk} ${item?.sk}`;
}
