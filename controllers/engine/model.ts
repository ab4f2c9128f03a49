import type { Access } from '../../shared/aws/access.ts';
import type { Main } from '../../shared/aws/main-clients.ts';
import type { MemberClients, MemberClientsOptions } from '../../shared/aws/member-clients.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord, BaselineReference } from '../../shared/domain/account.ts';
import type { Holdings } from '../../shared/domain/addresses.ts';
import type { BaselineDocument } from '../../shared/domain/baseline.ts';
import type { UnreadableItem } from '../../shared/domain/errors.ts';
import type { AccountStatus, Condition, Difference, Home, Leftover } from '../../shared/domain/status.ts';
import type { WorkMessage } from '../../shared/domain/work.ts';
import type { PolicyInput } from '../../shared/policy/document.ts';
import type { AccountItems } from '../../shared/store/accounts.ts';
import type { AnyKind, KindAccount, Observation } from '../kinds/kind.ts';

/** The time of a run. Nothing of the engine reads it otherwise. */
export interface Clock {
  readonly now: () => Date;
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** What every run works with; `clients` replaces those of the SDK in tests. */
export interface RunDeps extends Clock {
  readonly config: Config;
  readonly main: Main;
  readonly access: Access;
  readonly kinds: readonly AnyKind[];
  readonly loadBaseline: LoadBaseline;
  readonly clients?: (options: MemberClientsOptions) => MemberClients;
}

/** What asks for a run: one message, and how long there is time for it. */
export interface RunRequest {
  readonly message: WorkMessage;
  readonly sentAt: Date;
  /** When the function ends. */
  readonly until: Date;
  /** Renews the lease while the run works; without it, a lease holds until the function ends. */
  readonly heartbeat?: Heartbeat;
  /** The message will not come again: what fails for a passing reason is parked with a due time. */
  readonly lastReceive: boolean;
}

/** What happens next. */
export type Next =
  | { readonly is: 'done' }
  /** Tried again so many seconds later, without a new message. */
  | { readonly is: 'after'; readonly seconds: number }
  /** The message is delivered again, after a pause that doubles up to ten minutes (shared/aws/queue.ts). */
  | { readonly is: 'backoff' }
  /** Tried again only when desired state changes, or by a sweep. */
  | { readonly is: 'never' };

/** What became of a run. What failed for good is in the status, and the message is done. */
export type RunOutcome =
  | { readonly did: 'skipped'; readonly why: string }
  /** An item of the account cannot be read: nothing was looked at. */
  | { readonly did: 'stopped'; readonly item: UnreadableItem }
  | {
      readonly did: 'ran';
      readonly status: AccountStatus;
      /** From its event on, of an account that is ready for the first time. */
      readonly secondsToReady?: number;
      readonly next: Next;
      /** A failure that passes by itself, if there was one. */
      readonly retry?: unknown;
    };

/** Where what the outputs of an account name stands, and what desired state no longer has. A run changes it. */
export interface Stands {
  home: Home | undefined;
  leftovers: readonly Leftover[];
  /** The blocks of addresses that the account held when the run began. */
  holdings?: Holdings;
}

/** One run under way. */
export interface Run {
  readonly id: string;
  readonly startedAt: Date;
  readonly request: RunRequest;
  readonly record: AccountRecord;
  readonly before: AccountStatus | undefined;
  readonly control: AccountItems['control'];
  /** Where the account is managed; the first is its home region. */
  readonly regions: readonly [string, ...string[]];
  /** The home region, with what has no region. */
  readonly place: Workplace;
  /** Outputs of the other regions, under the names that they have at home. */
  readonly elsewhere: Map<string, Record<string, string>>;
  /** Where what the outputs name stands, and what desired state no longer has; saved with the outputs. */
  readonly stands: Stands;
  readonly gate: CallGate;
  readonly calls: { reads: number; writes: number };
}

/** One account as the kinds of a run work on it. `outputs` grows as things are found and made. */
export interface Workplace {
  readonly record: AccountRecord;
  readonly config: Config;
  readonly outputs: Record<string, string>;
  readonly clock: Clock;
  /** What `${…}` names mean here; absent where nothing but its own outputs is known. */
  readonly site?: Site;
}

/** Where a place is among the regions of its account. */
export interface Site {
  readonly region: string;
  readonly home: string;
  readonly managed: readonly ManagedKind[];
  /** Outputs of a region of the account, under the names that they have at home. */
  outputsIn(region: string): Readonly<Record<string, string>> | undefined;
}

/** A kind that has been looked at. */
export interface ObservedUnit extends ManagedKind {
  readonly account: KindAccount;
  readonly observation: Observation<unknown> | { readonly state: 'failed'; readonly error: unknown };
}

/**
 * How long a run goes on: until its time is nearly over, and with writing as long as its lease holds. Every call into
 * the account asks here first.
 */
export interface CallGate {
  /** No call into the account begins after that, and none is tried again. */
  readonly deadline: Date;
  isOver(): boolean;
  /** @throws OutOfTime; Conflict for a call that writes where the lease was lost */
  check(call: { readonly writes: boolean }): void;
  /** The lease holds until then, as far as this run knows; undefined when somebody else has it. */
  leased(until: Date | undefined): void;
  /** To be done before the end of the run is saved: what runs beside it stops. */
  beforeEnd(stop: () => Promise<void>): void;
  end(): Promise<void>;
  /** What was changed is verified, and put back where need be, although the time is nearly over. */
  finishing(): void;
}

/** What a run says while it works, so that one that is killed starts again within the minute. */
export interface Heartbeat {
  /** Says this too, before all else, with each beat. */
  also(say: () => Promise<void>): void;
  /** Ends it; nothing is on its way any more afterwards. */
  stop(): Promise<void>;
}

/** What the execution role admits, as tried by the runner. */
export type Verdict = { readonly ok: true } | ({ readonly ok: false } & Diagnosis);

/** What is wrong with a role, for the condition `Access`. */
export interface Diagnosis {
  readonly reason: string;
  /** One sentence with the remedy. */
  readonly message: string;
  /** The trust policy that stands says so too; else it may be a change that IAM does not show everywhere yet. */
  readonly explained: boolean;
  /** True when it cannot be assumed at all. */
  readonly refused: boolean;
}

/** The execution role as far as it is known, and who is to be admitted by it. */
export interface RoleInQuestion {
  readonly accountId: string;
  readonly roleArn: string;
  readonly runnerRoleArn: string;
  /** The runner's organization. */
  readonly organizationId: string;
  /** Where STS is asked. */
  readonly region: string;
  readonly externalId: string;
  /** What IAM lets Main assume. */
  readonly executionRolePattern: string;
  /** True when the account is entered by this role, which its owner made. */
  readonly entered: boolean;
  /** Its trust policy; `none` when the account has no such role; absent when nobody could look. */
  readonly trust?: PolicyInput | 'none';
}

/** A condition before it is known when it last changed. */
export type Finding = Omit<Condition, 'changedAt'>;

/** Why differences were left as they are; where it cannot be read whether to write, the item that would say. */
export type Suspension = 'Observed' | 'Paused' | 'SweepStopped' | UnreadableItem;

/** What a run found out and did. */
export interface Findings {
  readonly outcomes: readonly UnitOutcome[];
  readonly hold?: Suspension;
  /** What the role admits, when it was tried. */
  readonly verdict?: Verdict;
  /** The role that was verified, and the ExternalId that it takes. */
  readonly admitted?: { readonly roleArn: string; readonly externalId: string };
  /** Conditions that no kind's outcome stands for. */
  readonly findings: readonly Finding[];
  /** Nothing of ours is in the account any more, and it was asked for. */
  readonly retired?: boolean;
  /** Failures outside the kinds, each with the condition that it is about. */
  readonly failures: readonly { readonly type: string; readonly error: unknown }[];
}

/** What became of one kind in a run. */
export interface UnitOutcome {
  readonly kind: AnyKind;
  /** Where the account has several regions: the one that the unit is in. Absent for what has none. */
  readonly region?: string;
  /** Written, or with action `reported` when nothing was to be written; those that are blocked included. */
  readonly differences: readonly Difference[];
  /** What others added within ours. */
  readonly unowned: readonly Difference[];
  /** What should be known whatever the state. */
  readonly warnings?: readonly string[];
  readonly state:
    | { readonly is: 'inDesiredState'; readonly note?: string }
    /** Differs, and was left so: why. */
    | { readonly is: 'held' }
    | { readonly is: 'blocked'; readonly reason: string; readonly message: string }
    | { readonly is: 'pending'; readonly message: string; readonly retryAfterSeconds: number }
    | { readonly is: 'failed'; readonly error: unknown }
    /** Of a retiring account: nothing of ours is there any more, or what is there stays. */
    | { readonly is: 'removed'; readonly reason: 'Removed' | 'Left'; readonly message: string };
  /** Of the kind that verifies access: the role that stands, else the one that is wanted, and the trust policy that stands now; `none` without a role. */
  readonly role?: { readonly arn: string; readonly trust: PolicyInput | 'none' };
  /** Of that kind, when it changed whom the role admits, or may have: puts the trust back that admitted us before. */
  readonly restore?: () => Promise<void>;
}

/** Gives a baseline at a version; undefined when it was never published. */
export type LoadBaseline = (reference: BaselineReference) => Promise<BaselineDocument | undefined>;

/** A kind together with what the account's baseline says of it. */
export interface ManagedKind {
  readonly kind: AnyKind;
  readonly section: unknown;
}
