import {
  PolicyError,
  type PolicyInput,
  parsePolicy,
  type Statement,
} from '../../../shared/policy/document.ts';

/** True if a role with these policies may do everything in its account. Pure. */
export function administers(policies: readonly PolicyInput[], managedPolicies: readonly string[]): boolean {
  return (
    managedPolicies.some((arn) => arn.endsWith(':policy/AdministratorAccess')) ||
    policies.flatMap(statementsOf).some(allowsEverything)
  );
}

/** The statements of a policy; empty if it cannot be parsed. Pure. */
export function statementsOf(policy: PolicyInput): readonly Statement[] {
  try {
    return parsePolicy(policy).Statement;
  } catch (error) {
    if (error instanceof PolicyError) return [];
    throw error;
  }
}

function allowsEverything({ Effect, Action = [], Resource = [] }: Statement): boolean {
  return Effect === 'Allow' && Resource.includes('*') && Action.some((action) => /^\*(:\*)?$/.test(action));
}
