import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import { AccountId } from '../domain/account.ts';
import { ExportName } from '../domain/imports.ts';
import { isNewer, reader, readPage } from './item.ts';
import { getItems, putItem, queryPages, type TransactWrites } from './table.ts';

/** An account that uses the values of an export, and runs when these change. */
interface Importer {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly accountId: string;
}

const importerKey = (name: string, accountId: string) => ({
  pk: `import#${name}`,
  sk: `account#${accountId}`,
});

const readImporter = reader<Importer>({
  schemaVersion: z.literal(1),
  name: ExportName,
  accountId: AccountId,
});

/**
 * Notes that an account imports these names, unless the table says so. Written before the account reads the values: an exporter that
 * saves meanwhile either is seen by that read, or sees the importer. Idempotent.
 */
export async function noteImporter(table: Table, accountId: string, names: readonly string[]): Promise<void> {
  const there = await getItems(
    table,
    names.map((name) => importerKey(name, accountId)),
  );
  const { items: readable, unreadable } = readPage((item) => readImporter(item), there);
  const noted = [
    ...readable.map((one) => importerKey(one.name, '').pk),
    ...unreadable.filter(isNewer).map(({ pk }) => pk),
  ];
  const missing = names.filter((name) => !noted.includes(importerKey(name, '').pk));
  const items = missing.map((name): Importer => ({ schemaVersion: 1, name, accountId }));
  await Promise.all(items.map((item) => putItem(table, { ...importerKey(item.name, accountId), ...item })));
}

/** The writes by which an account no longer imports these names, for the transaction that saves its status. */
export function importerDeletes(table: Table, accountId: string, names: readonly string[]): TransactWrites {
  return names.map((name) => ({ Delete: { TableName: table.name, Key: importerKey(name, accountId) } }));
}

/**
 * The accounts that import one of these names, each once, in no order. An account whose item cannot be read
 * is left out: its next run reads the values anyway.
 */
export async function importersOf(table: Table, names: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const name of names) {
    const pages = queryPages(table, {
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': importerKey(name, '').pk },
      ConsistentRead: true,
    });
    for await (const page of pages)
      for (const { accountId } of readPage((item) => readImporter(item), page).items) found.add(accountId);
  }
  return [...found];
}
