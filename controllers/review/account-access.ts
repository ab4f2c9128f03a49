import type { PolicyInput } from '../../shared/policy/document.ts';

/** The access that an account gives, as data: what its IAM and the policies of its buckets say. */
export interface AccountAccess {
  readonly accountId: string;
  readonly partition: string;
  readonly roles: readonly RoleAccess[];
  readonly users: readonly PrincipalAccess[];
  readonly groups: readonly PrincipalAccess[];
  readonly buckets: readonly { readonly name: string; readonly policy: PolicyInput }[];
}

/** A user, group or role, and what its policies allow. */
export interface PrincipalAccess {
  readonly arn: string;
  /** Inline and managed policies. What a group has is said of the group, not of each user in it. */
  readonly policies: readonly PolicyInput[];
  readonly boundary?: PolicyInput;
}

/** A role, and who may assume it. */
export interface RoleAccess extends PrincipalAccess {
  readonly trust: PolicyInput;
  readonly createdAt?: string | undefined;
  /** Absent if never, as far as AWS tracks it: 400 days. */
  readonly lastUsedAt?: string | undefined;
}
