import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import { AccountId } from '../domain/account.ts';
import { ExportedValue, ExportName, type Imports } from '../domain/imports.ts';
import { isNewer, reader, readPage } from './item.ts';
import { getItems, queryPages, type TransactWrites } from './table.ts';

/** What one account exports under one name. */
interface Export {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly accountId: string;
  readonly value: string;
}

/** One item for each account that exports a name, so that any number of accounts may: all are found by one Query. */
const exportKey = (name: string, accountId: string) => ({
  pk: `export#${name}`,
  sk: `account#${accountId}`,
});

const readExport = reader<Export>({
  schemaVersion: z.literal(1),
  name: ExportName,
  accountId: AccountId,
  value: ExportedValue,
});

/**
 * What the table has of these exports of an account, read consistently: somebody may have deleted or edited an item. An item of a
 * newer version counts as it is in `known`, so that only a changed value replaces it.
 */
export async function ownExports(
  table: Table,
  accountId: string,
  names: readonly string[],
  known: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const items = await getItems(
    table,
    names.map((name) => exportKey(name, accountId)),
  );
  const { items: readable, unreadable } = readPage((item) => readExport(item), items);
  const kept = unreadable.filter(isNewer).flatMap(({ pk }) => {
    const name = pk.slice(exportKey('', accountId).pk.length);
    const value = known[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries([...readable.map(({ name, value }) => [name, value] as const), ...kept]);
}

/**
 * The writes that replace what an account exports, for the transaction that saves its status.
 * @param before what the table has of them
 */
export function exportWrites(
  table: Table,
  accountId: string,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): TransactWrites {
  const TableName = table.name;
  return changedNames(before, after).map((name) => {
    const Key = exportKey(name, accountId);
    const value = after[name];
    if (value === undefined) return { Delete: { TableName, Key } };
    const item: Export = { schemaVersion: 1, name, accountId, value };
    return { Put: { TableName, Item: { ...Key, ...item } } };
  });
}

/** The names whose value differs, sorted. Pure. */
export function changedNames(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]).sort();
}

/**
 * The values that all accounts export under these names, read consistently: one Query for each name.
 * @throws UnreadableItem if one of the items cannot be read: without it, an importer would take access away that somebody has
 */
export async function readExports(table: Table, names: readonly string[]): Promise<Imports> {
  const found = names.map(async (name) => [name, await valuesOf(table, name)] as const);
  return new Map(await Promise.all(found));
}

async function valuesOf(table: Table, name: string): Promise<string[]> {
  const values: string[] = [];
  const pages = queryPages(table, {
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': exportKey(name, '').pk },
    ConsistentRead: true,
  });
  for await (const page of pages)
    for (const item of page) {
      const exported = readExport(item);
      if (exported) values.push(exported.value);
    }
  return values;
}
