import type { Item } from '../kit/expressions.ts';
import { KEYS, TableInMemory, type TableInput } from '../kit/table-in-memory.ts';
import { failure } from './failure.ts';
import { Bucket } from './limits.ts';
import { type Counts, count } from './network.ts';

/**
 * What one partition key of a table or of an index accepts, in units of 1 KB written and of 4 KB read. DynamoDB may divide a busy key
 * after minutes; the simulation does not rely on it.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
const WRITES_OF_A_KEY = { perSecond: 1_000, burst: 1_000 };
const READS_OF_A_KEY = { perSecond: 3_000, burst: 3_000 };
/** What a new table on demand accepts at once; for an index the same. */
const WRITES_OF_A_TABLE = { perSecond: 4_000, burst: 4_000 };

const INDEXED = Object.values(KEYS).map(([hash]) => hash);

/** The table in memory, with DynamoDB's limits. */
export function limitedTable(now: () => number, counts: () => Counts, onStatus: (status: Item) => void) {
  const stored = new TableInMemory();
  const buckets = new Map<string, Bucket>();
  /** Units written, by index: what a night costs. */
  const written = new Map<string, number>();

  function bucket(kind: string, key: string, rate: typeof WRITES_OF_A_KEY): Bucket {
    const name = `${kind} ${key}`;
    const there = buckets.get(name);
    if (there) return there;
    const made = new Bucket(rate, now());
    buckets.set(name, made);
    return made;
  }

  /** The buckets that a write of this item takes from, with the units. */
  function writesOf(item: Item, factor: number): { name: string; bucket: Bucket; units: number }[] {
    const units = factor * Math.ceil(JSON.stringify(item).length / 1024);
    const key = (attribute: string, some: number) => ({
      name: `table, key of ${attribute} ${attribute === 'pk' ? '' : String(item[attribute])}`.trim(),
      bucket: bucket(`write ${attribute}`, String(item[attribute]), WRITES_OF_A_KEY),
      units: some,
    });
    return [
      { name: 'table', bucket: bucket('write', 'table', WRITES_OF_A_TABLE), units },
      key('pk', units),
      ...INDEXED.filter((attribute) => item[attribute] !== undefined).map((attribute) =>
        // The other indexes contain only keys.
        key(attribute, attribute === 'collection' ? units : factor),
      ),
    ];
  }

  function requireRoom(taken: readonly { name: string; bucket: Bucket }[]): void {
    const full = taken.find((one) => !one.bucket.has(now()));
    if (!full) return;
    count(counts().throttled, full.name);
    throw failure('ThrottlingException', 400, `Throughput exceeds the current limit: ${full.name}`);
  }

  return {
    stored,
    written,
    /** @throws as DynamoDB does */
    answer(called: string, input: TableInput): object {
      const command = called.replace(/Items?$/, '');
      const at = (key: Item | undefined) => stored.item(key);
      const targets = writtenBy(command, input).map((one) => ({ key: one.Item ?? one.Key, one }));
      const factor = command === 'TransactWrite' ? 2 : 1;
      // Before a write its new size is not known: that of the item as it is says which keys are written.
      const guessed = targets.map(({ key, one }) => ({ ...at(key), ...key, ...(one.Item ?? {}) }));
      requireRoom(guessed.flatMap((item) => writesOf(item, factor)));
      if (command === 'Query' || command === 'Get') {
        const read = bucket('read', readKey(input), READS_OF_A_KEY);
        requireRoom([{ name: 'table, reads of a key', bucket: read }]);
        const answer = stored.answer(`${command}Command`, input);
        const units = JSON.stringify(answer).length / 4096 / (input.IndexName ? 2 : 1);
        read.take(now(), Math.max(1, Math.ceil(units)));
        return answer;
      }
      const answer = stored.answer(`${command}Command`, input);
      for (const { key } of targets) {
        const item = at(key);
        if (!item) continue;
        for (const { name, bucket, units } of writesOf(item, factor)) {
          bucket.take(now(), units);
          if (!name.endsWith(' pk')) written.set(name, (written.get(name) ?? 0) + units);
        }
        if (item.sk === 'status') onStatus(item);
      }
      return answer;
    },
  };
}

/** The single writes of a command. */
function writtenBy(command: string, input: TableInput): TableInput[] {
  switch (command) {
    case 'Put':
    case 'Update':
    case 'Delete':
      return [input];
    case 'TransactWrite':
      return (input.TransactItems ?? []).flatMap(({ Put, Update, Delete }) =>
        [Put, Update, Delete].flatMap((one) => one ?? []),
      );
    default:
      return [];
  }
}

function readKey({ Key, ExpressionAttributeValues: values = {} }: TableInput): string {
  return String(Key?.pk ?? Object.values(values)[0]);
}
