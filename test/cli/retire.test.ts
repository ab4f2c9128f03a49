import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { allocate, releaseAll } from '../../shared/domain/addresses.ts';
import { getRecord, loadAccount, saveRecord } from '../../shared/store/accounts.ts';
import { addressBook } from '../../shared/store/addresses.ts';
import { keep, leave, orgkeeper, record, status, useWorld } from './support.ts';

const A = '111111111111';
const B = '222222222222';
const POOL = { name: 'main', cidr: '10.0.0.0/22', prefix: 23 };
const now = new Date('2026-01-02T03:04:05Z');

const world = useWorld();

describe('retire', () => {
  test('puts the request, and asks for confirmation before anything is removed', async () => {
    await keep(world.table, record(A));
    const asked = await orgkeeper('retire', A, '--resources', 'remove');
    expect({ code: asked.code, stderr: asked.stderr }).toEqual({
      code: 1,
      stderr: `orgkeeper: Remove everything that Orgkeeper made in account ${A} (${record(A).name})? stdin is not a terminal; pass --yes to confirm.\n`,
    });
    expect(await world.nextRequest(1)).toBeUndefined();
    expect((await orgkeeper('retire', A, '--resources', 'remove', '--yes')).code).toBe(0);
    expect(await world.nextRequest()).toMatchObject({
      'detail-type': 'AccountRetirementRequested',
      detail: { accountId: A, resources: 'remove' },
    });
    expect((await orgkeeper('retire', A, '--resources', 'retain')).code).toBe(0);
    expect(await world.nextRequest()).toMatchObject({ detail: { resources: 'retain' } });
  });

  test('puts the request for regions only, by the same rules as intake', async () => {
    await keep(world.table, record(A));
    const regions = ['--region', 'us-west-2', '--region', 'us-east-1'];
    const asked = await orgkeeper('retire', A, '--resources', 'remove', ...regions);
    expect(asked.stderr).toContain(
      `Remove everything that Orgkeeper made in us-west-2, us-east-1 of account ${A}`,
    );
    expect((await orgkeeper('retire', A, '--resources', 'remove', ...regions, '--yes')).code).toBe(0);
    expect(await world.nextRequest()).toMatchObject({
      detail: { accountId: A, resources: 'remove', regions: ['us-west-2', 'us-east-1'] },
    });
    const retained = await orgkeeper('retire', A, '--resources', 'retain', ...regions);
    expect([retained.code, retained.stderr]).toEqual([
      1,
      expect.stringContaining('regions: go with resources remove'),
    ]);
    expect(await world.nextRequest(1)).toBeUndefined();
  });

  test('says that an account is unknown', async () => {
    expect((await orgkeeper('retire', A, '--resources', 'retain')).stderr).toContain(
      `Orgkeeper does not know account ${A}`,
    );
  });
});

describe('forget', () => {
  const invited = { origin: 'invited', lifecycle: 'retired' } as const;

  test('removes the record and the status of a retired account, once a person agrees', async () => {
    await keep(world.table, record(A, invited));
    await leave(world.table, status(A));
    expect((await orgkeeper('forget', A)).stderr).toContain('pass --yes');
    expect((await loadAccount(world.table, A)).record).toBeDefined();
    expect((await orgkeeper('forget', A, '--yes')).code).toBe(0);
    expect(await loadAccount(world.table, A)).toEqual({
      control: { fleetPaused: false, pausedBaselines: [] },
      holdings: { accountId: A, version: 0, blocks: [] },
    });
    expect((await orgkeeper('forget', A, '--yes')).stderr).toBe(
      `orgkeeper: Orgkeeper does not know account ${A}.\n`,
    );
  });

  test('waits until the messages that the record owes are sent', async () => {
    const cause = { source: 'orgkeeper.request', detailType: 'AccountRetirementRequested', id: 'event-1' };
    const announce = [{ detailType: 'AccountRetired', detail: { accountId: A, cause } }];
    await saveRecord(world.table, record(A, invited), undefined, { announce, work: [] });
    const { code, stderr } = await orgkeeper('forget', A, '--yes');
    expect([code, stderr]).toEqual([1, expect.stringContaining('not announced yet')]);
    expect((await loadAccount(world.table, A)).record?.owed).toEqual({ announce, work: [] });
  });

  test('leaves an account of the organization listed as unmanaged, without its former settings', async () => {
    const before = record(A, { lifecycle: 'retired', values: { a: 'b' } });
    await keep(world.table, before);
    await leave(world.table, status(A));
    await orgkeeper('forget', A, '--yes');
    const { record: left, status: gone } = await loadAccount(world.table, A);
    expect(gone).toBeUndefined();
    expect(left).toMatchObject({ lifecycle: 'unmanaged', generation: before.generation + 1, values: {} });
    expect(left?.baseline).toBeUndefined();
    expect(left?.externalId).not.toBe(before.externalId);
  });

  test('removes the record of an account that left the organization', async () => {
    await keep(world.table, record(A, { lifecycle: 'retired', lifecycleReason: 'CLOSED' }));
    await orgkeeper('forget', A, '--yes');
    expect(await getRecord(world.table, A)).toBeUndefined();
  });

  test.each([
    ['managed', 'pending', 'retain|remove'],
    ['departed', 'departed', '--resources retain`'],
    ['unmanaged', 'unmanaged', 'it is not managed, and'],
    ['retiring', 'pending', 'retain|remove'],
  ] as const)('is refused for a %s account, with the step before', async (lifecycle, state, remedy) => {
    await keep(world.table, record(A, { lifecycle }));
    const { code, stderr } = await orgkeeper('forget', A, '--yes');
    expect(code).toBe(1);
    expect(stderr).toContain(`Account ${A} is ${state}, and only retired accounts are forgotten`);
    expect(stderr).toContain(remedy);
    expect(await getRecord(world.table, A)).toBeDefined();
  });

  test('keeps the address block until a person releases it', async () => {
    await keep(world.table, record(A, invited));
    const { cidr } = await allocate(addressBook(world.table), POOL, {
      accountId: A,
      region: 'eu-west-1',
      home: 'eu-west-1',
      now,
    });
    expect((await orgkeeper('forget', A, '--yes')).stderr).toContain(`It still holds ${cidr} of pool main`);
    expect((await addressBook(world.table).heldBy(A)).blocks).toMatchObject([{ cidr }]);
    expect((await orgkeeper('forget', A, '--release-address')).stderr).toBe(
      `${cidr} is free again in pool main.\n`,
    );
    expect((await addressBook(world.table).heldBy(A)).blocks).toEqual([]);
  });
});

