import { type Circumstances, covers, type Missing } from '../../../shared/policy/covers.ts';
import { PolicyError, type PolicyInput, parsePolicy } from '../../../shared/policy/document.ts';

/** Comparing policies by what they grant, where they only must cover the baseline. */

/** The most lacking permissions that a message names; all of them are differences. */
const NAMED = 5;

/** True if the policy is valid by IAM's grammar. Pure. */
export function makesSense(policy: PolicyInput): boolean {
  try {
    parsePolicy(policy);
    return true;
  } catch (error) {
    if (error instanceof PolicyError) return false;
    throw error;
  }
}

/** A lacking permission as text: `s3:GetObject on *`. */
export function permissionName({ action, resource, principal, unproven, reason }: Missing): string {
  if (unproven) return reason.replace(/\.$/, '');
  return principal ? `${action} by ${principal}` : `${action} on ${resource}`;
}

/** The first names without duplicates, and the number of the others. */
export function listed(names: readonly string[], separator = ', '): string {
  const all = [...new Set(names)];
  const more = all.length > NAMED ? ` and ${all.length - NAMED} more` : '';
  return `${all.slice(0, NAMED).join(separator)}${more}`;
}

/** A permission that is not proven to be granted, and the statement that denies it, if there is one. */
export interface Lacking extends Missing {
  /** `Statement[0] (Regions) of the policy guard` */
  readonly deniedBy?: string;
}

/** Permissions of the required policies that the actual ones, by their labels in messages, are not proven to grant. Pure. */
export function lackingIn(
  required: readonly PolicyInput[],
  actual: Readonly<Record<string, PolicyInput>>,
  circumstances: Circumstances = {},
): Lacking[] {
  const names = Object.keys(actual);
  return covers(required, Object.values(actual), circumstances).missing.map(({ denying, ...missing }) => ({
    ...missing,
    ...(denying && { deniedBy: `${denying.statement} of ${names[denying.policy]}` }),
  }));
}

/** Denied permissions, grouped by the statement that denies them. Pure. */
export function byStatement(lacking: readonly Lacking[]): ReadonlyMap<string, readonly Lacking[]> {
  const found = new Map<string, Lacking[]>();
  for (const each of lacking) {
    if (each.deniedBy === undefined) continue;
    found.set(each.deniedBy, [...(found.get(each.deniedBy) ?? []), each]);
  }
  return found;
}
