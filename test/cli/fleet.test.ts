import { describe, expect, test } from '@jest/globals';
import { pagedTable } from '../../cli/table.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { accountPages, type ListedAccount } from '../../shared/store/listed-accounts.ts';
import { aPass, aRecord, aStatus } from '../kit/factories.ts';
import { memoryTable } from '../kit/memory-table.ts';

describe('the fleet', () => {
  test('is read one page at a time, the first without waiting for the others', async () => {
    const { table, put, calls } = memoryTable();
    const ids = Array.from({ length: 250 }, (_, i) => String(100_000_000_000 + i));
    for (const accountId of ids) {
      const record = { ...aRecord({ accountId }), ...accountKey(accountId) };
      put({ ...record, collection: 'account', collectionKey: accountId });
      put({ ...aStatus({ accountId, lastPass: aPass() }), ...statusKey(accountId) });
    }
    const pages = accountPages(table);
    const first: ListedAccount[] = (await pages.next()).value ?? [];
    expect(first.map(({ view }) => view.accountId)).toEqual(ids.slice(0, 100));
    expect(calls.QueryCommand).toBe(1);
    const rest: ListedAccount[] = [];
    for await (const page of pages) rest.push(...page);
    expect([...first, ...rest].map(({ view }) => view.accountId)).toEqual(ids);
    expect([...first, ...rest].every(({ view, record }) => view.lastPass && record)).toBe(true);
  });
});

describe('a table that is printed a page at a time', () => {
  test('has one header, and columns that only become wider', () => {
    const page = pagedTable(['ID', 'NAME', 'STATE'], Number.POSITIVE_INFINITY);
    expect(page([['1', 'physics', 'active']])).toBe('ID  NAME     STATE\n1   physics  active');
    expect(page([['2', 'art', 'failed']])).toBe('2   art      failed');
    expect(page([['3', 'astronomy', 'active']])).toBe('3   astronomy  active');
  });
});
