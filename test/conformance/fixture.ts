import type { KindAccount } from '../../controllers/kinds/kind.ts';
import type { Difference } from '../../shared/domain/status.ts';
import type { Member } from './support.ts';

/** What a kind gives of itself to be held to the contract of controllers/kinds/kind.ts. */
export interface Fixture {
  /** Its section, as it would stand in a baseline. */
  readonly section: unknown;
  /** Values of the `${…}` names that the section uses. */
  readonly values?: Readonly<Record<string, string>>;
  /** More of them, that depend on the account: `account.id`. */
  readonly memberValues?: (member: Member) => Readonly<Record<string, string>>;
  /** The account with what its record asks for beside the baseline (clusters). */
  readonly account?: (account: KindAccount) => KindAccount;
  /** What the account must have beforehand (a managed policy). */
  readonly prepare?: (member: Member) => Promise<void>;
  /**
   * Everything of this kind's sort in the account, ours or not: one line a thing, without ids that differ from
   * run to run. Two of a thing are two lines: this is how doubles are found.
   */
  readonly inventory: (member: Member) => Promise<readonly string[]>;
  /** Each field that the kind keeps, and how somebody changes it by hand. */
  readonly tamperings: readonly Tampering[];
  /** What others have, and which the kind leaves alone. */
  readonly foreign: readonly Foreign[];
  /** Of a setting: what may have been there before it was taken over. */
  readonly earlier?: readonly Earlier[];
  /** What waits for an output of another kind: all of this section does, of what no other names a value. */
  readonly predecessor?: { readonly output: string; readonly value: string; readonly section: unknown };
  /** What others have, and which is replaced once the section says so. */
  readonly adoptions?: readonly Adoption[];
  /** Changes of the baseline that reach further than the fields of `tamperings`. */
  readonly revisions?: readonly Revision[];
  /** Changes that mean nothing: the pass makes no writing call. */
  readonly harmless?: readonly Harmless[];
  /** Changes that are reported, never made: AWS cannot make them in place, or must not be made to. */
  readonly blocked?: readonly BlockedCase[];
  /** What an account brings along itself, in place of what would be made: checked, never changed. */
  readonly given?: readonly GivenCase[];
  /** What of others depends on ours, so that it cannot be removed. */
  readonly inUse?: readonly InUse[];
  /** What services of AWS leave in ours by themselves, and which goes with it. */
  readonly leftBehind?: Act<void>;
}

/** Gets the recorded outputs, for ids. */
type Act<T> = (member: Member, recorded: Readonly<Record<string, string>>) => Promise<T>;

export interface Tampering {
  /** Completes the sentence "repairs …": `a trust policy edited by hand`. */
  readonly name: string;
  /** Can be done again in an account in which it was corrected. */
  readonly tamper: Act<void>;
  /** The tampered field, read through the SDK, free of ids that a repair may change. */
  readonly read: Act<unknown>;
  /** What the pass must say of it, in part. In its path, `ACCOUNT` stands for the account's id. */
  readonly difference?: Partial<Difference>;
  /** In place of the fixture's section, for what only another one can show. */
  readonly section?: unknown;
  /** True when it cannot be done together with the others (the whole thing is deleted). */
  readonly alone?: boolean;
  /** With a section of its own: it is done together with those of the same word, which have the same section. */
  readonly together?: string;
}

export interface Foreign {
  /** Completes "leaves …": `a role of somebody else with that name`. */
  readonly name: string;
  /** Before ours is made, or beside it. */
  readonly when: 'before' | 'after';
  readonly plant: Act<void>;
  /** Reads what was planted; must stay the same through passes and removal. */
  readonly read: Act<unknown>;
  /**
   * `stands-aside`: the observation is `foreign` and nothing at all is written. `reported`: ours is kept, and the
   * comparison names it among `foreign`. `beside`: ours is kept, and it is no part of the comparison.
   */
  readonly outcome: 'stands-aside' | 'reported' | 'beside';
  /** Removal is refused while it is there (it depends on ours). */
  readonly hindersRemoval?: boolean;
}

interface Earlier {
  /** Completes "puts back what was there at removal: …". */
  readonly name: string;
  readonly plant: Act<void>;
}

interface Adoption {
  /** Completes "adopts …". */
  readonly name: string;
  readonly plant: Act<void>;
  /** Says that it may be adopted; the fixture's own does not. */
  readonly section: unknown;
  readonly difference: Partial<Difference>;
  readonly read: Act<unknown>;
  /** What is read once it is adopted. */
  readonly wanted: unknown;
}

interface BlockedCase {
  /** Completes "reports …". */
  readonly name: string;
  readonly tamper: Act<void>;
  readonly reason: string;
}

interface GivenCase {
  /** Completes "checks …". */
  readonly name: string;
  /** The account that brings it along. */
  readonly account: (account: KindAccount) => KindAccount;
  readonly section?: unknown;
  readonly plant: Act<void>;
  readonly read: Act<unknown>;
  /** What of the baseline is lacking, as paths; none when it is covered. `ACCOUNT` stands for its id. */
  readonly lacks: readonly string[];
}

interface Revision {
  /** A sentence: `removes a parameter that was dropped`. */
  readonly name: string;
  /** What was in the account before anything was made. */
  readonly plant?: Act<void>;
  /** The new version, followed after the fixture's. */
  readonly section: unknown;
  readonly difference?: Partial<Difference>;
  readonly read: Act<unknown>;
  /** What is read once the new version is followed. */
  readonly wanted: unknown;
}

interface Harmless {
  /** Completes "does not mind …". */
  readonly name: string;
  readonly tamper: Act<void>;
}

interface InUse {
  /** Completes "is not removed while …". */
  readonly name: string;
  readonly plant: Act<void>;
  readonly read: Act<unknown>;
  /** Names in the error what is in the way. */
  readonly names: RegExp;
}
