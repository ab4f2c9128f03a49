import type { z } from 'zod';
import type { Command } from '../../shared/aws/actions.ts';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import type { RolePolicyQuotas } from '../../shared/deployment/config.ts';
import type { AddressPool } from '../../shared/domain/address-pool.ts';
import type { WantedCluster } from '../../shared/domain/clusters.ts';
import type { PathProblem } from '../../shared/domain/document-problems.ts';
import type { Problem } from '../../shared/domain/errors.ts';
import type { Lookup } from '../../shared/domain/interpolate.ts';
import type { Announcement, Difference } from '../../shared/domain/status.ts';
import type { PolicyInput } from '../../shared/policy/document.ts';

/**
 * A kind is one type of thing that is managed in an account: execution role, network, parameters. This interface is its whole
 * contract; test/conformance tests every kind against it. A new kind is one folder here and one line in index.ts.
 *
 * A run observes all units (kinds in their regions) at once (`observe`). Then it corrects them side by side, each after the units
 * whose outputs its section names: `render` with the outputs known by then, `diff`, and `apply` if something differs. A kind gets
 * clients with credentials; it never assumes a role.
 *
 * @template Section the kind's section of a baseline, as `section` parses it
 * @template Wanted  the desired state of one account: the section with every `${…}` filled in
 * @template Actual  the observed state of the account
 */
export interface Kind<Section, Wanted, Actual> {
  /** Key of its section in a baseline, and `kind` in differences: `executionRole`. */
  readonly name: string;
  /** `global`: once in an account (IAM). `regional`: once in each region of the account. */
  readonly scope: 'global' | 'regional';
  /** Schema of its section; strict: unknown keys are errors. */
  readonly section: z.ZodType<Section>;
  /**
   * Exactly the calls that the kind makes, by the SDK's names. Session policies, the member template and tests are derived from
   * them; shared/aws/actions.ts maps them where IAM's names differ.
   */
  readonly permissions: Permissions<Wanted>;
  /** Present for the kind of the role that Main assumes. */
  readonly entryRole?: EntryRole<Wanted, Actual>;
  /**
   * Present for a kind that works through the account's execution role with its ExternalId, instead of the access role. Its units wait
   * until a run has verified that role, and are removed before it.
   */
  readonly entersBy?: 'executionRole';
  /** Present if every account has the thing: Orgkeeper takes it over and gives it back, instead of creating and removing it. */
  readonly setting?: Setting<Actual>;
  /** Present for a kind that needs a block of addresses for each account and region. */
  readonly pool?: Pool<Section>;
  /** Present for a kind whose resources are independent of each other. */
  readonly parts?: Parts<Wanted>;
  /** Present for a kind whose differences may be left for a time (shared/domain/exceptions.ts); those of other kinds never are. */
  readonly exceptions?: Exceptions;
  /** Present for a kind in whose place an account may have resources of its own. */
  readonly broughtAlong?: BroughtAlong;
  /**
   * Pure. For regional kinds: the parts of a section that name something which only one region has. A baseline that lists several
   * regions cannot be published with them.
   */
  readonly ofOneRegion?: (section: Section) => readonly PathProblem[];
  /** Pure. Present for a kind that lets principals in or out: the access that its section intends, for reviews of access. */
  readonly access?: (wanted: Wanted) => IntendedAccess;
  /** Matches `${…}` names that AWS fills in, not Orgkeeper: IAM's policy variables. */
  readonly namesForAws?: RegExp;
  /** Names of the outputs that other kinds may use as `${…}`, for this section: `vpc.id`, `subnet.public.id`. */
  outputNames(section: Section): readonly string[];
  /** The number of outputs in a place that have no such names; absent if there are none, or few. */
  readonly unnamedOutputs?: (section: Section) => number;
  /**
   * Pure. Fills in the names. A name that `lookup` does not know stays as `${…}` and must not be written.
   * Throws InvalidDesiredState, with problems by path, if AWS would refuse the result.
   */
  render(section: Section, lookup: Lookup, account: KindAccount): Wanted;
  /** Reads the account; changes nothing. Sends all calls at once that do not need each other's answers. */
  observe(wanted: Wanted, context: KindContext): Promise<Observation<Actual>>;
  /** Pure. The outputs that follow from the observed state. */
  outputs(actual: Actual): Readonly<Record<string, string>>;
  /** Pure. Compares desired and observed state; `actual` is undefined if nothing is there. Without differences no call is made. */
  diff(wanted: Wanted, actual: Actual | undefined): Comparison;
  /**
   * Writes the differences, and nothing else. Idempotent, and safe to repeat after a crash at any call. Records each resource as
   * soon as it is created (`context.record`), and reports each difference that is written (`context.wrote`), so that after a
   * failure the others are reported as not written.
   */
  apply(change: Change<Wanted, Actual>, context: WritingContext): Promise<void>;
  /**
   * Removes exactly what Orgkeeper made, in reverse order; safe to repeat. Throws ForeignResource (reason `InUse`, naming what
   * is in the way) if something else depends on a resource. Never changes unowned resources.
   */
  remove(wanted: Wanted, context: KindContext): Promise<void>;
  /** Pure. The recorded outputs that show what Orgkeeper made of this kind; empty if it made nothing. */
  made(recorded: Readonly<Record<string, string>>): Record<string, string>;
  /**
   * Pure. The events that follow from a change of what is recorded, from the run before to this one: of one region, by the names of
   * the home region. The engine adds what every announcement says.
   */
  announcements?(
    before: Readonly<Record<string, string>>,
    after: Readonly<Record<string, string>>,
  ): readonly Announcement[];
}

