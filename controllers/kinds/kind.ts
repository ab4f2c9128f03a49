import type { z } from 'zod';
import type { Command } from '../../shared/aws/actions.ts';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import type { RolePolicyQuotas } from '../../shared/deployment/config.ts';
import type { AddressPool } from '../../shared/domain/address-pool.ts';
import type { PathProblem } from '../../shared/domain/document-problems.ts';
import type { Problem } from '../../shared/domain/errors.ts';
import type { Lookup } from '../../shared/domain/interpolate.ts';
import type { Difference } from '../../shared/domain/status.ts';
import type { PolicyInput } from '../../shared/policy/document.ts';

/**
 * A kind is one sort of thing that is managed in an account: execution role, network, parameters. This is its whole
 * contract; test/conformance holds every kind to it. Adding one is one folder here and one line in index.ts.
 *
 * A run observes all units (kinds in their regions) at once (`observe`), then takes them side by side, each after those whose
 * outputs its section names: `render` with the outputs known by then, `diff`, and `apply` if something differs. Credentials are
 * bound before a kind sees the account: it never assumes a role.
 *
 * @template Section what a baseline says of it, as `section` parses it
 * @template Wanted  what this account is to have: the section with every `${…}` filled in
 * @template Actual  what the account has
 */
export interface Kind<Section, Wanted, Actual> {
  /** Key of its section in a baseline, and `kind` in differences: `executionRole`. */
  readonly name: string;
  /** `global`: an account has it once (IAM). `regional`: it stands in a region. */
  readonly scope: 'global' | 'regional';
  /** Schema of its section; strict: unknown keys are errors. */
  readonly section: z.ZodType<Section>;
  /**
   * The calls that it makes, exactly, as its clients name them: session policies, the member template and tests are derived
   * from them, by shared/aws/actions.ts where IAM has other names.
   */
  readonly permissions: Permissions<Wanted>;
  /** Of the kind that makes the role which Main assumes. */
  readonly entryRole?: EntryRole<Wanted, Actual>;
  /** Of what every account has: it is taken over, and given back, not made and removed. */
  readonly setting?: Setting<Actual>;
  /** Of a kind that takes a block of addresses for each account. */
  readonly pool?: Pool<Section>;
  /** Of a kind whose resources are independent of each other. */
  readonly parts?: Parts<Wanted>;
  /** Of a kind whose resources an account may bring itself. */
  readonly broughtAlong?: BroughtAlong;
  /**
   * Pure. Of a kind in regions: what of its section names something that only one region has. A baseline that lists several regions
   * with such a problem is not published.
   */
  readonly ofOneRegion?: (section: Section) => readonly PathProblem[];
  /** Names `${…}` in its section that AWS fills in, not Orgkeeper: IAM's policy variables. */
  readonly namesForAws?: RegExp;
  /** Names of the outputs that later kinds may use as `${…}`, for this section: `vpc.id`, `subnet.public.id`. */
  outputNames(section: Section): readonly string[];
  /**
   * Pure. Fills in the names; one that `lookup` does not know stays as `${…}` and must not be written.
   * Throws InvalidDesiredState, with problems by path, when the result makes no sense for AWS.
   */
  render(section: Section, lookup: Lookup, account: KindAccount): Wanted;
  /** Reads, changes nothing; all calls that do not need each other's answers at once. */
  observe(wanted: Wanted, context: KindContext): Promise<Observation<Actual>>;
  /** Pure. Outputs that can be read off what was observed. */
  outputs(actual: Actual): Readonly<Record<string, string>>;
  /** Pure. What differs; `actual` is undefined when nothing is there. No difference, no call. */
  diff(wanted: Wanted, actual: Actual | undefined): Comparison;
  /**
   * Writes what the differences say, and nothing else. Idempotent, and safe to repeat after a crash at any call.
   * Records what it makes as soon as it is made (`context.record`), and says which differences it has written
   * (`context.wrote`): when it fails half-way, the others are reported.
   */
  apply(change: Change<Wanted, Actual>, context: WritingContext): Promise<void>;
  /**
   * Takes away exactly what Orgkeeper made, in reverse order; safe to repeat. Throws ForeignResource (reason
   * `InUse`, naming what is in the way) where something else depends on it; nothing of others is touched.
   */
  remove(wanted: Wanted, context: KindContext): Promise<void>;
  /** Pure. Those of all outputs that stand for what Orgkeeper made of this kind; none where that is not there. */
  made(recorded: Readonly<Record<string, string>>): Record<string, string>;
}

