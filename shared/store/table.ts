import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import type { Table } from '../aws/main-clients.ts';
import { pagesOf } from '../aws/pages.ts';
import { pause } from '../aws/patience.ts';
import { ServiceFault } from '../domain/errors.ts';
import type { Item } from './item.ts';

const KEYS_A_CALL = 100;
const TRIES = 8;

/**
 * The items with these keys as they are now, in no order; what is not there is not in the answer. Keys that DynamoDB
 * leaves out, because it is busy, are asked for again.
 * @throws ServiceFault when it goes on leaving some out
 */
export async function itemsOf(table: Table, keys: readonly Record<string, unknown>[]): Promise<Item[]> {
  const items: Item[] = [];
  for (let start = 0; start < keys.length; start += KEYS_A_CALL) {
    let left = keys.slice(start, start + KEYS_A_CALL);
    for (let tried = 1; left.length > 0; tried++) {
      const answer = await table.documents.send(
        new BatchGetCommand({ RequestItems: { [table.name]: { Keys: left, ConsistentRead: true } } }),
      );
      items.push(...(answer.Responses?.[table.name] ?? []));
      left = answer.UnprocessedKeys?.[table.name]?.Keys ?? [];
      if (left.length === 0) break;
      if (tried === TRIES) throw new ServiceFault('DynamoDB did not answer for every key.');
      await pause(tried);
    }
  }
  return items;
}

/** True when a conditional write was refused because the item is no longer what was read. */
function conditionFailed(error: unknown): boolean {
  if (error instanceof ConditionalCheckFailedException || error instanceof TransactionConflictException)
    return true;
  return (
    error instanceof TransactionCanceledException &&
    (error.CancellationReasons ?? []).some(
      ({ Code }) => Code === 'ConditionalCheckFailed' || Code === 'TransactionConflict',
    )
  );
}

/** Runs a conditional write; true when it was done, false when the condition did not hold. */
export async function unlessChanged(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (conditionFailed(error)) return false;
    throw error;
  }
}

/**
 * What a query finds, a page at a time, in the order of the index.
 * @throws ServiceFault where the table gives the end of a page again
 */
export async function* queryPages(
  table: Table,
  query: Omit<QueryCommandInput, 'TableName' | 'ExclusiveStartKey'>,
): AsyncGenerator<Item[]> {
  const call = (token: string | undefined) => {
    const start = token && { ExclusiveStartKey: JSON.parse(token) as Item };
    return table.documents.send(new QueryCommand({ ...query, TableName: table.name, ...start }));
  };
  const tokenOf = ({ LastEvaluatedKey: last }: QueryCommandOutput) => last && JSON.stringify(last);
  for await (const { Items = [] } of pagesOf(call, tokenOf)) yield Items;
}