/** The type of a kind's condition in an account's status: the kind's name with a capital, `ExecutionRole`. Pure. */
export function conditionOf({ name }: { readonly name: string }): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The ARNs to which a kind's writes are limited; `['*']` if they are not known beforehand. Pure. */
export function resourcesOf(
  { permissions }: AnyKind,
  wanted: unknown,
  account: KindAccount,
  recorded: Readonly<Record<string, string>>,
): readonly string[] {
  return permissions.resources?.(wanted, account, recorded) ?? ['*'];
}

/** The calls of a kind, by the SDK's names. */
export interface Permissions<Wanted> {
  readonly read: readonly Command[];
  readonly write: readonly Command[];
  /** Of these calls, those that the kind can do without: the owner of an account need not grant them. */
  readonly tried?: readonly Command[];
  /** Pure. The ARNs to which writes are limited, by desired state and recorded outputs; absent if not known beforehand. */
  resources?(
    wanted: Wanted,
    account: KindAccount,
    recorded: Readonly<Record<string, string>>,
  ): readonly string[];
  /** Where `resources` limits writes: the IAM actions that AWS decides without a resource, which are allowed on all. */
  readonly onAnyResource?: readonly string[];
}

/** The role that Main assumes. After each change of it the engine verifies that the runner, and nobody else, can assume it. */
export interface EntryRole<Wanted, Actual> {
  /** Path of the trust policy's difference. */
  readonly trustPath: string;
  /** Pure. The role's ARN and trust policy, desired or observed. */
  read(role: Wanted | Actual): { readonly arn: string; readonly trust: PolicyInput };
  /** Pure. ARN of the role that Orgkeeper made or manages, by recorded outputs; undefined if none is recorded. */
  arnIn(recorded: Readonly<Record<string, string>>): string | undefined;
  /** Puts back the trust policy from before a change that locked Orgkeeper out. Safe to repeat. */
  putBack(change: Change<Wanted, Actual>, context: KindContext): Promise<void>;
  /** Pure. ARNs, from outputs, of roles that Orgkeeper made and the baseline no longer names. `remove` removes them, too. */
  former(wanted: Wanted, recorded: Readonly<Record<string, string>>): readonly string[];
}

/**
 * Something that every account has, so that it is never `absent`. Its previous value is recorded when Orgkeeper takes it over,
 * before the first change (`takenOver`). `remove` restores the previous value and deletes the record of it.
 */
export interface Setting<Actual> {
  /** Name of the output that holds the previous value, one of those that `made` returns: `publicAccessBlock.before`. */
  readonly output: string;
  /** Pure. The value as a text from which `remove` can restore it; equal values give equal texts. */
  textOf(actual: Actual): string;
}

/**
 * The outputs with the previous value of a setting that is taken over. Empty for a kind that is not a setting, and for a setting
 * that was taken over before. Pure.
 *
 * The previous value must be saved before the first change, or a crash would lose it. So the run that takes a setting over writes
 * nothing; if something differs, the next run corrects it.
 */