/** Type of a kind's condition in an account's status: its name with a capital, `ExecutionRole`. Pure. */
export function conditionOf({ name }: { readonly name: string }): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** ARNs that the writing of a kind is limited to; `['*']` where they are not known beforehand. Pure. */
export function resourcesOf(
  { permissions }: AnyKind,
  wanted: unknown,
  account: KindAccount,
  recorded: Readonly<Record<string, string>>,
): readonly string[] {
  return permissions.resources?.(wanted, account, recorded) ?? ['*'];
}

/** The calls of a kind, as its clients name them. */
export interface Permissions<Wanted> {
  readonly read: readonly Command[];
  readonly write: readonly Command[];
  /** Pure. ARNs that writing is limited to, by what is wanted and recorded; absent where they are not known beforehand. */
  resources?(
    wanted: Wanted,
    account: KindAccount,
    recorded: Readonly<Record<string, string>>,
  ): readonly string[];
}

/** The role which Main assumes: after each change of it the engine verifies that it admits the runner, and nobody else. */
export interface EntryRole<Wanted, Actual> {
  /** Path of the difference that decides whom the role admits. */
  readonly trustPath: string;
  /** Pure. The role and whom it admits, as wanted or as found. */
  read(role: Wanted | Actual): { readonly arn: string; readonly trust: PolicyInput };
  /** Pure. ARN of the role that Orgkeeper made or manages, by recorded outputs; undefined if none is recorded. */
  arnIn(recorded: Readonly<Record<string, string>>): string | undefined;
  /** Puts back the trust that admitted Orgkeeper before a change after which none does. Safe to repeat. */
  putBack(change: Change<Wanted, Actual>, context: KindContext): Promise<void>;
  /** Pure. ARNs of roles that Orgkeeper made, by outputs, and the baseline no longer names: `remove` removes them, too. */
  former(wanted: Wanted, recorded: Readonly<Record<string, string>>): readonly string[];
}

/**
 * Something that every account has, so that it is never `absent`. What it was is recorded when it is taken over, before it is
 * changed (`takenOver`); `remove` puts that back, and forgets it.
 */
export interface Setting<Actual> {
  /** Name of the output that says what it was, one of those that `made` gives: `publicAccessBlock.before`. */
  readonly output: string;
  /** Pure. What it is, as a text from which `remove` can make it again; the same text for the same thing. */
  textOf(actual: Actual): string;
}

/**
 * What is recorded when a setting is taken over: what it was, as the outputs that say so. None of a kind that makes things,
 * and of a setting that was taken over before. Pure.
 *
 * What it was must be saved before it is changed, or a crash would lose it: where something differs, the run that takes the
 * setting over writes nothing, and the next one does.
 */