describe('forget --release-address', () => {
  test('is refused while a network with that block is recorded', async () => {
    await keep(world.table, record(A, { lifecycle: 'retired' }));
    await leave(world.table, status(A, { outputs: { 'vpc.id': 'vpc-1' } }));
    const { cidr } = await allocate(addressBook(world.table), POOL, {
      accountId: A,
      region: 'eu-west-1',
      home: 'eu-west-1',
      now,
    });
    const { code, stderr } = await orgkeeper('forget', A, '--release-address', '--yes');
    expect(code).toBe(1);
    expect(stderr).toContain(`Account ${A} still has a network that uses ${cidr}`);
    expect(await getRecord(world.table, A)).toBeDefined();
    expect((await addressBook(world.table).heldBy(A)).blocks).toMatchObject([{ cidr }]);
  });
});

describe('addresses', () => {
  test('shows who holds which block of each pool, and the number of free blocks', async () => {
    expect((await orgkeeper('addresses')).stderr).toContain('There are no pools yet');
    await keep(world.table, record(A, { name: 'genomics' }));
    const book = addressBook(world.table);
    const { cidr } = await allocate(book, POOL, {
      accountId: A,
      region: 'eu-west-1',
      home: 'eu-west-1',
      now,
    });
    const shown = await orgkeeper('addresses');
    expect(shown.stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['POOL', 'BLOCK', 'ACCOUNT', 'NAME', 'REGION', 'SINCE'],
      ['main', cidr, A, 'genomics', 'eu-west-1', '2026-01-02 03:04:05Z'],
      [''],
    ]);
    expect(shown.stderr).toBe('main (10.0.0.0/22): 1 of 2 blocks of /23 free.\n');
    await allocate(book, POOL, { accountId: B, region: 'us-east-1', home: 'eu-west-1', now });
    const [pool] = JSON.parse((await orgkeeper('addresses', '--json')).stdout);
    expect(pool).toMatchObject({ ...POOL, blocks: 2, free: 0 });
    expect(pool.held).toHaveLength(2);
    expect(pool.held).toContainEqual({
      cidr,
      accountId: A,
      name: 'genomics',
      region: 'eu-west-1',
      since: now.toISOString(),
    });
  });

  test('drops a pool only if nobody holds a block of it', async () => {
    const book = addressBook(world.table);
    await allocate(book, POOL, { accountId: A, region: 'eu-west-1', home: 'eu-west-1', now });
    expect((await orgkeeper('addresses', '--drop', 'main')).stderr).toContain(`Account ${A} holds`);
    expect((await orgkeeper('addresses', '--drop', 'mian')).stderr).toContain('There is no pool mian');
    await releaseAll(book, A);
    expect((await orgkeeper('addresses', '--drop', 'main')).code).toBe(0);
    expect((await book.pools()).pools).toEqual([]);
  });

  test('are compared before a baseline is published', async () => {
    await allocate(addressBook(world.table), POOL, {
      accountId: A,
      region: 'eu-west-1',
      home: 'eu-west-1',
      now,
    });
    const file = join(await mkdtemp(join(tmpdir(), 'orgkeeper-')), 'pooled.yaml');
    const text = (name: string, cidr: string) =>
      `name: pooled\nnetwork:\n  cidrPool: { name: ${name}, cidr: ${cidr}, prefix: 23 }\n  internetGateway: false\n  subnets: []\n`;
    await writeFile(file, text('other', '10.0.0.0/16'));
    const refused = await orgkeeper('baseline', 'publish', file);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('overlaps the pool main (10.0.0.0/22)');
    await writeFile(file, text('main', '10.0.0.0/16'));
    expect(await orgkeeper('baseline', 'publish', file)).toMatchObject({ code: 0, stdout: 'pooled@1\n' });
  });
});
