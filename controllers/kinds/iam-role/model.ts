import type { IntendedRole, PolicyDocument } from '../kind.ts';

/** An IAM role: as it is to be, and as IAM has it. */

/** A role that an account should have. */
export interface WantedRole {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  readonly partition: string;
  readonly description: string;
  readonly maxSessionDuration: number;
  readonly trustPolicy: PolicyDocument;
  /** By name. */
  readonly inlinePolicies: Readonly<Record<string, PolicyDocument>>;
  /** ARNs. */
  readonly managedPolicies: readonly string[];
  readonly permissionsBoundary?: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** A role as IAM returns it. */
export interface FoundRole {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  readonly description: string;
  readonly maxSessionDuration: number;
  /** URL-encoded, as IAM returns it. */
  readonly trustPolicy: string;
  /** By name; undefined for policies that the baseline does not name, which are not read. */
  readonly inlinePolicies: Readonly<Record<string, string | undefined>>;
  readonly managedPolicies: readonly string[];
  readonly permissionsBoundary: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** The access that a baseline intends by a role: who may assume it, and what it allows. Pure. */
export function intendedBy(role: WantedRole): IntendedRole {
  const { arn, trustPolicy, inlinePolicies, managedPolicies, permissionsBoundary } = role;
  return {
    arn,
    trust: trustPolicy,
    policies: Object.values(inlinePolicies),
    managedPolicies,
    ...(permissionsBoundary && { permissionsBoundary }),
  };
}

/** The own property of that name, because a policy or a tag may be called `constructor`. Pure. */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The name in a role's ARN; it is unique in the account, regardless of the path. Pure. */
export function roleName(arn: string): string {
  return arn.split('/').at(-1) ?? '';
}