export function takenOver(
  { setting }: AnyKind,
  actual: unknown,
  recorded: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | undefined {
  if (!setting || actual === undefined || recorded[setting.output] !== undefined) return undefined;
  return { [setting.output]: setting.textOf(actual) };
}

/** A named pool, from which each account gets a block of its own: known as `${address.cidr}` once it has one. */
export interface Pool<Section> {
  /** Pure. The pool that a section names; undefined where it names none. */
  of(section: Section): AddressPool | undefined;
}

/** Resources of which one that AWS would refuse is blocked, while the others are managed. */
export interface Parts<Wanted> {
  /** Pure. What of the rendered result makes no sense for AWS, by its path. A baseline with such problems is not published. */
  problems(wanted: Wanted): readonly Problem[];
}

/** Resources that an account may bring itself: those are checked, never changed. */
export interface BroughtAlong {
  /**
   * Pure. True if the account brings its own in place of what `made` names, which is then no longer managed. With nothing
   * made: true if the account brings its own.
   */
  supersedes(made: Readonly<Record<string, string>>, account: Pick<KindAccount, 'network'>): boolean;
}

/** What a list of kinds holds; each kind's own types are its own business. */
// biome-ignore lint/suspicious/noExplicitAny: existential: Section, Wanted and Actual are consistent within one kind
export type AnyKind = Kind<any, any, any>;

/** The account as kinds see it: where it is, whose it is, and what it brings. Nothing of what was found there. */
export interface KindAccount {
  readonly accountId: string;
  readonly partition: string;
  readonly region: string;
  /** Value of the tag `orgkeeper:owner` on everything we make: the id of the Main account. */
  readonly owner: string;
  /** What IAM lets Main assume; absent where no deployment is known, and where things are only taken away. */
  readonly executionRolePattern?: string;
  /** What AWS allows in one role; absent where no deployment is known: whatever AWS may be asked for. */
  readonly rolePolicyQuotas?: RolePolicyQuotas;
  /** Present for an account that is entered by its execution role, which its owner made. */
  readonly entry?: Entry;
  /** Present for an account that brings its own network. */
  readonly network?: { readonly vpcId: string; readonly subnetIds: readonly string[] };
}

/** The execution role by which an account is entered, and what it needs so that it can be entered again. */
export interface Entry {
  readonly roleArn: string;
  /** Who must be admitted by it, of which organization, and with which ExternalId. */
  readonly runnerRoleArn: string;
  readonly organizationId: string;
  /** Where STS is asked for its sessions. */
  readonly stsRegion: string;
  readonly externalId: string;
  /** What Orgkeeper itself needs in the account: a policy of the role, when we keep the role. */
  readonly policy: PolicyDocument;
  /** The same without changing the role: what a role that its owner keeps must allow. */
  readonly required: PolicyDocument;
  /**
   * Actions about the regions of the account, which the role is granted when we keep the role. Orgkeeper can do without them: it
   * then says less precisely why a region does not answer, and enables none.
   */
  readonly aboutRegions: readonly string[];
}

/** A policy as JSON has it. */
export type PolicyDocument = Readonly<Record<string, unknown>>;

/** What a kind works with in one account: clients that are bound to the account, and the outputs of earlier runs. */
export interface KindContext {
  readonly account: KindAccount;
  /** With credentials bound: for reading while observing, for this kind's writing while applying. */
  readonly clients: MemberClients;
  /** Outputs (ids) recorded by earlier runs, and by this one so far. */
  readonly recorded: Readonly<Record<string, string>>;
  /** The time: what was made a moment ago may not show yet. */
  readonly now: () => Date;
  /** Saves outputs even if the run fails later; undefined removes one. */
  readonly record: (outputs: Readonly<Record<string, string | undefined>>) => void;
  /**
   * Repeats a call that fails with NotYetConsistent (or one that `alsoWhen` names by AWS error name) for up to 10 s, with a
   * growing pause; then throws NotYetConsistent, and a later run continues.
   */
  readonly eventually: <T>(call: () => Promise<T>, alsoWhen?: readonly string[]) => Promise<T>;
}

/** The same while it writes. */
export interface WritingContext extends KindContext {
  /** Says that these differences of the change are written. */
  readonly wrote: (differences: readonly Difference[]) => void;
}

/** What stands where the wanted thing should: one of four, each with what follows from it. */
export type Observation<Actual> =
  | { readonly state: 'absent' }
  /** Something of ours is in the making: look again in some seconds, write nothing. */
  | { readonly state: 'pending'; readonly message: string; readonly retryAfterSeconds: number }
  /** Somebody else's stands where ours should: never touched. */
  | { readonly state: 'unowned'; readonly message: string; readonly remedy: string }
  | { readonly state: 'present'; readonly actual: Actual };

/** What differs, by what may be done about it. All three lists empty: nothing is to be done. */
export interface Comparison {
  /** To be written; `action` says how. */
  readonly differences: readonly Difference[];
  /** What AWS cannot change in place or what must not be touched; its differences have action `reported`. */
  readonly blocked: readonly Blocked[];
  /** What others added within ours; stays, and is reported once. Action `reported`. */
  readonly unowned: readonly Difference[];
  /** Where nothing differs and there is more to say than that: one sentence for the condition. */
  readonly note?: string;
  /** What is as desired, or not, and should be known all the same; each begins with one PascalCase word. */
  readonly warnings?: readonly string[];
  /** Warnings about the resource as it is now; used when the run may not write. */
  readonly warningsAsFound?: readonly string[];
}

/** The reason of what waits for an output of an earlier kind: it stands or falls with that kind. */
export const WAITING_FOR_OUTPUTS = 'WaitingForOutputs';

/** A difference that stays, and why: its condition does not hold until somebody acts, or an earlier kind is done. */
export interface Blocked {
  /** `NeedsReplacement`, `ForeignResource`, `WaitingForOutputs` … */
  readonly reason: string;
  /** One sentence that names the thing, with the remedy. */
  readonly message: string;
  readonly difference: Difference;
}

/** What is to be written: the differences of what is wanted and what was observed (undefined: nothing is there). */
export interface Change<Wanted, Actual> {
  readonly wanted: Wanted;
  readonly actual: Actual | undefined;
  readonly differences: readonly Difference[];
}

/** Tag that says who made a thing: the id of Main. */
export const OWNER_TAG = 'orgkeeper:owner';
/** Tag with its logical name within the account. */
export const NAME_TAG = 'orgkeeper:name';

/**
 * Reason of a create that AWS may have carried out without an answer. The next pass creates nothing of that kind before
 * `UNANSWERED_SECONDS` are over: what it made shows by then. Should it show later, the second one is seen and removed.
 */
export const UNANSWERED = 'UnansweredCreate';
export const UNANSWERED_SECONDS = 15;
