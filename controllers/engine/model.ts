import type { Access } from '../../shared/aws/access.ts';
import type { Main } from '../../shared/aws/main-clients.ts';
import type { MemberClients, MemberClientsOptions } from '../../shared/aws/member-clients.ts';
import type { Outages } from '../../shared/aws/outages.ts';
import type { Failed } from '../../shared/aws/queue.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { BaselineReference } from '../../shared/domain/account.ts';
import type { Holdings } from '../../shared/domain/addresses.ts';
import type { BaselineDocument } from '../../shared/domain/baseline.ts';
import type { UnreadableItem } from '../../shared/domain/errors.ts';
import type { Exception } from '../../shared/domain/exceptions.ts';
import type { AccountStatus, Condition, Difference, Home, Leftover } from '../../shared/domain/status.ts';
import type { WorkMessage } from '../../shared/domain/work.ts';
import type { PolicyInput } from '../../shared/policy/document.ts';
import type { AccountItems } from '../../shared/store/accounts.ts';
import type { AnyKind, KindAccount, Observation } from '../kinds/kind.ts';
import type { PlacedRecord } from '../kinds/kind-account.ts';

/** The time of a run. Nothing of the engine reads it otherwise. */
export interface Clock {
  readonly now: () => Date;
  readonly pause: (milliseconds: number) => Promise<void>;
}

/**
 * What every run works with; `clients` replaces those of the SDK in tests. Without `outages`, no run knows what others have found not to
 * answer.
 */
export interface RunDeps extends Clock {
  readonly config: Config;
  readonly main: Main;
  readonly access: Access;
  readonly kinds: readonly AnyKind[];
  readonly loadBaseline: LoadBaseline;
  readonly outages?: Outages;
  readonly clients?: (options: MemberClientsOptions) => MemberClients;
}

/** One message that requests a run, and the time that the run has. */
export interface RunRequest {
  readonly message: WorkMessage;
  readonly sentAt: Date;
  /** When Lambda stops the function. */
  readonly until: Date;
  /** Renews the lease while the run works; without a heartbeat, the lease holds until `until`. */
  readonly heartbeat?: Heartbeat;
  /** The message is not redelivered any more: a failure that passes by itself is parked with a due time. */
  readonly lastReceive: boolean;
}

/** What happens after a run. */
export type Next =
  | { readonly is: 'done' }
  /** The due time runs the account again after so many seconds, without this message. */
  | { readonly is: 'after'; readonly seconds: number }
  /** The message is redelivered, after a pause that doubles (shared/aws/queue.ts). */
  | { readonly is: 'backoff'; readonly why: Failed }
  /** Only a change of desired state, or a sweep, runs the account again. */
  | { readonly is: 'never' };

/** The outcome of a run. A failure that does not pass by itself is in the status, and the message is done. */
export type RunOutcome =
  | { readonly did: 'skipped'; readonly why: string }
  /** An item of the account cannot be read: nothing was observed. */
  | { readonly did: 'stopped'; readonly item: UnreadableItem }
  | {
      readonly did: 'ran';
      readonly status: AccountStatus;
      /** Seconds from the event to the account being ready for the first time. */
      readonly secondsToReady?: number;
      readonly next: Next;
      /** A failure that passes by itself, if any. */
      readonly retry?: unknown;
    };

/** Where the resources that the outputs name are, and which resources desired state dropped. A run updates it. */
export interface Stands {
  home: Home | undefined;
  leftovers: readonly Leftover[];
  /** Where runs, this one included, may have made what is not recorded. */
  making: readonly Home[];
  /** The address blocks that the account held when the run began. */
  holdings?: Holdings;
}

/** A run in progress. */
export interface Run {
  readonly id: string;
  readonly startedAt: Date;
  readonly request: RunRequest;
  readonly record: PlacedRecord;
  readonly before: AccountStatus | undefined;
  readonly control: AccountItems['control'];
  /** Regions in which the account is managed; the first is its home region. */
  readonly regions: readonly [string, ...string[]];
  /** The home region, including global kinds. */
  readonly place: Workplace;
  /** Outputs of the other regions, by the names that they have in the home region. */
  readonly elsewhere: Map<string, Record<string, string>>;
  /** Saved with the outputs. */
  readonly stands: Stands;
  readonly gate: CallGate;
  readonly calls: { reads: number; writes: number };
}

/** One account in one region, as kinds work on it. `outputs` grows as resources are found and created. */
export interface Workplace {
  readonly record: PlacedRecord;
  readonly config: Config;
  readonly outputs: Record<string, string>;
  readonly clock: Clock;
  /** The exceptions of the account that held when the run began; absent if there are none. */
  readonly exceptions?: readonly Exception[];
  /** Resolves `${…}` names of other regions and kinds; without it, only `outputs` are known. */
  readonly site?: Site;
}

/** The region of a place among the regions of its account. */
export interface Site {
  readonly region: string;
  readonly home: string;
  readonly managed: readonly ManagedKind[];
  /** Outputs of a region of the account, by the names that they have in the home region. */
  outputsIn(region: string): Readonly<Record<string, string>> | undefined;
}

/** A kind that has been observed. */
export interface ObservedUnit extends ManagedKind {
  readonly account: KindAccount;
  readonly observation: Observation<unknown> | { readonly state: 'failed'; readonly error: unknown };
}

