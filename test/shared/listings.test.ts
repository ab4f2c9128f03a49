import { describe, expect, it } from '@jest/globals';
import { beginListing, endListing } from '../../shared/store/listings.ts';
import { memoryTable } from '../kit/memory-table.ts';

const at = (minutes: number) => new Date(Date.parse('2026-11-20T12:00:00Z') + minutes * 60_000);

describe('endListing', () => {
  it('ends the listing, so that the next one begins anew', async () => {
    const { table } = memoryTable();
    const first = await beginListing(table, { now: at(0), until: at(3) });
    if (first) await endListing(table, first.listing);
    const next = await beginListing(table, { now: at(1), until: at(4) });
    expect(next?.listing.startedAt).toBe(at(1).toISOString());
  });

  it('leaves a listing that somebody else has continued after its lease', async () => {
    const { table } = memoryTable();
    const late = await beginListing(table, { now: at(0), until: at(3) });
    await beginListing(table, { now: at(4), until: at(7) });
    if (late) await endListing(table, late.listing);
    expect(await beginListing(table, { now: at(5), until: at(8) })).toBeUndefined();
  });
});
