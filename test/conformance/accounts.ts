import type { Kind, KindAccount } from '../../controllers/kinds/kind.ts';
import type { ObservedCall } from '../../shared/aws/watch.ts';
import type { Fixture } from './fixture.ts';
import { settled } from './stops.ts';
import { type Keeper, keeper, type Member, newMember, type Part } from './support.ts';

/** A member, what was in it before, a keeper for it, and the values of `${…}` names, which may change. */
export interface Begun<Section> {
  readonly member: Member;
  readonly before: readonly string[];
  readonly values: Record<string, string | undefined>;
  readonly keep: Keeper<Section>;
}

/** The accounts in which a kind is tried, and what all of them share. */
export type Accounts<Section> = ReturnType<typeof accountsFor<Section, unknown, unknown>>;

/** Accounts for the tests of a kind, in the emulator that runs; one that a test gave back is used again. */
export function accountsFor<Section, Wanted, Actual>(kind: Kind<Section, Wanted, Actual>, fixture: Fixture) {
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

  return {
    /** Every call of the kind so far, and what it was made for. */
    called,
    /** The section of the fixture. */
    fixed,
    /** Tamperings that are done in one account, with the section for them. */
    atOnce,
    begin,
    beginWriting,
    kept,
    toTamper,
    giveBack,
    tampered,
    inventory,
  };
}

/** Tamperings that are done one after another in one account: those on the fixture's section, and those of the same word. */
function togetherOf({ tamperings }: Fixture) {
  const sets = Map.groupBy(
    tamperings.filter(({ alone, section, together }) => !alone && (section === undefined || together)),
    ({ together = 'on the section of the fixture' }) => together,
  );
  return [...sets].map(([name, set]) => ({ name, section: set[0]?.section, tamperings: set }));
}
