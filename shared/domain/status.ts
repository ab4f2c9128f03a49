import { z } from 'zod';
import type { Cause } from './cause.ts';

/** One field that is, or was, not as desired. `action` says what was done about it. */
export interface Difference {
  /** Name of the kind: `executionRole`, `network`, `parameters`. */
  readonly kind: string;
  /** Of what stands in a region. */
  readonly region?: string;
  /** The thing in the account: a role's name, `subnet public`, a parameter's name. */
  readonly resource: string;
  /** The field within it: `trustPolicy`, `tags.owner`, `routes.0.0.0.0/0`; empty for the thing itself. */
  readonly path: string;
  /** JSON values; absent (undefined) means that it is not there. Values of secrets never stand here. */
  readonly desired?: unknown;
  readonly actual?: unknown;
  readonly action: DifferenceAction;
}

/** `reported`: seen and left alone (observe mode, plan, not ours, needs replacement). */
export type DifferenceAction = 'created' | 'updated' | 'removed' | 'reported';

/** A difference as it is read, from the table and from whoever answers for a plan. */
export const differenceFields = {
  kind: z.string(),
  region: z.string().exactOptional(),
  resource: z.string(),
  path: z.string(),
  desired: z.unknown().optional(),
  actual: z.unknown().optional(),
  action: z.enum(['created', 'updated', 'removed', 'reported']),
} satisfies { readonly [K in keyof Difference]-?: z.ZodType<Difference[K]> };

/** What is to be known of one thing about an account: a kind, or whether it can be entered. Public. */
export interface Condition {
  /** `ExecutionRole`, `Network`, `Parameters`, `Access`. */
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** Of what stands in a region; absent for what has none. */
  readonly region?: string;
  /** One PascalCase word. */
  readonly reason: string;
  /** One sentence, with the remedy where there is something to do. */
  readonly message: string;
  /** When status or reason last changed, ISO 8601 UTC. */
  readonly changedAt: string;
}

/** The condition that says best what stands in the way: one that does not hold before one that is not known. */
export function unmet(conditions: readonly Condition[]): Condition | undefined {
  return (
    conditions.find(({ status }) => status === 'False') ??
    conditions.find(({ status }) => status === 'Unknown')
  );
}

/** Reason of `Access` after a change of the role in use was put back, since the runner was refused with it. */
export const PUT_BACK = 'ChangePutBack';

/** Reasons of a kind's condition while its account retires, where nothing stands in the way. */
export const REMOVAL_REASONS: ReadonlySet<string> = new Set(['Removed', 'Left', 'WaitingForRemoval']);

/** What a pass came to. `drifted`: differences were seen and left. `waiting`: time alone mends it. */
export type PassResult = 'unchanged' | 'corrected' | 'drifted' | 'waiting' | 'failed';

/** The record of one pass, kept in the status and, when it found or changed something, in the history. */
export interface PassRecord {
  readonly id: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly cause: Cause;
  readonly baseline: { readonly name: string; readonly version: number };
  readonly result: PassResult;
  readonly calls: { readonly reads: number; readonly writes: number };
  readonly differences: readonly Difference[];
}

/** An event that a pass owes to the bus; it is kept with the status until it is sent. */
export interface Announcement {
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Where and by which baseline what the outputs name is kept. */
export interface Home {
  readonly region: string;
  readonly baseline: { readonly name: string; readonly version: number };
}

/**
 * What Orgkeeper made of a kind, where desired state no longer has it: in a region that the account no longer names, or
 * of a kind that its baseline dropped. It stays, and is named, until the account is retired with its resources removed.
 */
export interface Leftover extends Home {
  /** Name of the kind. */
  readonly kind: string;
  /** `global` for what has no region. */
  readonly region: string;
  /** Ids of what was made, as they were recorded. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** What a pass found and left: written by passes only, once per pass, under `version`. */
export interface AccountStatus {
  readonly schemaVersion: 1;
  readonly accountId: string;
  /** Counts the saves; each save is conditional on the one that was read. */
  readonly version: number;
  readonly observedGeneration: number;
  readonly ready: boolean;
  /** Of a retiring account: everything that Orgkeeper made in it is gone. */
  readonly retired?: true;
  /** When it was first ready; absent until then. */
  readonly readySince?: string;
  readonly conditions: readonly Condition[];
  /** `role.arn`, `vpc.id`, `subnet.<name>.id` …: what was made or found, by name. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Where those are; absent in a status of before that was written down, and of an account without any. */
  /** `inferred`: read off the outputs of a status that was saved before homes and leftovers were recorded. */
  readonly home?: Home & { readonly inferred?: true };
  /** What desired state no longer has; absent when there is nothing. */
  readonly leftovers?: readonly Leftover[];
  /** The execution role as it last admitted us, and nobody else: with which ExternalId, and when that was tried. */
  readonly admitted?: { readonly roleArn: string; readonly externalId: string; readonly at: string };
  /** What others added within ours, by name: reported once, when first seen. */
  readonly foreign: readonly string[];
  /** When to look again although nobody asks; drives the sparse due index. */
  readonly dueAt?: string;
  /** Since when it has been waiting or denied, and how often it was looked at: the backoff of `dueAt`. */
  readonly waiting?: {
    readonly since: string;
    readonly attempts: number;
    /** What for: a fresh account, IAM to show a change, something in the making, somebody to remedy it. */
    readonly for?: 'account' | 'consistency' | 'making' | 'remedy';
  };
  readonly lastPass?: PassRecord;
  readonly unannounced?: readonly Announcement[];
}

/**
 * True where a change of the role in use, which this record asks for, was put back and waits to be asked for again; not
 * while it is still tried. Pure.
 */
export function staysPutBack(
  { generation }: { readonly generation: number },
  status: AccountStatus | undefined,
): boolean {
  if (status?.observedGeneration !== generation) return false;
  return status.conditions.some(
    ({ type, status, reason }) => type === 'Access' && status === 'False' && reason === PUT_BACK,
  );
}
