import { covers, type Missing } from '../../../shared/policy/covers.ts';
import { PolicyError, type PolicyInput, parsePolicy } from '../../../shared/policy/document.ts';
import type { Difference } from '../../../shared/status.ts';
import type { Blocked, Comparison } from '../kind.ts';
import type { Given } from './given.ts';
import type { ActualRole } from './observe.ts';
import type { ExecutionRole } from './render.ts';
import { OWN_POLICY } from './section.ts';

/** How many of the lacking permissions a message names; all of them are differences. */
const NAMED = 5;

/**
 * Whether a role that its owner made covers the baseline: its trust, what the role may do, and what Orgkeeper needs
 * there. What is not proven is a difference, action by action; nothing is ever written. Pure.
 */
export function checkGiven(wanted: ExecutionRole, actual: ActualRole, given: Given): Comparison {
  const trust = lacking([wanted.trustPolicy], [actual.trustPolicy]);
  const blocked = [
    ...reports(wanted, 'TrustMissing', 'trustPolicy', trust, 'its trust policy lacks'),
    ...reports(
      wanted,
      'PermissionsMissing',
      'permissions',
      permissions(wanted, actual, given),
      `it lacks${unread(given)}`,
    ),
  ];
  const note = `The role ${actual.arn} is its owner's; it covers the baseline and is never changed.`;
  return { differences: [], blocked, foreign: [], note };
}

/** Permissions count where both the policies of the role and its boundary grant them. */
function permissions(wanted: ExecutionRole, actual: ActualRole, given: Given): Missing[] {
  const own = Object.entries(wanted.inlinePolicies).flatMap(([name, document]) =>
    name === OWN_POLICY ? [] : [document],
  );
  const needed = wanted.entry ? [wanted.entry.required] : [];
  const asked = wanted.managedPolicies.filter((arn) => !actual.managedPolicies.includes(arn));
  const unknown = asked.filter((arn) => given.managed[arn] === undefined);
  const all = [...own, ...needed, ...documents(asked.map((arn) => given.managed[arn]))];
  const granted = documents([
    ...Object.values(given.inline),
    ...actual.managedPolicies.map((arn) => given.managed[arn]),
  ]);
  const { permissionsBoundary: boundary } = actual;
  const found = [
    ...unknown.map((arn) => absentPolicy(arn)),
    ...lacking(all, granted),
    ...(boundary ? lacking(all, documents([given.managed[boundary]])) : []),
  ];
  const seen = new Set<string>();
  return found.filter((each) => {
    const key = JSON.stringify([each.action, each.resource, each.condition]);
    return !seen.has(key) && seen.add(key);
  });
}

/** What is not proven to be granted; a policy that nobody can read grants nothing. */
function lacking(required: readonly PolicyInput[], actual: readonly PolicyInput[]): readonly Missing[] {
  const readable = actual.filter((each) => {
    try {
      parsePolicy(each);
      return true;
    } catch (error) {
      if (error instanceof PolicyError) return false;
      throw error;
    }
  });
  return covers(required, readable).missing;
}

function documents(found: readonly (string | undefined)[]): string[] {
  return found.filter((each) => each !== undefined);
}

/** A managed policy that the baseline wants, is not attached, and cannot be read: nobody knows what it would grant. */
function absentPolicy(arn: string): Missing {
  return { effect: 'Allow', action: arn, resource: '*', reason: 'This policy is not attached.' };
}

function reports(
  wanted: ExecutionRole,
  reason: string,
  field: string,
  missing: readonly Missing[],
  lacks: string,
): Blocked[] {
  const names = missing.map(({ action, resource, principal }) =>
    principal ? `${action} by ${principal}` : `${action} on ${resource}`,
  );
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  const message =
    `The role ${wanted.arn} is its owner's and is never changed; ${lacks} ${names.slice(0, NAMED).join(', ')}${more}. ` +
    `Have its owner add what is missing; \`orgkeeper template member --account ${wanted.arn.split(':')[4]}\` shows a whole role.`;
  return missing.map((each, index) => ({
    reason,
    message,
    difference: difference(wanted, `${field}.${names[index]}`, each),
  }));
}

function difference(
  { name: resource }: ExecutionRole,
  path: string,
  { effect: _, reason, ...desired }: Missing,
): Difference {
  return { kind: 'executionRole', resource, path, desired, actual: reason, action: 'reported' };
}

function unread({ inline, managed }: Given): string {
  const names = Object.entries({ ...inline, ...managed }).flatMap(([name, document]) =>
    document === undefined ? [name] : [],
  );
  return names.length > 0 ? ` (not counting ${names.join(', ')}, which Orgkeeper may not read)` : '';
}
