import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Table } from '../../shared/aws/main-clients.ts';
import { INDEXES } from '../../shared/deployment/names.ts';
import { condition, type Item, type Placeholders, updated } from './expressions.ts';
import { answeringAll } from './sdk.ts';

interface Input extends Placeholders {
  readonly Key?: Item;
  readonly Item?: Item;
  readonly IndexName?: string;
  readonly Limit?: number;
  readonly ScanIndexForward?: boolean;
  readonly KeyConditionExpression?: string;
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly ExclusiveStartKey?: Item;
  readonly TransactItems?: readonly Partial<Record<'Put' | 'Update' | 'Delete' | 'ConditionCheck', Input>>[];
  readonly RequestItems?: Readonly<Record<string, { readonly Keys: readonly Item[] }>>;
}

/** A table in memory, with the keys and indexes of the main stack's template. */
export interface MemoryTable {
  readonly table: Table;
  /** The same table for another process: `carryOut` carries out each of its calls, now, later or never. */
  around(carryOut: <T>(effect: () => T) => Promise<T>): Table;
  /** The number of calls by command: `GetCommand` … */
  readonly calls: Record<string, number>;
  /** Called before each command is carried out; prevents that if it throws. */
  onCall: (command: string, input: object) => void;
  /** The most items of a page: those of 1 MB, or fewer so that a small table has several pages. */
  page: number;
  /** The items whose partition key begins with this text. */
  items(prefix: string): Item[];
  put(...items: readonly Item[]): void;
  remove(key: Item): void;
  clear(): void;
}

/** The number of our records in a page of 1 MB, the limit of DynamoDB. */
const PAGE = 1_500;
const KEYS: Readonly<Record<string, readonly [hash: string, range: string]>> = {
  [INDEXES.collection]: ['collection', 'collectionKey'],
  [INDEXES.due]: ['due', 'dueAt'],
};

/** A table in memory with these items. It supports the conditions and updates of test/kit/expressions.ts. */
export function memoryTable(...items: readonly Item[]): MemoryTable {
  const held = new Map<string, Item>();
  const calls: Record<string, number> = {};
  const at = (key: Item | undefined) => held.get(keyOf(key));
  const save = (item: Item) => void held.set(keyOf(item), copy(item));

  function write({ Put, Update, Delete }: NonNullable<Input['TransactItems']>[number]): void {
    if (Put?.Item) save(Put.Item);
    if (Update) save(updated(Update.UpdateExpression ?? '', Update, { ...at(Update.Key), ...Update.Key }));
    if (Delete) held.delete(keyOf(Delete.Key));
  }

  function answer(command: string, input: Input): object {
    switch (command) {
      case 'GetCommand':
        return { Item: copy(at(input.Key)) };
      case 'BatchGetCommand':
        return {
          Responses: Object.fromEntries(
            Object.entries(input.RequestItems ?? {}).map(([table, { Keys }]) => [
              table,
              copy(Keys.flatMap((key) => at(key) ?? [])),
            ]),
          ),
        };
      case 'PutCommand':
        requireCondition(input, at(input.Item));
        write({ Put: input });
        return {};
      case 'UpdateCommand':
        requireCondition(input, at(input.Key));
        write({ Update: input });
        return { Attributes: copy(at(input.Key)) };
      case 'DeleteCommand':
        requireCondition(input, at(input.Key));
        write({ Delete: input });
        return {};
      case 'TransactWriteCommand': {
        const writes = input.TransactItems ?? [];
        const codes = writes.flatMap(({ Put, Update, Delete, ConditionCheck }) =>
          [Put, Update, Delete, ConditionCheck].flatMap((one) =>
            one ? (holds(one, at(one.Item ?? one.Key)) ? 'None' : 'ConditionalCheckFailed') : [],
          ),
        );
        if (codes.some((code) => code !== 'None')) throw canceled(codes);
        writes.forEach(write);
        return {};
      }
      case 'QueryCommand':
        return query(input, [...held.values()], memory.page);
      default:
        throw new Error(`nobody expected ${command}`);
    }
  }

  function around(carryOut: <T>(effect: () => T) => T | Promise<T>): Table {
    const dynamo = answeringAll(new DynamoDBClient({ region: 'eu-west-1' }), (called, input) =>
      carryOut(() => {
        // The document client sends commands of the plain client, whose names contain `Item`.
        const command = called.replace(/Items?Command$/, 'Command');
        calls[command] = (calls[command] ?? 0) + 1;
        memory.onCall(command, input as Input);
        return answer(command, input as Input);
      }),
    );
    return { documents: DynamoDBDocumentClient.from(dynamo), name: 'orgkeeper' };
  }

  const put = (...more: readonly Item[]) => more.forEach(save);
  put(...items);
  const memory: MemoryTable = {
    table: around((effect) => effect()),
    around,
    calls,
    onCall: () => undefined,
    page: PAGE,
    items: (prefix) => [...held.values()].filter(({ pk }) => String(pk).startsWith(prefix)),
    put,
    remove: (key) => void held.delete(keyOf(key)),
    clear: () => held.clear(),
  };
  return memory;
}

function requireCondition(input: Input, item: Item | undefined): void {
  if (holds(input, item)) return;
  throw new ConditionalCheckFailedException({ message: 'the condition failed', $metadata: {} });
}

function holds(input: Input, item: Item | undefined): boolean {
  return !input.ConditionExpression || condition(input.ConditionExpression, input)(item);
}

function canceled(codes: readonly string[]): Error {
  return new TransactionCanceledException({
    message: `Transaction cancelled: ${codes.join(', ')}`,
    CancellationReasons: codes.map((Code) => ({ Code })),
    $metadata: {},
  });
}

function query(input: Input, items: readonly Item[], most: number) {
  const { IndexName, Limit = most, ExclusiveStartKey: start } = input;
  const [hash, range] = KEYS[IndexName ?? ''] ?? ['pk', 'sk'];
  const fits = condition(input.KeyConditionExpression ?? '', input);
  const order = (item: Item) => `${item[range]} ${keyOf(item)}`;
  const found = items
    .filter((item) => item[hash] !== undefined && item[range] !== undefined && fits(item))
    .toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
  if (input.ScanIndexForward === false) found.reverse();
  const from = start ? found.findIndex((item) => keyOf(item) === keyOf(start)) + 1 : 0;
  const page = found.slice(from, from + Limit);
  const last = from + Limit < found.length ? page.at(-1) : undefined;
  const key = (item: Item) => only(item, ['pk', 'sk', hash, range]);
  return {
    Items: copy(IndexName === INDEXES.due ? page.map(key) : page),
    ...(last && { LastEvaluatedKey: key(last) }),
  };
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
