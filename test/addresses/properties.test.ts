import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type AddressPool, blocksIn } from '../../shared/domain/address-pool.ts';
import { allocate, release, releaseAll } from '../../shared/domain/addresses.ts';
import { contains, overlaps, parseBlock } from '../../shared/domain/cidr.ts';
import { ControllerError } from '../../shared/domain/errors.ts';
import { bookInMemory } from './book.ts';

const NOW = new Date('2026-11-20T09:00:00Z');

/** Small ranges close to each other, so that pools overlap, contradict and contain each other, and run out. */
const pool: fc.Arbitrary<AddressPool> = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c'),
    third: fc.nat(15),
    size: fc.integer({ min: 20, max: 24 }),
    more: fc.nat(3),
  })
  .map(({ name, third, size, more }) => ({
    name,
    cidr: parseBlock(`10.0.${third}.0/${size}`)?.text ?? '',
    prefix: size + more,
  }));
const accountId = fc.integer({ min: 1, max: 12 }).map((number) => String(number).padStart(12, '0'));
const region = fc.constantFrom('eu-west-1', 'us-east-1', 'ap-south-1');
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('allocate' as const), accountId, region, pool }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('release' as const), accountId, region }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('release all' as const), accountId }) },
);
const home = 'eu-west-1';
const block = (cidr: string) => {
  const parsed = parseBlock(cidr);
  if (!parsed) throw new Error(`${cidr} is no block`);
  return parsed;
};

function expectSound(world: ReturnType<typeof bookInMemory>): void {
  const held = world.held();
  for (const [index, { cidr, pool: name, accountId: holder }] of held.entries()) {
    for (const other of held.slice(0, index)) expect(overlaps(block(cidr), block(other.cidr))).toBe(false);
    const known = world.pools().find((one) => one.name === name);
    expect(known && contains(block(known.cidr), block(cidr))).toBe(true);
    expect(world.heldBy(holder).filter((one) => one.cidr === cidr)).toHaveLength(1);
  }
  for (const { blocks } of world.holders())
    expect(new Set(blocks.map(({ region }) => region)).size).toBe(blocks.length);
  expect(world.holders().flatMap(({ blocks }) => blocks)).toHaveLength(held.length);
}

const inside = (all: { pool: string; cidr: string }[], { name, cidr }: AddressPool) =>
  all.filter((one) => one.pool === name && contains(block(cidr), block(one.cidr))).length;

describe('Any sequence of allocations and releases', () => {
  test('gives no address to two accounts or to two regions of one, and refuses only contradictions and a full pool', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const world = bookInMemory();
        for (const one of steps) {
          if (one.does === 'release all') {
            await releaseAll(world.book, one.accountId);
            expect(world.heldBy(one.accountId)).toEqual([]);
          } else if (one.does === 'release') {
            await release(world.book, { ...one, home });
            expect(world.heldBy(one.accountId).map(({ region }) => region)).not.toContain(one.region);
          } else {
            const here = () => world.heldBy(one.accountId).find(({ region }) => region === one.region);
            const had = here();
            const got = await allocate(world.book, one.pool, { ...one, home, now: NOW }).catch(
              (error: unknown) => error,
            );
            if (got instanceof ControllerError) {
              expect(had).toBeUndefined();
              expect(got.reason).toMatch(/^AddressPool(Exhausted|Mismatch|Overlap)$/);
              if (got.reason === 'AddressPoolExhausted')
                expect(inside(world.held(), one.pool)).toBe(blocksIn(one.pool));
            } else {
              expect(got).toEqual(here());
              if (had) expect(got).toEqual(had);
            }
          }
          expectSound(world);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('loses no block: when all are returned, every block of the pool is allocated again', async () => {
    await fc.assert(
      fc.asyncProperty(pool, fc.array(accountId, { maxLength: 20 }), async (one, first) => {
        const world = bookInMemory();
        const ask = (id: string) =>
          allocate(world.book, one, { accountId: id, region: home, home, now: NOW }).catch(() => {});
        for (const id of first) await ask(id);
        for (const id of new Set(first)) await releaseAll(world.book, id);
        expect(world.held()).toEqual([]);
        for (let number = 0; number < blocksIn(one); number++) await ask(`holder-${number}`);
        expect(world.held()).toHaveLength(blocksIn(one));
      }),
      { numRuns: 50 },
    );
  });

  test('holds for any interleaving of concurrent steps', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(step, { maxLength: 15 }), async (scheduler, steps) => {
        const world = bookInMemory(() => scheduler.schedule(Promise.resolve()));
        const all = steps.map((one) =>
          one.does === 'allocate'
            ? allocate(world.book, one.pool, { ...one, home, now: NOW }).catch((error: unknown) => {
                expect(error).toBeInstanceOf(ControllerError);
              })
            : one.does === 'release'
              ? release(world.book, { ...one, home })
              : releaseAll(world.book, one.accountId),
        );
        await scheduler.waitFor(Promise.all(all));
        expectSound(world);
      }),
      { numRuns: 100 },
    );
  });
});
