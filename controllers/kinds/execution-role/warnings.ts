import {
  PolicyError,
  type PolicyInput,
  parsePolicy,
  type Statement,
} from '../../../shared/policy/document.ts';

/** A role as far as it can be dangerous. */
export interface Granted {
  readonly accountId: string;
  readonly trustPolicy: PolicyInput;
  readonly policies: readonly PolicyInput[];
  readonly managedPolicies: readonly string[];
}

/**
 * What a baseline may say of a role, and the person who reads about it should know: that it may do everything, and
 * that everybody in its own account who is permitted may assume it. Pure.
 */
export function warningsOf(role: Granted): string[] {
  const administers =
    role.managedPolicies.some((arn) => arn.endsWith(':policy/AdministratorAccess')) ||
    statements(role.policies).some(allowsEverything);
  const trustsOwnRoot = statements([role.trustPolicy]).some((statement) =>
    trustsRoot(statement, role.accountId),
  );
  return [
    ...(administers ? ['AdministratorAccess: the execution role may do everything in the account'] : []),
    ...(trustsOwnRoot
      ? ['MemberRootTrusted: every permitted principal of the account itself may assume the role']
      : []),
  ];
}

function statements(policies: readonly PolicyInput[]): Statement[] {
  return policies.flatMap((policy) => {
    try {
      return parsePolicy(policy).Statement;
    } catch (error) {
      if (error instanceof PolicyError) return [];
      throw error;
    }
  });
}

function allowsEverything({ Effect, Action = [], Resource = [] }: Statement): boolean {
  return Effect === 'Allow' && Resource.includes('*') && Action.some((action) => /^\*(:\*)?$/.test(action));
}

function trustsRoot({ Effect, Principal }: Statement, accountId: string): boolean {
  const named = Effect === 'Allow' ? (Principal?.AWS ?? []) : [];
  return named.some((arn) => arn === '*' || arn === accountId || arn.endsWith(`:iam::${accountId}:root`));
}
