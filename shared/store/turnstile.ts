import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import { NOBODY, type Turnstile } from '../domain/creation-slots.ts';
import { reader } from './item.ts';
import { unlessChanged } from './table.ts';

const readTurnstile = reader<Turnstile>({
  version: z.int(),
  fullAt: z.iso.datetime(),
  inside: z.record(z.string(), z.string()),
});
const KEY = { pk: 'control', sk: 'creations' };

/**
 * Changes the turnstile of creations, anew when somebody else changed it first; returns what `change` came to.
 * `change` is pure and may run several times; where it gives back the turnstile that it got, nothing is written.
 */
export async function passTurnstile<T>(
  table: Table,
  change: (turnstile: Turnstile) => { turnstile: Turnstile; result: T },
): Promise<T> {
  for (;;) {
    const { Item } = await table.documents.send(
      new GetCommand({ TableName: table.name, Key: KEY, ConsistentRead: true }),
    );
    const read = readTurnstile(Item) ?? NOBODY;
    const { turnstile, result } = change(read);
    if (turnstile === read) return result;
    const put = new PutCommand({
      TableName: table.name,
      Item: { ...turnstile, ...KEY, version: read.version + 1 },
      ConditionExpression: 'attribute_not_exists(version) OR version = :read',
      ExpressionAttributeValues: { ':read': read.version },
    });
    if (await unlessChanged(() => table.documents.send(put))) return result;
  }
}
