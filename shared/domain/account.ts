import { z } from 'zod';
import type { Cause } from './cause.ts';
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

/** How an account came to be known, for people; how it is entered, `executionRoleArn` says. */
export type Origin =
  /** Created in the organization: AWS's `JoinedMethod` `CREATED`. */
  | 'created'
  /** Joined the organization from outside, by AWS's invitation: its `JoinedMethod` `INVITED`. */
  | 'joined'
  /** Registered with the execution role by which it is entered, whatever AWS says of it. */
  | 'invited';

/**
 * Desired state of one account: what somebody asked for. Written by intake, the listing and the command line
 * only, each time under the version that was read; a pass never writes it.
 */
export interface AccountRecord {
  readonly schemaVersion: 1;
  readonly accountId: string;
  readonly name: string;
  /** A person gave the name: the organization's does not replace it. */
  readonly namedByRequest?: true;
  readonly email?: string;
  readonly origin: Origin;
  /** `unmanaged`: was there before Orgkeeper, never entered. `departed`: left, suspended or closed. */
  readonly lifecycle: 'unmanaged' | 'managed' | 'retiring' | 'retired' | 'departed';
  readonly lifecycleReason?: string;
  /** Counts the changes of desired state; a pass stamps the one it saw into the status. */
  readonly generation: number;
  /** The generation since which it is kept again, where it was retired or had left: a status of before counts as none. */
  readonly keptSince?: number;
  readonly paused: boolean;
  readonly mode: 'enforce' | 'observe';
  /** Absent only while unmanaged. */
  readonly baseline?: BaselineReference;
  /** `rules` chose the baseline, and choose again when the account moves; what a person named they leave. */
  readonly baselineBy?: 'rules' | 'request';
  /** Id of the organizational unit (or the root) that it was in when last looked at, where AWS says that. */
  readonly unit?: string;
  readonly externalId: string;
  /** Given for an invited account: the role that is entered, in place of the one that the baseline makes. */
  readonly executionRoleArn?: string;
  /** Overrides the access roles of the configuration. */
  readonly accessRoleName?: string;
  /** Its own VPC and subnets, checked and published, never changed. */
  readonly network?: { readonly vpcId: string; readonly subnetIds: readonly string[] };
  readonly regions?: readonly string[];
  readonly values: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly registeredAt: string;
  /** The event that last changed this record; the same event again changes nothing. */
  readonly changedBy: string;
  /** ISO time of the latest request of a person that the record follows; absent where nobody asked for anything. */
  readonly changedAt?: string;
  /** Ids of the last events that changed the record, newest last. */
  readonly followed?: readonly string[];
  /** What changes of this record owe to the bus and to the work queue. */
  readonly owed?: Owed;
  /** When the minute's tick sends what is owed, unless whoever saved it has. */
  readonly dueAt?: string;
  /** When the account was asked for or created; seconds from event to ready are counted from here. */
  readonly requestedAt: string;
}

/** What follows from a change of a record; it is kept with the record until it is sent. */
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
