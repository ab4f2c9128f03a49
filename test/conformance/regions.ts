import { expect, test } from '@jest/globals';
import type { Kind } from '../../controllers/kinds/kind.ts';
import type { ObservedCall } from '../../shared/aws/watch.ts';
import type { Accounts } from './accounts.ts';
import type { Fixture } from './fixture.ts';
import { settled, writes } from './stops.ts';
import { inRegion, keeper, type Part } from './support.ts';

/** What only holds of what stands in a region: an account has it in each, and none of them knows of the others. */
export function describeRegions<Section, Wanted, Actual>(
  kind: Kind<Section, Wanted, Actual>,
  fixture: Fixture,
  { called, fixed, atOnce, begin, inventory }: Accounts<Section>,
): void {
  const REGIONS = ['eu-west-1', 'us-east-1', 'ap-southeast-2'];

  /** One account, with a keeper for each of three regions. */
  async function inThree(section = fixed) {
    const { member, values } = await begin(section);
    const onCall = (call: ObservedCall, part: Part) => called.push({ ...call, part });
    return Promise.all(
      REGIONS.map(async (region) => {
        const there = inRegion(member, region);
        if (region !== member.account.region) await fixture.prepare?.(there);
        const keep = keeper(kind, there, { section, values, onCall });
        return { region, there, keep, before: await inventory(there) };
      }),
    );
  }
  type Three = Awaited<ReturnType<typeof inThree>>;
  const worlds = (all: Three) => Promise.all(all.map(({ there }) => inventory(there)));
  /** Accounts in which the kind is made in each region and nothing is to do, by section: as `idle` has them. */
  const idleInThree = new Map<string, Three>();
  async function keptInThree(section = fixed): Promise<Three> {
    const found = idleInThree.get(JSON.stringify(section));
    if (found) return found;
    const all = await inThree(section);
    await Promise.all(all.map(({ keep }) => settled(keep)));
    return all;
  }

  test('makes its resources in each of three regions of an account', async () => {
    const all = await inThree();
    for (const { keep, there, before } of all) {
      expect(await inventory(there)).toEqual(before);
      await settled(keep);
      expect(await inventory(there)).not.toEqual(before);
    }
    const made = await worlds(all);
    for (const { keep } of all) expect(writes(await keep.pass())).toEqual([]);
    expect(await worlds(all)).toEqual(made);
    idleInThree.set(JSON.stringify(fixed), all);
  }, 60_000);

  test('corrects one of three regions, and writes nothing in the others', async () => {
    for (const { name, section, tamperings } of atOnce) {
      const all = await keptInThree(section);
      const healthyWorlds = await worlds(all);
      const [first, second, third] = all;
      if (!first || !second || !third) throw new Error('three regions have three keepers');
      for (const { tamper } of tamperings) await tamper(second.there, second.keep.recorded());
      expect(await worlds(all)).not.toEqual(healthyWorlds);
      expect(writes(await first.keep.pass())).toEqual([]);
      await settled(second.keep);
      expect(writes(await third.keep.pass())).toEqual([]);
      expect({ name, worlds: await worlds(all) }).toEqual({ name, worlds: healthyWorlds });
      idleInThree.set(JSON.stringify(section), all);
    }
  }, 120_000);

  test('makes its resources in the others while one region is down, and in that one afterwards', async () => {
    const all = await inThree();
    await Promise.all(
      all.map(({ keep }, at) =>
        at === 1 ? keep.pass({ at: 1, call: 'unsent', records: 'lost' }) : settled(keep),
      ),
    );
    const [first, dead, third] = await worlds(all);
    expect(dead).toEqual(all[1]?.before);
    if (all[1]) await settled(all[1].keep);
    const [same, back, still] = await worlds(all);
    expect(back).not.toEqual(dead);
    expect([same, still]).toEqual([first, third]);
  }, 60_000);
}
