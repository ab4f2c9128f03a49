import { type Circumstances, covers, type Missing } from '../../../shared/policy/covers.ts';
import { PolicyError, type PolicyInput, parsePolicy } from '../../../shared/policy/document.ts';
import { differences } from '../../../shared/policy/same.ts';
import type { Sides } from '../comparison.ts';

/** How policies of a role are compared: by what they mean where they are ours, by what they grant where they need not be the same. */

/**
 * The places where two policies differ in meaning, both sides by path; undefined where they mean the same. What IAM holds and the
 * grammar does not have differs as a whole. Pure.
 */
export function policySides(desired: PolicyInput, actual: string, partition: string): Sides | undefined {
  try {
    const places = differences(desired, actual, { partition });
    if (places.length === 0) return undefined;
    const side = (of: 'left' | 'right') => Object.fromEntries(places.map((place) => [place.path, place[of]]));
    return { desired: side('left'), actual: side('right') };
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return { desired, actual };
  }
}

/** How many of the lacking permissions a message names; all of them are differences. */
const NAMED = 5;

/** True if the policy is one by IAM's grammar. Pure. */
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
export function permissionName({ action, resource, principal, unproven, reason }: Missing): string {
  if (unproven) return reason.replace(/\.$/, '');
  return principal ? `${action} by ${principal}` : `${action} on ${resource}`;
}

/** The first names, each once, and how many more there are. */
export function listed(names: readonly string[], separator = ', '): string {
  const all = [...new Set(names)];
  const more = all.length > NAMED ? ` and ${all.length - NAMED} more` : '';
  return `${all.slice(0, NAMED).join(separator)}${more}`;
}

/** A permission that is not proven to be granted, and which statement denies it, if one does. */
export interface Lacking extends Missing {
  /** `Statement[0] (Regions) of the policy guard` */
  readonly deniedBy?: string;
}

/** Permissions of the required policies that the actual ones, by what people call them, are not proven to grant. Pure. */
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

/** Denied permissions by the statement that denies them. Pure. */
export function byStatement(lacking: readonly Lacking[]): ReadonlyMap<string, readonly Lacking[]> {
  const found = new Map<string, Lacking[]>();
  for (const each of lacking) {
    if (each.deniedBy === undefined) continue;
    found.set(each.deniedBy, [...(found.get(each.deniedBy) ?? []), each]);
  }
  return found;
}
