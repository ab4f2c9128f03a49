import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Table } from '../../shared/aws/main-clients.ts';
import type { Item } from './expressions.ts';
import { answeringAll } from './sdk.ts';
import { TableInMemory, type TableInput } from './table-in-memory.ts';

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

/** A table in memory with these items, behind a client of the SDK. */
export function memoryTable(...items: readonly Item[]): MemoryTable {
  const stored = new TableInMemory();
  const calls: Record<string, number> = {};

  function around(carryOut: <T>(effect: () => T) => T | Promise<T>): Table {
    const dynamo = answeringAll(new DynamoDBClient({ region: 'eu-west-1' }), (called, input) =>
      carryOut(() => {
        // The document client sends commands of the plain client, whose names contain `Item`.
        const command = called.replace(/Items?Command$/, 'Command');
        calls[command] = (calls[command] ?? 0) + 1;
        memory.onCall(command, input as TableInput);
        return stored.answer(command, input as TableInput);
      }),
    );
    return { documents: DynamoDBDocumentClient.from(dynamo), name: 'orgkeeper' };
  }

  stored.put(...items);
  const memory: MemoryTable = {
    table: around((effect) => effect()),
    around,
    calls,
    onCall: () => undefined,
    get page() {
      return stored.page;
    },
    set page(most) {
      stored.page = most;
    },
    items: (prefix) => stored.items(prefix),
    put: (...more) => stored.put(...more),
    remove: (key) => stored.remove(key),
    clear: () => stored.clear(),
  };
  return memory;
}
