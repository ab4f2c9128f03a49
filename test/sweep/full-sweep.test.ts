import { describe, expect, it } from '@jest/globals';
import { organizationWorld, passes } from '../fleet/organization-world.ts';
import { anOrganizationAccount, aRecord } from '../kit/factories.ts';

const id = (index: number) => String(100_000_000_000 + index);

describe('a full sweep of ten thousand accounts', () => {
  it('reads the fleet once, for its runs and for the listing of the organization, with at most 0.2 calls an account', async () => {
    const world = organizationWorld({ onboard: { since: '2026-11-01T00:00:00.000Z' } });
    for (let index = 0; index < 10_000; index += 1) {
      const account = { accountId: id(index), name: `account-${index}` };
      world.keep(aRecord(account));
      world.accounts.push(anOrganizationAccount({ ...account, joinedAt: '2026-10-01T00:00:00.000Z' }));
    }
    world.keep(aRecord({ accountId: id(10_000) }));
    let batches = 0;
    world.onSend = () => {
      batches += 1;
    };
    await world.sweep();
    expect(passes(world).size).toBe(10_001);
    expect(world.calls.list).toHaveLength(500);
    expect(world.record(id(10_000))).toMatchObject({ lifecycle: 'departed' });
    // Seven pages of records, and one of open requests for accounts.
    expect(world.table.calls.QueryCommand).toBe(7 + 1);
    expect(world.table.calls).toMatchObject({ GetCommand: 1 });
    // Ten messages a call, and twenty accounts a page of the organization.
    expect(batches).toBe(1_001);
    const table = Object.values(world.table.calls).reduce((sum, calls) => sum + calls, 0);
    const organization = world.calls.list.length + world.calls.describe.length;
    expect((batches + table + organization) / 10_000).toBeLessThanOrEqual(0.2);
  });
});
