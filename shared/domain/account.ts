import { z } from 'zod';
import type { Cause } from './cause.ts';
import type { WantedCluster } from './clusters.ts';
import type { Exception } from './exceptions.ts';
import type { Pause } from './pause.ts';
import type { Announcement } from './status.ts';

/** An account id: 12 digits, as a string. */
export const AccountId = z
  .string({ error: 'an account id is a string of 12 digits' })
  .regex(/^\d{12}$/, 'an account id has exactly 12 digits');

/** The name of a baseline, without a version. */
export const BaselineName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'a baseline name is lower-case letters, digits and dashes');

/** A baseline at one of its versions. */
export interface BaselineReference {
  readonly name: string;
  readonly version: number;
}

/** Where an account comes from, shown to people. How it is entered depends on `executionRoleArn`, not on this. */
export type Origin =
  /** Created in the organization: AWS's `JoinedMethod` `CREATED`. */
  | 'created'
  /** Joined the organization by AWS's invitation: AWS's `JoinedMethod` `INVITED`. */
  | 'joined'
  /** Registered with an execution role that its owner made, whatever AWS's `JoinedMethod` is. */
  | 'invited';

/**
 * Desired state of one account. Only intake, the listing and the command line write it, each time on the condition that nobody
 * else has changed it since it was read; a run never writes it.
 */
export interface AccountRecord {
  readonly schemaVersion: 1;
  readonly accountId: string;
  readonly name: string;
  /** A request gave the name: the name in the organization does not replace it. */
  readonly namedByRequest?: true;
  readonly email?: string;
  readonly origin: Origin;
  /** `unmanaged`: existed before Orgkeeper, never entered. `departed`: left the organization, suspended or closed. */
  readonly lifecycle: 'unmanaged' | 'managed' | 'retiring' | 'retired' | 'departed';
  readonly lifecycleReason?: string;
  /** Counts the changes of desired state; a run saves the one it saw in the status. */
  readonly generation: number;
  /** The first generation after the account was retired or had left: an earlier status is ignored. */
  readonly keptSince?: number;
  readonly paused: boolean;
  /** Who paused the account last, and until when; over, at `until`, if `paused` is false. Absent if it never was, or an older version paused it. */
  readonly pause?: Pause;
  readonly mode: 'enforce' | 'observe';
  /** Absent only while unmanaged. */
  readonly baseline?: BaselineReference;
  /** `rules`: the rules chose the baseline, and choose again when the account moves. `request`: a person named it, and it stays. */
  readonly baselineBy?: 'rules' | 'request';
  /** Id of the organizational unit (or the root) that the account was last seen in; absent if AWS did not say. */
  readonly unit?: string;
  readonly externalId: string;
  /** For an invited account: the role that its owner made, used instead of the one that the baseline makes. */
  readonly executionRoleArn?: string;
  /** Overrides the access roles of the configuration. */
  readonly accessRoleName?: string;
  /** The owner's VPC and subnets: checked and published, never changed. */
  readonly network?: { readonly vpcId: string; readonly subnetIds: readonly string[] };
  readonly regions?: readonly string[];
  /**
   * Regions that the account is no longer managed in, and in which a person asked for the removal of what Orgkeeper made. It counts
   * until the account's regions or its baseline change.
   */
  readonly clearing?: readonly string[];
  /** The clusters that were requested, oldest first; those that ended more than a day ago are left out. */
  readonly clusters?: readonly WantedCluster[];
  /** Differences that are left as they are for a time, oldest first; those that ended more than a day ago are left out. */
  readonly exceptions?: readonly Exception[];
  readonly values: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly registeredAt: string;
  /** The event that last changed this record; the same event again changes nothing. */
  readonly changedBy: string;
  /** ISO time of the latest request that the record follows; absent if there was none. */
  readonly changedAt?: string;
  /**
   * Set if that request was the command that assigned a baseline, `at` that time: a registration from `since` on that arrives
   * later is followed, except for its baseline. ISO times.
   */
  readonly assigned?: { readonly at: string; readonly since: string };
  /**
   * The latest retirement with `remove`, which a registration from before it may still change: see shared/domain/removal-request.ts.
   * `by` is the id of its event; ISO times.
   */
  readonly removal?: { readonly by: string; readonly at: string; readonly since: string };
  /** Ids of the latest events that changed the record, newest last. */
  readonly followed?: readonly string[];
  /** Outbox: what changes of this record still have to send to the bus and to the work queue. */
  readonly owed?: Owed;
  /** When the tick of the minute sends what is owed, unless the writer has sent it. */
  readonly dueAt?: string;
  /** When the account was requested or created; the metric "seconds from event to ready" starts here. */
  readonly requestedAt: string;
}

/** The messages that follow from a change of a record; saved with the record until they are sent. */
export interface Owed {
  readonly announce: readonly Announcement[];
  readonly work: readonly {
    readonly accountId: string;
    readonly cause: Cause;
    readonly requestedAt: string;
    /** The sweep whose circuit breaker the run obeys. */
    readonly sweepId?: string | undefined;
  }[];
}
