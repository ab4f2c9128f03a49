import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Kind, KindAccount } from '../../controllers/kinds/kind.ts';
import { actionsOf } from '../../shared/aws/actions.ts';
import type { ObservedCall } from '../../shared/aws/watch.ts';
import { ForeignResource } from '../../shared/domain/errors.ts';
import type { Fixture } from './fixture.ts';
import { startMoto } from './moto.ts';
import {
  inRegion,
  type Keeper,
  keeper,
  type Member,
  newMember,
  type Outcome,
  type Part,
  type Stop,
} from './support.ts';

export type { Foreign, Tampering } from './fixture.ts';

/**
 * The conformance suite: what every kind promises, tested against an emulator of its own. Call it once in a test file
 * of its own.
 */
export function describeKind<Section, Wanted, Actual>(
  kind: Kind<Section, Wanted, Actual>,
  fixture: Fixture,
): void {
  const called: (ObservedCall & { part: Part })[] = [];
  const fixed = kind.section.parse(fixture.section);
  const atOnce = togetherOf(fixture).map(({ section, ...set }) => ({
    ...set,
    section: section === undefined ? fixed : kind.section.parse(section),
  }));

  /** A member with what it needs beforehand, and a keeper for it. */
  async function begin(
    section = fixed,
    brings: (account: KindAccount) => KindAccount = (account) => account,
    known: Readonly<Record<string, string | undefined>> = {},
  ): Promise<Begun<Section>> {
    const made = newMember();
    const member = { ...made, account: brings(fixture.account?.(made.account) ?? made.account) };
    await fixture.prepare?.(member);
    const before = await inventory(member);
    const onCall = (call: ObservedCall, part: Part) => called.push({ ...call, part });
    const values = { ...fixture.values, ...fixture.memberValues?.(member), ...known };
    return { member, before, values, keep: keeper(kind, member, { section, values, onCall }) };
  }
  /** The same; of a setting, what it was is saved by now. */
  async function beginWriting() {
    const begun = await begin();
    if (kind.setting) await begun.keep.pass();
    return begun;
  }
  /**
   * Accounts in which the kind is made and nothing is to do, by section: making one takes most of the calls of many tests. Those in
   * which changes were corrected are apart, since the emulator remembers some of what was deleted.
   */
  const idle = { made: new Map<string, Begun<Section>[]>(), corrected: new Map<string, Begun<Section>[]>() };
  /** An account in which the kind is made and nothing is to do: one that a test has given back, or else a new one. */
  async function kept(section = fixed) {
    const found = idle.made.get(JSON.stringify(section))?.pop();
    if (found) return found;
    const begun = await begin(section);
    await settled(begun.keep);
    return begun;
  }
  /** The same, for changes by hand. */
  async function toTamper(section = fixed) {
    return idle.corrected.get(JSON.stringify(section))?.pop() ?? kept(section);
  }
  /** For other tests, once this one has asserted that the account is as one in which the kind was made without any trouble. */
  function giveBack(begun: Begun<Section>, section = fixed, after: keyof typeof idle = 'made'): void {
    const key = JSON.stringify(section);
    idle[after].set(key, [...(idle[after].get(key) ?? []), begun]);
  }
  /** An account that was kept, in which somebody then did all of that; and its inventory before. */
  async function tampered({ section, tamperings }: (typeof atOnce)[number]) {
    const begun = await toTamper(section);
    const world = await inventory(begun.member);
    for (const { tamper } of tamperings) await tamper(begun.member, begun.keep.recorded());
    return { ...begun, world };
  }
  const inventory = async (member: Member) => [...(await fixture.inventory(member))].sort();

  /** The inventory of an account where the kind was made without any trouble. */
  let healthy: readonly string[] = [];
  let stop: () => Promise<void> = async () => undefined;
  beforeAll(async () => {
    stop = await startMoto();
    const first = await kept();
    healthy = await inventory(first.member);
    giveBack(first);
  }, 90_000);
  afterAll(() => stop());

  describe(`the kind ${kind.name}`, () => {
    if (kind.setting) settingTests(kind.setting);
    else
      test('makes every resource in an empty account', async () => {
        const { member, keep, before } = await begin();
        const first = await keep.pass();
        expect(first.state).toBe('absent');
        expect(writes(first)).not.toEqual([]);
        expect(first.comparison?.differences.map((difference) => difference.kind)).toContain(kind.name);
        expect(await inventory(member)).not.toEqual(before);
        expect(await settled(keep)).toMatchObject({ state: 'present' });
      });

    const stops: readonly (readonly [string, Omit<Stop, 'at'>])[] = [
      ['a call that is never sent', { call: 'unsent', records: 'kept' }],
      ['a call whose answer never comes', { call: 'unanswered', records: 'kept' }],
      ['a crash that loses what the pass knew', { call: 'unanswered', records: 'lost' }],
    ];
    test.each(stops)(
      'finishes its creation after %s, at any call, without a duplicate',
      async (_, how) => {
        const turn = stops.findIndex(([, one]) => one === how);
        const after = async (begun: Begun<Section>, at: number) => {
          await settled(begun.keep);
          expect({ at, world: await inventory(begun.member) }).toEqual({ at, world: healthy });
          giveBack(begun);
        };
        await atEachCall(how, beginWriting, after, turn);
      },
      240_000,
    );

    test('finds no difference in a second run, and makes no writing call', async () => {
      const begun = await beginWriting();
      await begun.keep.pass();
      const second = await begun.keep.pass();
      expect(second).toMatchObject({ state: 'present', comparison: { differences: [], blocked: [] } });
      expect(writes(second)).toEqual([]);
      expect(await inventory(begun.member)).toEqual(healthy);
      giveBack(begun);
    });

    test('finds its resources when all recorded outputs are lost', async () => {
      const begun = await kept();
      const { member, keep } = begun;
      const recorded = keep.recorded();
      keep.forget();
      const pass = await keep.pass();
      expect(writes(pass)).toEqual([]);
      // What a setting was before, nothing but the record says.
      const lost = kind.setting ? { [kind.setting.output]: expect.any(String) } : {};
      expect(keep.recorded()).toEqual({ ...recorded, ...lost });
      expect(await inventory(member)).toEqual(healthy);
      if (!kind.setting) giveBack(begun);
    });

    test('records the outputs that it declares', async () => {
      const begun = await kept();
      const outputs = Object.keys(begun.keep.recorded());
      expect(outputs).toEqual(expect.arrayContaining([...kind.outputNames(fixed)]));
      giveBack(begun);
    });

    test('writes nothing while it observes, whatever it finds', async () => {
      const absent = await begin();
      expect(writes(await absent.keep.look())).toEqual([]);
      expect(await inventory(absent.member)).toEqual(absent.before);
      const there = await kept();
      expect(writes(await there.keep.look())).toEqual([]);
      giveBack(there);
      for (const set of atOnce) {
        const { member, keep } = await tampered(set);
        const there = await inventory(member);
        expect(writes(await keep.look())).toEqual([]);
        expect({ set: set.name, world: await inventory(member) }).toEqual({ set: set.name, world: there });
      }
    }, 120_000);

    test.each(fixture.tamperings.map((tampering) => [tampering.name, tampering] as const))(
      'corrects %s',
      async (_, { tamper, read, difference, section, alone }) => {
        const parsed = section === undefined ? fixed : kind.section.parse(section);
        const begun = await (alone ? kept(parsed) : toTamper(parsed));
        const { member, keep } = begun;
        const world = await inventory(member);
        const good = await read(member, keep.recorded());
        await tamper(member, keep.recorded());
        expect(await read(member, keep.recorded())).not.toEqual(good);
        const pass = await keep.pass();
        const path = difference?.path?.replace('ACCOUNT', member.account.accountId);
        const named = { kind: kind.name, ...difference, ...(path === undefined ? {} : { path }) };
        expect(pass.comparison?.differences).toContainEqual(expect.objectContaining(named));
        await settled(keep);
        expect(await read(member, keep.recorded())).toEqual(good);
        expect(await inventory(member)).toEqual(world);
        if (!alone) giveBack(begun, parsed, 'corrected');
      },
      30_000,
    );

    test('corrects all changes at once', async () => {
      for (const set of atOnce) {
        const begun = await tampered(set);
        const { member, keep, world } = begun;
        await settled(keep);
        expect({ set: set.name, world: await inventory(member) }).toEqual({ set: set.name, world });
        giveBack(begun, set.section, 'corrected');
      }
    }, 120_000);

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

    if (kind.scope === 'regional') regionTests();

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

    test('finishes its correction after a crash at any call, without a duplicate', async () => {
      for (const set of atOnce) {
        const how = { call: 'unanswered', records: 'lost' } as const;
        await atEachCall(
          how,
          () => tampered(set),
          async (begun, at) => {
            await settled(begun.keep);
            const found = { set: set.name, at, world: await inventory(begun.member) };
            expect(found).toEqual({ set: set.name, at, world: begun.world });
            giveBack(begun, set.section, 'corrected');
          },
        );
      }
    }, 240_000);

    test('removes all that it made, and can repeat the removal', async () => {
      const { member, keep, before } = await kept();
      await fixture.leftBehind?.(member, keep.recorded());
      await keep.remove();
      expect(await inventory(member)).toEqual(before);
      const again = await keep.remove();
      expect(again.calls.filter((call) => call.writes)).toEqual([]);
      expect(await inventory(member)).toEqual(before);
      await settled(keep);
      expect(await inventory(member)).toEqual(healthy);
    }, 30_000);

    test('removes nothing if it made nothing', async () => {
      const { keep } = await begin();
      const { calls } = await keep.remove();
      expect(calls.filter((call) => call.writes)).toEqual([]);
    });

    test('finishes its removal after a crash at any call', async () => {
      for (let at = 1; ; at = nextCall(at)) {
        const { member, keep, before } = await kept();
        await fixture.leftBehind?.(member, keep.recorded());
        const { stopped } = await keep.remove({ at, call: 'unanswered', records: 'lost' });
        if (!stopped) return;
        await keep.remove();
        expect({ at, world: await inventory(member) }).toEqual({ at, world: before });
      }
    }, 240_000);

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

    // Last, for it judges the calls of all tests above; it says nothing when only some of them ran.
    test('declares exactly the permissions that it uses', () => {
      const { read, write } = kind.permissions;
      const made = (wanted: (call: (typeof called)[number]) => boolean) =>
        [...new Set(called.filter(wanted).map((call) => call.command))].sort();
      expect(made(() => true)).toEqual([...new Set([...read, ...write])].sort());
      expect(made((call) => call.writes)).toEqual([...write].filter((action) => !isReading(action)).sort());
      expect(read.filter((action) => !isReading(action))).toEqual([]);
      expect([...read]).toEqual(expect.arrayContaining(made((call) => call.part === 'observe')));
      for (const actions of [read, write]) {
        const Statement = [{ Effect: 'Allow', Action: actionsOf(actions), Resource: '*' }];
        expect(JSON.stringify({ Version: '2012-10-17', Statement }).length).toBeLessThanOrEqual(2_048);
      }
    });
  });

  /** What only holds of what stands in a region: an account has it in each, and none of them knows of the others. */
  function regionTests(): void {
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

  /** What only holds of what every account has. */
  function settingTests({ output }: NonNullable<Kind<Section, Wanted, Actual>['setting']>): void {
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
        expect(await inventory(healthyOne.member)).toEqual(healthy);
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

  /** Starts afresh for the calls that a pass makes while applying, stops there, and hands over to `after`. */
  async function atEachCall<B extends Begun<Section>>(
    how: Omit<Stop, 'at'>,
    start: () => Promise<B>,
    after: (begun: B, at: number) => Promise<void>,
    turn?: number,
  ): Promise<void> {
    for (let at = 1; ; at = nextCall(at, turn)) {
      const begun = await start();
      const { stopped } = await begun.keep.pass({ at, ...how });
      if (!stopped) {
        expect(at).toBeGreaterThan(1);
        return;
      }
      await after(begun, at);
    }
  }
}

/** A member, what was in it before, a keeper for it, and the values of `${…}` names, which may change. */
interface Begun<Section> {
  readonly member: Member;
  readonly before: readonly string[];
  readonly values: Record<string, string | undefined>;
  readonly keep: Keeper<Section>;
}

/**
 * The next call that a pass is stopped at: each one in `npm run soak` (EVERY_CALL); in `npm test` the first six, then every third. Of
 * tests that take turns (0 to 2), each stops at the first three, and each later call is stopped at by one of them.
 */
function nextCall(at: number, turn?: number): number {
  let next = at + 1;
  if (process.env.EVERY_CALL || at < (turn === undefined ? 6 : 3)) return next;
  while (next % 3 !== (turn ?? 0)) next += 1;
  return next;
}

/** Passes until one finds nothing to do; that one is returned. Fails after five. */
async function settled(keep: Pick<Keeper, 'pass'>): Promise<Outcome> {
  for (let pass = 1; pass <= 5; pass += 1) {
    const outcome = await keep.pass();
    if (outcome.state === 'present' && outcome.comparison?.differences.length === 0) return outcome;
  }
  throw new Error('five passes, and there is still something to do');
}

/** Tamperings that are done one after another in one account: those on the fixture's section, and those of the same word. */
function togetherOf({ tamperings }: Fixture) {
  const sets = Map.groupBy(
    tamperings.filter(({ alone, section, together }) => !alone && (section === undefined || together)),
    ({ together = 'on the section of the fixture' }) => together,
  );
  return [...sets].map(([name, set]) => ({ name, section: set[0]?.section, tamperings: set }));
}

function writes(outcome: Outcome): readonly string[] {
  return outcome.calls.filter((call) => call.writes).map((call) => call.command);
}

function isReading(action: string): boolean {
  return /:(Get|List|Describe)/.test(action);
}
