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
    ...reports(wanted, 'PermissionsMissing', 'permissions', permissions(wanted, actual, given), 'it lacks'),
    ...unreadPolicies(actual, given).map((name) => unread(wanted, name)),
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
  const granted = documents(Object.values(attached(actual, given)));
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

/** What is not proven to be granted; a policy that makes no sense grants nothing. */
function lacking(required: readonly PolicyInput[], actual: readonly PolicyInput[]): readonly Missing[] {
  return covers(required, actual.filter(makesSense)).missing;
}

function makesSense(policy: PolicyInput): boolean {
  try {
    parsePolicy(policy);
    return true;
  } catch (error) {
    if (error instanceof PolicyError) return false;
    throw error;
  }
}

/** The documents of what decides over the role, its boundary aside, by name or ARN; undefined for what may not be read. */
function attached({ managedPolicies }: ActualRole, { inline, managed }: Given) {
  return { ...inline, ...Object.fromEntries(managedPolicies.map((arn) => [arn, managed[arn]])) };
}

/** Names and ARNs of policies that decide over the role, and nobody knows how: they may deny what others grant. */
function unreadPolicies(actual: ActualRole, given: Given): string[] {
  const { permissionsBoundary: boundary } = actual;
  const all = { ...attached(actual, given), ...(boundary && { [boundary]: given.managed[boundary] }) };
  return Object.entries(all).flatMap(([name, document]) =>
    document !== undefined && makesSense(document) ? [] : [name],
  );
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

function unread({ arn, name: resource }: ExecutionRole, policy: string): Blocked {
  return {
    reason: 'PolicyUnread',
    message:
      `The role ${arn} is its owner's and is never changed; Orgkeeper cannot read its policy ${policy}, which may deny what others grant. ` +
      'Have its owner allow iam:GetRolePolicy, iam:GetPolicy and iam:GetPolicyVersion on it, or detach it.',
    difference: {
      kind: 'executionRole',
      resource,
      path: `permissions.${policy}`,
      actual: 'This policy cannot be read.',
      action: 'reported',
    },
  };
}
