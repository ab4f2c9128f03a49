import { expect, test } from '@jest/globals';
import type { Kind } from '../../controllers/kinds/kind.ts';
import type { Accounts } from './accounts.ts';
import type { Fixture } from './fixture.ts';
import { nextCall, settled, writes } from './stops.ts';

/** What only holds of what every account has. */
export function describeSetting<Section, Wanted, Actual>(
  kind: Kind<Section, Wanted, Actual>,
  fixture: Fixture,
  { begin, kept, inventory }: Accounts<Section>,
  { output }: { readonly output: string },
  healthy: () => readonly string[],
): void {
  test('records the existing setting in a run that writes nothing, and changes it in the next', async () => {
    const { member, keep, before } = await begin();
    expect(writes(await keep.pass())).toEqual([]);
    expect(keep.recorded()).toHaveProperty([output]);
    expect(await inventory(member)).toEqual(before);
    const second = await keep.pass();
    expect(second.state).toBe('present');
    expect(second.comparison?.differences.map((difference) => difference.kind)).toContain(kind.name);
    expect(writes(second)).not.toEqual([]);
    expect(await inventory(member)).not.toEqual(before);
    expect(await settled(keep)).toMatchObject({ state: 'present' });
  });

  test('names the earlier setting among what it made', async () => {
    const { keep } = await kept();
    expect(kind.made({ ...keep.recorded(), 'other.id': 'x' })).toHaveProperty([output]);
  });

  const earlier = (fixture.earlier ?? []).map((case_) => [case_.name, case_] as const);
  test.each(earlier)(
    'restores the earlier setting at removal: %s, after a crash at any call, too',
    async (_, { plant }) => {
      const planted = async () => {
        const begun = await begin();
        await plant(begun.member, {});
        const world = await inventory(begun.member);
        await begun.keep.pass();
        return { ...begun, world };
      };
      const healthyOne = await planted();
      await settled(healthyOne.keep);
      expect(await inventory(healthyOne.member)).toEqual(healthy());
      await healthyOne.keep.remove();
      expect(await inventory(healthyOne.member)).toEqual(healthyOne.world);
      expect(healthyOne.keep.recorded()).not.toHaveProperty([output]);
      for (let at = 1; ; at = nextCall(at)) {
        const { member, keep, world } = await planted();
        const { stopped } = await keep.pass({ at, call: 'unanswered', records: 'lost' });
        await keep.remove();
        expect({ at, world: await inventory(member) }).toEqual({ at, world });
        if (!stopped) break;
      }
    },
    60_000,
  );
}
