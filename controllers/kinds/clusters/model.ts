import type { KnownCluster, WantedCluster } from '../../../shared/domain/clusters.ts';
import type { AccessDenied } from '../../../shared/domain/errors.ts';
import type { PolicyDocument } from '../kind.ts';
import type { Fate, Orphan } from './fates.ts';
import type { Quotas } from './section.ts';

/** Desired state of an account in a region. */
export interface Clusters {
  readonly clusters: readonly WantedCluster[];
  readonly quotas: Quotas;
  readonly accountId: string;
  readonly owner: string;
  readonly subnet: string;
  readonly applications: readonly string[];
  readonly roles: Roles;
}

/** The roles that EMR needs in a region. */
export interface Roles {
  /** Assumed by EMR itself. */
  readonly service: ClusterRole;
  /** Of the instances; its instance profile has the same name. */
  readonly instances: ClusterRole;
}

/** One of the roles. */
export interface ClusterRole {
  readonly name: string;
  readonly arn: string;
  readonly partition: string;
  readonly trust: PolicyDocument;
  /** ARN of the managed policy, or the one inline policy. */
  readonly policy: string | PolicyDocument;
  readonly boundary?: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A role as IAM has it. */
export interface FoundClusterRole {
  readonly tags: Readonly<Record<string, string>>;
  /** URL-encoded. */
  readonly trust: string;
  readonly boundary: string | undefined;
  /** The policies of the role; undefined if the execution role may not list them. */
  readonly policies: FoundPolicies | undefined;
}

/** What policies a role has. */
interface FoundPolicies {
  /** ARNs of managed policies. */
  readonly attached: readonly string[];
  /** Names of inline policies. */
  readonly inline: readonly string[];
}

/** What is there of the roles. */
export interface FoundRoles {
  /** Undefined if the role does not exist. */
  readonly service: FoundClusterRole | undefined;
  readonly instances: FoundClusterRole | undefined;
  /** The inline policy of the instances, URL-encoded; undefined if there is none. */
  readonly policy: string | undefined | AccessDenied;
  /** The roles in the instance profile; undefined if there is no profile. */
  readonly profile: readonly string[] | undefined;
}

/** Observed state. */
export interface FoundClusters {
  readonly fates: readonly Fate[];
  readonly orphans: readonly Orphan[];
  readonly roles: FoundRoles;
  /** What is recorded, by name. */
  readonly known: Readonly<Record<string, KnownCluster>>;
  readonly now: Date;
}
