import { z } from 'zod';
import type { Cause } from './cause.ts';
import type { Exception } from './exceptions.ts';
import { splitOutputKey } from './unit.ts';

/** One field that differs, or differed, from the desired state. `action` says what was done about it. */
export interface Difference {
  /** Name of the kind: `executionRole`, `network`, `parameters`. */
  readonly kind: string;
  /** Absent for a global kind. */
  readonly region?: string;
  /** The resource in the account: a role's name, `subnet public`, a parameter's name. */
  readonly resource: string;
  /** The field of the resource: `trustPolicy`, `tags.owner`, `routes.0.0.0.0/0`; empty for the resource itself. */
  readonly path: string;
  /** JSON values; absent (undefined) if the field does not exist. Never the value of a secret. */
  readonly desired?: unknown;
  readonly actual?: unknown;
  readonly action: DifferenceAction;
  /** ISO time until which an exception leaves it as it is; its action is `reported`. */
  readonly exceptedUntil?: string;
}

/** `reported`: left alone (observe mode, plan, unowned, or a replacement would be needed). */
export type DifferenceAction = 'created' | 'updated' | 'removed' | 'reported';

/** The schema of a difference, in the table and in a plan. */
export const differenceFields = {
  kind: z.string(),
  region: z.string().exactOptional(),
  resource: z.string(),
  path: z.string(),
  desired: z.unknown().optional(),
  actual: z.unknown().optional(),
  action: z.enum(['created', 'updated', 'removed', 'reported']),
  exceptedUntil: z.string().exactOptional(),
} satisfies { readonly [K in keyof Difference]-?: z.ZodType<Difference[K]> };

/** The condition of one kind in an account, or of the access to it. Public. */
export interface Condition {
  /** `ExecutionRole`, `Network`, `Parameters`, `Access`. */
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** Absent for a global kind. */
  readonly region?: string;
  /** One PascalCase word. */
  readonly reason: string;
  /** One sentence, with the remedy where there is something to do. */
  readonly message: string;
  /** When status or reason last changed, ISO 8601 UTC. */
  readonly changedAt: string;
}

/** The condition that best explains why an account is not ready: a `False` one before an `Unknown` one. */
export function unmet(conditions: readonly Condition[]): Condition | undefined {
  return (
    conditions.find(({ status }) => status === 'False') ??
    conditions.find(({ status }) => status === 'Unknown')
  );
}

/**
 * The conditions that are not `True`, the most important first: `Access` before the kinds, then `False` before `Unknown`. Pure.
 */
export function obstacles(conditions: readonly Condition[]): Condition[] {
  const rank = ({ type, status }: Condition) => (type === 'Access' ? 0 : 2) + (status === 'False' ? 0 : 1);
  return conditions.filter(({ status }) => status !== 'True').toSorted((a, b) => rank(a) - rank(b));
}

/** `Network`, or `Network (us-west-2)` for a condition with a region. Pure. */
export function typeOf({ type, region }: Pick<Condition, 'type' | 'region'>): string {
  return region === undefined ? type : `${type} (${region})`;
}

/** Reason of `Access` after a change of the role in use was rolled back because it refused the runner. */
export const PUT_BACK = 'ChangePutBack';

/** Reasons of a kind's condition while its account retires without problems. */
export const REMOVAL_REASONS: ReadonlySet<string> = new Set(['Removed', 'Left', 'WaitingForRemoval']);

/** The result of a run. `drifted`: differences were found and left. `waiting`: no action is needed but time. */
export type PassResult = 'unchanged' | 'corrected' | 'drifted' | 'waiting' | 'failed';

/** True if the last run found differences, corrected or not. Pure. */
export function foundDifferences({
  lastPass,
}: {
  readonly lastPass?: Pick<PassRecord, 'result'> | undefined;
}): boolean {
  return lastPass?.result === 'drifted' || lastPass?.result === 'corrected';
}

/** The record of one run, saved in the status and, if it found or changed something, in the history. */
export interface PassRecord {
  readonly id: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly cause: Cause;
  readonly baseline: { readonly name: string; readonly version: number };
  readonly result: PassResult;
  readonly calls: { readonly reads: number; readonly writes: number };
  readonly differences: readonly Difference[];
  /** The number of further differences, for which the item in the table had no room; absent if there are none. */
  readonly differencesOmitted?: number;
}

/** The number of differences that a run found, with those that its record has no room for. Pure. */
export function countDifferences({
  differences,
  differencesOmitted = 0,
}: Pick<PassRecord, 'differences' | 'differencesOmitted'>): number {
  return differences.length + differencesOmitted;
}