export function takenOver(
  { setting }: AnyKind,
  actual: unknown,
  recorded: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | undefined {
  if (!setting || actual === undefined || recorded[setting.output] !== undefined) return undefined;
  return { [setting.output]: setting.textOf(actual) };
}

/** A named pool, from which each account gets a block for each region: `${address.cidr}` once the block is claimed. */
export interface Pool<Section> {
  /** Pure. The pool that a section names; undefined if it names none. */
  of(section: Section): AddressPool | undefined;
}

/** Resources that are managed independently: one that AWS would refuse is blocked, the others are managed. */
export interface Parts<Wanted> {
  /** Pure. What AWS would refuse of the rendered result, by path. A baseline with such problems cannot be published. */
  problems(wanted: Wanted): readonly Problem[];
}

/** Which differences may be left as they are while others are written. */
export interface Exceptions {
  /**
   * By pattern of a difference's path (`*` is any text; empty: the resource itself is missing or too many). The first that matches
   * counts; a difference that none matches is never left.
   */
  readonly fields: Readonly<Record<string, Leaving>>;
  /**
   * Pure. True if `other` cannot be written rightly while `left` is left: one call writes both, or `other` needs what `left` would
   * make. Absent: each difference can be written without the others.
   */
  readonly goesWith?: (other: Difference, left: Difference) => boolean;
}

/** Whether a difference may be left. `knowingly`: that may let somebody in, so the exception must say that its author knows. */
export type Leaving = 'freely' | 'knowingly' | 'never';

/** Resources that an account may have of its own: Orgkeeper checks them and never changes them. */
export interface BroughtAlong {
  /**
   * Pure. True if the account has its own resources in place of those in `made`, which are then no longer managed. If `made` is
   * empty: true if the account has its own.
   */
  supersedes(made: Readonly<Record<string, string>>, account: Pick<KindAccount, 'network'>): boolean;
}

/** Access that a section intends, as the IAM and the buckets of the account show it once it stands. */
export interface IntendedAccess {
  readonly roles?: readonly IntendedRole[];
  /** A policy that a user, group or role has, by its name without its path. */
  readonly grants?: readonly {
    readonly type: 'user' | 'group' | 'role';
    readonly name: string;
    readonly policy: PolicyInput;
  }[];
  /** By the name of a bucket: the statements of ours in its policy. */
  readonly buckets?: readonly { readonly name: string; readonly policy: PolicyInput }[];
}

/** A role that a section intends: who may assume it, and with which permissions. */
export interface IntendedRole {
  readonly arn: string;
  readonly trust: PolicyInput;
  /** Inline policies. */
  readonly policies: readonly PolicyInput[];
  /** ARNs. */
  readonly managedPolicies: readonly string[];
  readonly permissionsBoundary?: string;
}

/** A kind in a list of kinds, whatever its types. */
// biome-ignore lint/suspicious/noExplicitAny: existential: Section, Wanted and Actual are consistent within one kind
export type AnyKind = Kind<any, any, any>;

/** The account as kinds see it: facts from the record and the deployment, none that were observed. */
export interface KindAccount {
  readonly accountId: string;
  readonly partition: string;
  readonly region: string;
  /** Value of the tag `orgkeeper:owner` on everything we make: the id of the Main account. */
  readonly owner: string;
  /** The role names that IAM lets Main assume; absent if no deployment is known, and for removal. */
  readonly executionRolePattern?: string;
  /** AWS's quotas for one role; absent if no deployment is known: the highest quotas that AWS grants apply. */
  readonly rolePolicyQuotas?: RolePolicyQuotas;
  /** Present for an invited account: it is entered by its execution role, which its owner made. */
  readonly entry?: Entry;
  /** Present for an account with its own network. */
  readonly network?: { readonly vpcId: string; readonly subnetIds: readonly string[] };
  /** The regions of the account besides `region`, which is its home region then; absent if there are none, and in the other regions. */
  readonly otherRegions?: readonly string[];
  /** The clusters that were requested for its region; absent if there are none. */
  readonly clusters?: readonly WantedCluster[];
}

/** The execution role by which an account is entered, and what the role needs so that Orgkeeper can enter the account again. */
export interface Entry {
  readonly roleArn: string;
  /** The role that must be able to assume it. */
  readonly runnerRoleArn: string;
  readonly organizationId: string;
  /** The region of the STS endpoint that is called. */
  readonly stsRegion: string;
  readonly externalId: string;
  /** What Orgkeeper itself needs in the account; a policy of the role if Orgkeeper manages the role. */
  readonly policy: PolicyDocument;
  /** The same without changing the role: what an owner-managed role must allow. */
  readonly required: PolicyDocument;
  /**
   * Actions about the regions of the account, allowed if Orgkeeper manages the role. They are optional: without them Orgkeeper
   * reports less precisely why a region does not answer, and enables no regions.
   */
  readonly aboutRegions: readonly string[];
  /** Actions of reviews of access, allowed if Orgkeeper manages the role. Optional, too: without them the account has no reviews. */
  readonly forReviews: readonly string[];
}

/** A policy document as a JSON value. */
export type PolicyDocument = Readonly<Record<string, unknown>>;

/** What a kind gets for one account: clients with credentials for the account, and the recorded outputs. */
export interface KindContext {
  readonly account: KindAccount;
  /** With credentials that allow reading in `observe`, and this kind's writes in `apply`. */
  readonly clients: MemberClients;
  /** Outputs (ids) recorded by earlier runs, and by this one so far. */
  readonly recorded: Readonly<Record<string, string>>;
  /** The clock, because AWS may not list a resource yet that was created a moment ago. */
  readonly now: () => Date;
  /** Records outputs, which are saved even if the run fails later; undefined removes an output. */
  readonly record: (outputs: Readonly<Record<string, string | undefined>>) => void;
  /**
   * Repeats a call for up to 10 s, with growing delays, while it fails with NotYetConsistent or an AWS error that `alsoWhen`
   * names. Then throws NotYetConsistent, and a later run continues.
   */
  readonly eventually: <T>(call: () => Promise<T>, alsoWhen?: readonly string[]) => Promise<T>;
}

/** What `apply` gets in addition. */
export interface WritingContext extends KindContext {
  /** Reports that these differences are written. */
  readonly wrote: (differences: readonly Difference[]) => void;
}

/** The observed state. */
export type Observation<Actual> =
  | { readonly state: 'absent' }
  /** AWS is still creating a resource of ours: the run writes nothing and observes again after some seconds. */
  | { readonly state: 'pending'; readonly message: string; readonly retryAfterSeconds: number }
  /** An unowned resource is in the place of ours: it is never changed. */
  | { readonly state: 'unowned'; readonly message: string; readonly remedy: string }
  | { readonly state: 'present'; readonly actual: Actual };

/** The differences, by what Orgkeeper may do about them. */
export interface Comparison {
  /** Differences that `apply` writes. */
  readonly differences: readonly Difference[];
  /** Differences that AWS cannot change in place, or that must not be written; their action is `reported`. */
  readonly blocked: readonly Blocked[];
  /** What others added to our resources; it stays and is reported once, with action `reported`. */
  readonly unowned: readonly Difference[];
  /** One sentence for the condition if nothing differs. */
  readonly note?: string;
  /** Warnings about desired state; each begins with one PascalCase word. */
  readonly warnings?: readonly string[];
  /** Warnings about the resource as it is now; used when the run may not write. */
  readonly warningsAsFound?: readonly string[];
  /** Seconds until the account is to be run again although nothing is wrong: something ends then, or may have changed. */
  readonly runAgainAfterSeconds?: number;
}

/** The reason of a resource that waits for an output of another kind. */
export const WAITING_FOR_OUTPUTS = 'WaitingForOutputs';

/** A difference that is not written, and why. The condition stays false until somebody acts, or another kind is done. */
export interface Blocked {
  /** `NeedsReplacement`, `ForeignResource`, `WaitingForOutputs` … */
  readonly reason: string;
  /** One sentence that names the resource, with the remedy. */
  readonly message: string;
  readonly difference: Difference;
  /** Names of the `${…}` that have no value yet, if that is what is in the way. */
  readonly waitsFor?: readonly string[];
}

/** The differences to write, with desired and observed state (undefined if nothing is there). */
export interface Change<Wanted, Actual> {
  readonly wanted: Wanted;
  readonly actual: Actual | undefined;
  readonly differences: readonly Difference[];
}

/** The tag with the owner of a resource: the id of the Main account. */
export const OWNER_TAG = 'orgkeeper:owner';
/** The tag with the logical name of a resource within the account. */
export const NAME_TAG = 'orgkeeper:name';

/**
 * The reason of a create call that AWS may have carried out although no answer came. The unit creates nothing for
 * `UNANSWERED_SECONDS`: by then AWS lists what it has created. If AWS lists it later still, the second resource is found and removed.
 */
export const UNANSWERED = 'UnansweredCreate';
export const UNANSWERED_SECONDS = 15;
