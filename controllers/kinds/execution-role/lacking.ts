import { type Circumstances, covers, type Missing } from '../../../shared/policy/covers.ts';
import { PolicyError, type PolicyInput, parsePolicy } from '../../../shared/policy/document.ts';

/** How many of the lacking permissions a message names; all of them are differences. */
const NAMED = 5;

/** Whether IAM's grammar has the policy. Pure. */
export function makesSense(policy: PolicyInput): boolean {
  try {
    parsePolicy(policy);
    return true;
  } catch (error) {
    if (error instanceof PolicyError) return false;
    throw error;
  }
}

/** A lacking permission in words: `s3:GetObject on *`. */
export function nameOf({ action, resource, principal, unproven, reason }: Missing): string {
  if (unproven) return reason.replace(/\.$/, '');
  return principal ? `${action} by ${principal}` : `${action} on ${resource}`;
}

/** The first names, each once, and how many more there are. */
export function listed(names: readonly string[], separator = ', '): string {
  const all = [...new Set(names)];
  const more = all.length > NAMED ? ` and ${all.length - NAMED} more` : '';
  return `${all.slice(0, NAMED).join(separator)}${more}`;
}

/** What is not proven to be granted, and which statement stands against it, if one does. */
export interface Lacking extends Missing {
  /** `Statement[0] (Regions) of the policy guard` */
  readonly deniedBy?: string;
}

/** What of the required policies is not proven to be granted by the actual ones, given by what people call them. Pure. */
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

/** What is denied, by the statement that denies it. Pure. */
export function byStatement(lacking: readonly Lacking[]): ReadonlyMap<string, readonly Lacking[]> {
  const found = new Map<string, Lacking[]>();
  for (const each of lacking) {
    if (each.deniedBy === undefined) continue;
    found.set(each.deniedBy, [...(found.get(each.deniedBy) ?? []), each]);
  }
  return found;
}