/** An event of the outbox: saved with the status until it is sent to the bus. */
export interface Announcement {
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The home region and the baseline that the outputs belong to. */
export interface Home {
  readonly region: string;
  readonly baseline: { readonly name: string; readonly version: number };
}

/**
 * Resources that Orgkeeper made and that desired state no longer has: in a region that the account no longer lists, or of a kind
 * that its baseline dropped. They stay, and are reported, until the account is retired with its resources removed.
 */
export interface Leftover extends Home {
  /** Name of the kind. */
  readonly kind: string;
  /** `global` for a kind without regions. */
  readonly region: string;
  /** Ids of the resources, as they were recorded. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** The result of the last run. Only runs write it, once per run, on the condition that `version` is unchanged. */
export interface AccountStatus {
  readonly schemaVersion: 1;
  readonly accountId: string;
  /** Counts the saves; each save is conditional on the one that was read. */
  readonly version: number;
  readonly observedGeneration: number;
  readonly ready: boolean;
  /** Set if the account is retiring and everything that Orgkeeper made in it is gone. */
  readonly retired?: true;
  /** When the account was first ready; absent until then. */
  readonly readySince?: string;
  /** Since when the account has not been ready; absent while it is, and in a status from before this was saved. */
  readonly unreadySince?: string;
  /** Set once `AccountDegraded` has been announced, until the account is ready or its desired state changes. */
  readonly degraded?: true;
  readonly conditions: readonly Condition[];
  /** `role.arn`, `vpc.id`, `subnet.<name>.id` …: ids of what was made or found, by name. */
  readonly outputs: Readonly<Record<string, string>>;
  /**
   * Where the outputs belong; absent in a status without outputs. `inferred`: derived from the outputs of a status from before
   * homes and leftovers were saved.
   */
  readonly home?: Home & { readonly inferred?: true };
  /** Absent if there are none. */
  readonly leftovers?: readonly Leftover[];
  /**
   * Regions, and the baseline by which, where a run has begun to make things that no run has seen whole since: what it made may not
   * be recorded. Written with the lease of such a run; absent when there are none.
   */
  readonly making?: readonly Home[];
  /** The last successful access check: the role, the ExternalId with which it admitted the runner, and when. */
  readonly admitted?: { readonly roleArn: string; readonly externalId: string; readonly at: string };
  /** Unowned resources within ours, by name: each is reported once, when first seen. */
  readonly foreign: readonly string[];
  /** The exceptions that held in the last run; absent if there were none. */
  readonly exceptions?: readonly Exception[];
  /** The differences that the last run left because of these, with `exceptedUntil`; absent if there were none. */
  readonly excepted?: readonly Difference[];
  /** When to run again without a request; the key of the sparse due index. */
  readonly dueAt?: string;
  /** Since when the account has been waiting or denied, and the number of tries since: the backoff of `dueAt`. */
  readonly waiting?: {
    readonly since: string;
    readonly attempts: number;
    /** Waiting for: a new account to become usable, IAM to show a change, a resource to be created, somebody to act. */
    readonly for?: 'account' | 'consistency' | 'making' | 'remedy';
  };
  readonly lastPass?: PassRecord;
  readonly unannounced?: readonly Announcement[];
  /** What the account exports to others, by name; absent if nothing. Saved in one transaction with the items that importers read. */
  readonly exports?: Readonly<Record<string, string>>;
  /** The exports of other accounts that this one is noted to import, sorted; absent if there are none. */
  readonly imports?: readonly string[];
  /** Outbox: exports whose value has changed, and whose importers have not all been sent a work message yet. */
  readonly waking?: readonly string[];
}

/** True if the status is of a run that saw the current desired state of the account. Pure. */
export function saw(
  status: Pick<AccountStatus, 'observedGeneration'> | undefined,
  { generation }: { readonly generation: number },
): boolean {
  return status?.observedGeneration === generation;
}

/** True if the account exports or imports something, or importers may not know yet what it exports. Pure. */
export function isExchanging(
  status: Pick<AccountStatus, 'exports' | 'imports' | 'waking'> | undefined,
): boolean {
  return (status?.exports ?? status?.imports ?? status?.waking) !== undefined;
}

/**
 * Whether something that Orgkeeper made may stand in a region, as far as the runs of the account have recorded it. Pure.
 * @param known `begun` and `making`: where runs began to write, if no run has saved a status
 */
export function mayStandIn(
  region: string,
  known: {
    readonly status?: AccountStatus | undefined;
    readonly begun?: Home | undefined;
    readonly making?: readonly Home[] | undefined;
  },
): boolean {
  const {
    home = known.begun,
    leftovers = [],
    outputs = {},
    making = known.making ?? [],
  } = known.status ?? {};
  return (
    home?.region === region ||
    making.some((one) => one.region === region) ||
    leftovers.some((one) => one.region === region) ||
    Object.keys(outputs).some((key) => splitOutputKey(key)?.region === region)
  );
}

/**
 * Whether the change of the role in use that this record asks for was rolled back, and stays so until it is requested again.
 * False while the change is still tried. Pure.
 */
export function staysPutBack(
  record: { readonly generation: number },
  status: AccountStatus | undefined,
): boolean {
  if (!status || !saw(status, record)) return false;
  return status.conditions.some(
    ({ type, status, reason }) => type === 'Access' && status === 'False' && reason === PUT_BACK,
  );
}