/**
 * Limits the calls of a run: no call starts after its deadline, and no writing call without a valid lease. Every call into the
 * account passes `check` first.
 */
export interface CallGate {
  /** No call into the account starts or is retried after this time. */
  readonly deadline: Date;
  isOver(): boolean;
  /** @throws OutOfTime after the deadline; Conflict for a writing call after the lease was lost */
  check(call: { readonly writes: boolean }): void;
  /** Sets when the lease expires; undefined if another run has it. */
  leased(until: Date | undefined): void;
  /** True once the run has had the lease. */
  hasLeased(): boolean;
  /** Registers work to finish before the status is saved. */
  beforeEnd(stop: () => Promise<void>): void;
  end(): Promise<void>;
  /** Lets a changed role be verified, and put back if need be, after the deadline. */
  finishing(): void;
}

/** The heartbeat of a run, so that another run follows a killed one within 40 s. */
export interface Heartbeat {
  /** When the last beat began. */
  lastBeat(): Date;
  /** Adds a call to each beat, before the others. */
  also(say: () => Promise<void>): void;
  /** Stops it; no call is in progress afterwards. */
  stop(): Promise<void>;
}

/** Result of assuming the execution role as the runner. */
export type Verdict = { readonly ok: true } | ({ readonly ok: false } & Diagnosis);

/** What is wrong with a role, for the condition `Access`. */
export interface Diagnosis {
  readonly reason: string;
  /** One sentence, with the remedy. */
  readonly message: string;
  /** True if the current trust policy explains the result; otherwise IAM may not be consistent yet. */
  readonly explained: boolean;
  /** True if the role cannot be assumed at all. */
  readonly refused: boolean;
}

/** The execution role as far as it is known, and whom it must admit. */
export interface RoleInQuestion {
  readonly accountId: string;
  readonly roleArn: string;
  readonly runnerRoleArn: string;
  /** Organization of the runner. */
  readonly organizationId: string;
  /** Region of the STS endpoint. */
  readonly region: string;
  readonly externalId: string;
  /** Names of roles that IAM lets Main assume. */
  readonly executionRolePattern: string;
  /** True if runs enter the account by this role, which its owner created. */
  readonly entered: boolean;
  /** Its trust policy; `none` if the account has no such role; absent if unknown. */
  readonly trust?: PolicyInput | 'none';
}

/** A condition without the time of its last change. */
export type Finding = Omit<Condition, 'changedAt'>;

/** Why differences were left as they are. An unreadable item is the one that would say what is paused. */
export type Suspension = 'Observed' | 'Paused' | 'SweepStopped' | UnreadableItem;

/** What a run found and did. */
export interface Findings {
  readonly outcomes: readonly UnitOutcome[];
  readonly hold?: Suspension;
  /** Result of verifying the role; absent if it was not verified. */
  readonly verdict?: Verdict;
  /** The verified role, and the ExternalId that it accepts. */
  readonly admitted?: { readonly roleArn: string; readonly externalId: string };
  /** Conditions that no outcome of a unit implies. */
  readonly findings: readonly Finding[];
  /** What the account exports now, by name, and the exports of others that it imports; absent where that could not be known. */
  readonly exchanged?: {
    readonly exports: Readonly<Record<string, string>>;
    readonly imports: readonly string[];
  };
  /** True if the account is retiring and nothing of ours is left in it. */
  readonly retired?: boolean;
  /** Failures outside of units, each with the type of its condition. */
  readonly failures: readonly { readonly type: string; readonly error: unknown }[];
}

/** The outcome of one unit. */
export interface UnitOutcome {
  readonly kind: AnyKind;
  /** Region of the unit, if the account has several; absent for a global kind. */
  readonly region?: string;
  /** Written differences, and, with action `reported`, those that were not written, blocked ones included. */
  readonly differences: readonly Difference[];
  /** Differences that are left because of an exception, with the action `reported`; absent if there are none. */
  readonly excepted?: readonly Difference[];
  /** Unowned additions within our resources. */
  readonly unowned: readonly Difference[];
  /** Warnings to show whatever the state. */
  readonly warnings?: readonly string[];
  /** Seconds until the account is to be run again although nothing is wrong. */
  readonly runAgainAfterSeconds?: number;
  readonly state:
    | { readonly is: 'inDesiredState'; readonly note?: string }
    /** Differs, and the run may not write. */
    | { readonly is: 'held' }
    | { readonly is: 'blocked'; readonly reason: string; readonly message: string }
    | { readonly is: 'pending'; readonly message: string; readonly retryAfterSeconds: number }
    | { readonly is: 'failed'; readonly error: unknown }
    /** Of a retiring account: our resources are removed, or stay on purpose. */
    | { readonly is: 'removed'; readonly reason: 'Removed' | 'Left'; readonly message: string };
  /** Of the kind of the execution role: the existing role, otherwise the desired one, and the current trust policy; `none` without a role. */
  readonly role?: { readonly arn: string; readonly trust: PolicyInput | 'none' };
  /** Of that kind, if it changed the trust or may have: puts back the trust that admitted us before. */
  readonly restore?: () => Promise<void>;
}

/** Loads a baseline version; undefined if it was never published. */
export type LoadBaseline = (reference: BaselineReference) => Promise<BaselineDocument | undefined>;

/** A kind, with its section of the account's baseline. */
export interface ManagedKind {
  readonly kind: AnyKind;
  readonly section: unknown;
}
