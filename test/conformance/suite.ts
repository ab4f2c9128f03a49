import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Kind } from '../../controllers/kinds/kind.ts';
import { actionsOf } from '../../shared/aws/actions.ts';
import { accountsFor, type Begun } from './accounts.ts';
import { describeCases } from './cases.ts';
import type { Fixture } from './fixture.ts';
import { startMoto } from './moto.ts';
import { describeRegions } from './regions.ts';
import { describeSetting } from './setting.ts';
import { atEachCall, nextCall, settled, writes } from './stops.ts';
import type { Stop } from './support.ts';

export type { Foreign, Tampering } from './fixture.ts';

/**
 * The conformance suite: what every kind promises, tested against an emulator of its own. Call it once in a test file
 * of its own.
 */
export function describeKind<Section, Wanted, Actual>(
  kind: Kind<Section, Wanted, Actual>,
  fixture: Fixture,
): void {
  const accounts = accountsFor(kind, fixture);
  const { called, fixed, atOnce, begin, beginWriting, kept, toTamper, giveBack, tampered, inventory } =
    accounts;

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
    if (kind.setting) describeSetting(kind, fixture, accounts, kind.setting, () => healthy);
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

    describeCases(kind, fixture, accounts);
    if (kind.scope === 'regional') describeRegions(kind, fixture, accounts);

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
}

function isReading(action: string): boolean {
  return /:(Get|List|Describe)/.test(action);
}
