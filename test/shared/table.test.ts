import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it, jest } from '@jest/globals';
import type { Table } from '../../shared/aws/main-clients.ts';
import { ServiceFault } from '../../shared/domain/errors.ts';
import { getItems, IF_ABSENT, putItem, queryPages } from '../../shared/store/table.ts';
import { useTestTime } from '../kit/clock.ts';
import { type Answer, answering, on } from '../kit/sdk.ts';

useTestTime();

/** A table whose commands are answered so, before anything is marshalled. */
function tableAnswering(...answers: readonly Answer[]): Table {
  const dynamo = answering(new DynamoDBClient({ region: 'eu-west-1' }), ...answers);
  return { documents: DynamoDBDocumentClient.from(dynamo), name: 't' };
}

/** A table that answers so many keys of a call, and leaves the others out. */
function busyTable(answered: number) {
  const calls: number[] = [];
  const table = tableAnswering(
    on(BatchGetItemCommand, ({ RequestItems = {} }) => {
      const keys = RequestItems.t?.Keys ?? [];
      calls.push(keys.length);
      const left = keys.slice(answered);
      return {
        Responses: { t: keys.slice(0, answered) },
        UnprocessedKeys: left.length > 0 ? { t: { Keys: left } } : {},
      };
    }),
  );
  return { table, calls };
}

const keys = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ pk: `account#${index}`, sk: 'status' }));

describe('reading many items', () => {
  it('requests a hundred at a time, and repeats those that DynamoDB left out', async () => {
    const { table, calls } = busyTable(60);
    const items = getItems(table, keys(130));
    await jest.runAllTimersAsync();
    expect(await items).toEqual(keys(130));
    expect(calls).toEqual([100, 40, 30]);
  });

  it('fails if DynamoDB leaves some out repeatedly, instead of treating them as absent', async () => {
    const { table, calls } = busyTable(0);
    const items = expect(getItems(table, keys(4))).rejects.toThrow(ServiceFault);
    await jest.runAllTimersAsync();
    await items;
    expect(calls).toHaveLength(8);
  });
});

/** A table whose queries end their pages so. */
function pagedTable(ends: readonly (string | undefined)[]) {
  const starts: unknown[] = [];
  const table = tableAnswering(
    on(QueryCommand, ({ ExclusiveStartKey }) => {
      starts.push(ExclusiveStartKey?.pk);
      const pk = ends[starts.length - 1];
      return { Items: [{ n: starts.length }], ...(pk && { LastEvaluatedKey: { pk } }) };
    }),
  );
  return { table, starts };
}

describe('a query of many pages', () => {
  it('continues after each page until the last', async () => {
    const { table, starts } = pagedTable(['a', 'b', undefined]);
    const found: unknown[] = [];
    for await (const page of queryPages(table, { KeyConditionExpression: 'pk = :pk' })) found.push(...page);
    expect(found).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(starts).toEqual([undefined, 'a', 'b']);
  });

  it('fails if the last key of a page is repeated', async () => {
    const { table, starts } = pagedTable(['a', 'b', 'a', 'b', 'a']);
    const all = async () => {
      for await (const _ of queryPages(table, { KeyConditionExpression: 'pk = :pk' }));
    };
    await expect(all()).rejects.toThrow(ServiceFault);
    expect(starts).toHaveLength(3);
  });
});

describe('putting an item with a condition', () => {
  const item = { pk: 'control', sk: 'listing', listingId: 'ours', at: undefined };
  const stored = (listingId: string) => ({ pk: 'control', sk: 'listing', listingId });

  /** A table where the condition fails at this attempt of the SDK, and this item is there then. */
  const refusing = (attempts: number, there: object) =>
    tableAnswering(
      on(PutItemCommand, () => {
        const error = new ConditionalCheckFailedException({
          message: 'The conditional request failed',
          $metadata: {},
        });
        throw Object.assign(error, { $metadata: { attempts } });
      }),
      on(GetItemCommand, () => ({ Item: { ...there } })),
    );

  it('succeeds if the SDK repeated the call and the item is the one that was put: the first answer was lost', async () => {
    expect(await putItem(refusing(2, stored('ours')), item, IF_ABSENT)).toBe(true);
  });

  it('fails if the item is another, or the call was not repeated', async () => {
    expect(await putItem(refusing(2, stored('theirs')), item, IF_ABSENT)).toBe(false);
    expect(await putItem(refusing(1, stored('ours')), item, IF_ABSENT)).toBe(false);
  });
});
