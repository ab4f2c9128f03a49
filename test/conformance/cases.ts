import { expect, test } from '@jest/globals';
import type { Kind } from '../../controllers/kinds/kind.ts';
import { ForeignResource } from '../../shared/domain/errors.ts';
import type { Accounts } from './accounts.ts';
import type { Fixture } from './fixture.ts';
import { settled, writes } from './stops.ts';

/** The promises about what the fixture lists: what others have made, what is adopted, tolerated, blocked, given or in use. */
export function describeCases<Section, Wanted, Actual>(
  kind: Kind<Section, Wanted, Actual>,
  fixture: Fixture,
  { fixed, begin, kept, inventory }: Accounts<Section>,
): void {
  const foreign = fixture.foreign.map((case_) => [case_.name, case_] as const);
  if (foreign.length > 0) {
    test.each(foreign)(
      'leaves %s',
      async (_, { when, plant, read, outcome, hindersRemoval }) => {
        const { member, keep } = when === 'after' ? await kept() : await begin();
        await plant(member, keep.recorded());
        const planted = await read(member, keep.recorded());
        const pass = await keep.pass();
        if (outcome === 'stands-aside') {
          expect(pass.state).toBe('unowned');
          expect(writes(pass)).toEqual([]);
        } else {
          if (outcome === 'reported') expect(pass.comparison?.unowned).not.toEqual([]);
          if (outcome === 'beside') expect(pass.comparison?.unowned).toEqual([]);
          if (when === 'after') expect(writes(pass)).toEqual([]);
          else await settled(keep);
        }
        expect(await read(member, keep.recorded())).toEqual(planted);
        const removal = keep.remove();
        if (hindersRemoval) await expect(removal).rejects.toThrow(ForeignResource);
        else await removal;
        expect(await read(member, keep.recorded())).toEqual(planted);
      },
      30_000,
    );
  }

  const { predecessor } = fixture;
  if (predecessor) {
    test('writes nothing that needs an output of a failed kind, and waits for it', async () => {
      const { output, value } = predecessor;
      const section = kind.section.parse(predecessor.section);
      const { member, keep, before, values } = await begin(section, undefined, { [output]: undefined });
      const waits = async (world: readonly string[]) => {
        const pass = await keep.pass();
        expect(writes(pass)).toEqual([]);
        expect(pass.comparison?.blocked).toContainEqual(
          expect.objectContaining({
            reason: 'WaitingForOutputs',
            message: expect.stringContaining(`\${${output}}`),
          }),
        );
        expect(await inventory(member)).toEqual(world);
      };
      await waits(before);
      values[output] = value;
      await settled(keep);
      const world = await inventory(member);
      expect(world).not.toEqual(before);
      values[output] = undefined;
      await waits(world);
      await keep.remove();
      expect(await inventory(member)).toEqual(before);
    });
  }

  const adoptions = (fixture.adoptions ?? []).map((case_) => [case_.name, case_] as const);
  if (adoptions.length > 0) {
    test.each(adoptions)(
      'adopts %s only if the section says so',
      async (_, { plant, section, difference, read, wanted }) => {
        const { member, keep } = await begin();
        await plant(member, {});
        const planted = await read(member, {});
        expect(await keep.pass()).toMatchObject({ state: 'unowned' });
        expect(await read(member, {})).toEqual(planted);
        keep.revise(kind.section.parse(section));
        // Before anything of it is written, it is still somebody else's.
        await keep.look();
        await keep.remove();
        expect(await read(member, {})).toEqual(planted);
        const pass = await keep.pass();
        expect(pass.comparison?.differences).toContainEqual(expect.objectContaining(difference));
        await settled(keep);
        expect(await read(member, keep.recorded())).toEqual(wanted);
      },
      30_000,
    );
  }

  const revisions = (fixture.revisions ?? []).map((case_) => [case_.name, case_] as const);
  if (revisions.length > 0) {
    test.each(revisions)(
      'when the baseline changes, %s',
      async (_, { plant, section, difference, read, wanted }) => {
        const { member, keep } = await begin();
        await plant?.(member, {});
        await settled(keep);
        expect(await read(member, keep.recorded())).not.toEqual(wanted);
        keep.revise(kind.section.parse(section));
        const pass = await keep.pass();
        if (difference) {
          expect(pass.comparison?.differences).toContainEqual(expect.objectContaining(difference));
        }
        await settled(keep);
        expect(await read(member, keep.recorded())).toEqual(wanted);
      },
      30_000,
    );
  }

  const harmless = (fixture.harmless ?? []).map((case_) => [case_.name, case_] as const);
  if (harmless.length > 0) {
    test.each(harmless)('tolerates %s', async (_, { tamper }) => {
      const { member, keep } = await kept();
      await tamper(member, keep.recorded());
      const pass = await keep.pass();
      expect(pass).toMatchObject({
        state: 'present',
        comparison: { differences: [], blocked: [], unowned: [] },
      });
      expect(writes(pass)).toEqual([]);
    });
  }

  const blocked = (fixture.blocked ?? []).map((case_) => [case_.name, case_] as const);
  if (blocked.length > 0) {
    test.each(blocked)('reports %s, and does not touch it', async (_, { tamper, reason }) => {
      const { member, keep } = await kept();
      await tamper(member, keep.recorded());
      const there = await inventory(member);
      const pass = await keep.pass();
      expect(pass.comparison?.blocked).toContainEqual(
        expect.objectContaining({
          reason,
          message: expect.stringMatching(/\S/),
          difference: expect.objectContaining({ kind: kind.name, action: 'reported' }),
        }),
      );
      expect(writes(pass)).toEqual([]);
      expect(await inventory(member)).toEqual(there);
    });
  }

  const given = (fixture.given ?? []).map((case_) => [case_.name, case_] as const);
  if (given.length > 0) {
    test.each(given)(
      'checks %s, and never touches it',
      async (_, { account, section, plant, read, lacks }) => {
        const { member, keep } = await begin(
          section === undefined ? fixed : kind.section.parse(section),
          account,
        );
        await plant(member, {});
        const planted = await read(member, {});
        for (let pass = 1; pass <= 2; pass += 1) {
          const found = await keep.pass();
          expect(found).toMatchObject({ state: 'present', comparison: { differences: [], unowned: [] } });
          const blocked = found.comparison?.blocked.map(({ difference }) => difference.path);
          const named = lacks.map((path) => path.replace('ACCOUNT', member.account.accountId));
          expect(blocked?.toSorted()).toEqual(named.toSorted());
          expect(writes(found)).toEqual([]);
        }
        await keep.remove();
        expect(await read(member, {})).toEqual(planted);
      },
      30_000,
    );
  }

  const inUse = (fixture.inUse ?? []).map((case_) => [case_.name, case_] as const);
  if (inUse.length > 0) {
    test.each(inUse)('is not removed while %s, and says so', async (_, { plant, read, names }) => {
      const { member, keep } = await kept();
      await plant(member, keep.recorded());
      const planted = await read(member, keep.recorded());
      const error: unknown = await keep.remove().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ForeignResource);
      expect(error).toMatchObject({ reason: 'InUse', message: expect.stringMatching(names) });
      expect(await read(member, keep.recorded())).toEqual(planted);
    });
  }
}
