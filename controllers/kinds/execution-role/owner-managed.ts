import { carriedBySessions } from '../../../shared/policy/assume-role.ts';
import type { Missing } from '../../../shared/policy/covers.ts';
import { differencesOf } from '../comparison.ts';
import { TRUST } from '../iam-role/compare.ts';
import type { Blocked, Comparison } from '../kind.ts';
import type { ActualRole, PolicyDocuments } from './observe.ts';
import { byStatement, type Lacking, lackingIn, listed, makesSense, permissionName } from './policies.ts';
import { lackingTrust } from './trust.ts';
import { type ExecutionRole, OWN_POLICY } from './wanted.ts';

/**
 * Compares an owner-managed role (the account is entered by it, and its owner made it) with what the baseline and Orgkeeper need:
 * its trust policy and its permissions. Each action that is not proven to be granted is a difference. The role is checked, never
 * changed. Pure.
 */
export function compareOwnerManaged(
  wanted: ExecutionRole,
  actual: ActualRole,
  documents: PolicyDocuments,
): Comparison {
  const permissions = lackingPermissions(wanted, actual, documents);
  const blocked = [
    ...reports(wanted, 'TrustMissing', TRUST, lackingTrust(wanted, actual), 'its trust policy lacks'),
    ...reports(wanted, 'PermissionsMissing', 'permissions', permissions, 'it lacks'),
    ...unreadPolicies(actual, documents).map((name) => unread(wanted, name)),
  ];
  const note = `The role ${actual.arn} is owner-managed; it covers the baseline and is never changed.`;
  return { differences: [], blocked, unowned: [], note };
}

/** A permission is granted if both the policies of the role and its boundary grant it. */
function lackingPermissions(
  wanted: ExecutionRole,
  actual: ActualRole,
  documents: PolicyDocuments,
): Lacking[] {
  const { managed } = documents;
  const inline = Object.entries(wanted.inlinePolicies).flatMap(([name, document]) =>
    name === OWN_POLICY ? [] : [document],
  );
  const needed = wanted.entry ? [wanted.entry.required] : [];
  const detached = wanted.managedPolicies.filter((arn) => !actual.managedPolicies.includes(arn));
  const unknown = detached.filter((arn) => managed[arn] === undefined);
  const required = [...inline, ...needed, ...detached.flatMap((arn) => managed[arn] ?? [])];
  const granted = readable(attached(actual, documents));
  const { permissionsBoundary: boundary } = actual;
  const carried = carriedBySessions(wanted);
  const found = [
    ...unknown.map(notAttached),
    ...lackingIn(required, granted, { carried }),
    ...(boundary ? lackingIn(required, readable({ [boundary]: managed[boundary] }), { carried }) : []),
  ];
  const seen = new Set<string>();
  return found.filter((each) => {
    const key = JSON.stringify([each.action, each.resource, each.condition]);
    return !seen.has(key) && seen.add(key);
  });
}

/** The valid policies, by the label that messages use; an invalid policy grants nothing. */
function readable(named: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, document]) =>
      document !== undefined && makesSense(document) ? [[`the policy ${name}`, document]] : [],
    ),
  );
}

/** The documents of the role's policies without the boundary, by name or ARN; undefined for one that may not be read. */
function attached({ managedPolicies }: ActualRole, { inline, managed }: PolicyDocuments) {
  return { ...inline, ...Object.fromEntries(managedPolicies.map((arn) => [arn, managed[arn]])) };
}

/** Names and ARNs of policies whose documents could not be read: they may deny what others grant. */
function unreadPolicies(actual: ActualRole, documents: PolicyDocuments): string[] {
  const { permissionsBoundary: boundary } = actual;
  const all = {
    ...attached(actual, documents),
    ...(boundary && { [boundary]: documents.managed[boundary] }),
  };
  return Object.entries(all).flatMap(([name, document]) =>
    document !== undefined && makesSense(document) ? [] : [name],
  );
}

/** A managed policy of the baseline that is not attached and cannot be read: what it would grant is unknown. */
function notAttached(arn: string): Missing {
  return { effect: 'Allow', action: arn, resource: '*', reason: 'This policy is not attached.' };
}

function reports(
  { name: role, arn }: ExecutionRole,
  reason: string,
  field: string,
  lacking: readonly Lacking[],
  lacks: string,
): Blocked[] {
  const owners = `The role ${arn} is owner-managed and is never changed`;
  const whole = `\`orgkeeper template member --account ${arn.split(':')[4]}\` shows a complete role`;
  const unproven = lacking.filter((each) => each.unproven);
  const absent = lacking.filter((each) => !each.unproven && each.deniedBy === undefined);
  const reasons = absent.flatMap((each) => (saysMoreThanMissing(each.reason) ? [each.reason] : []));
  const why = listed(reasons, ' ');
  return [
    ...absent.map((each) => ({
      reason,
      message: `${owners}; ${lacks} ${listed(absent.map(permissionName))}.${why && ` ${why}`} Have its owner add what is missing; ${whole}.`,
      difference: reported(role, `${field}.${permissionName(each)}`, each.reason, permissionOf(each)),
    })),
    ...[...byStatement(lacking)].map(([statement, denied]) => ({
      reason: 'DeniedByStatement',
      message:
        `${owners}; ${statement} denies, or may deny, ${listed(denied.map(permissionName))}, which the baseline or Orgkeeper needs. ` +
        'Have its owner exclude that from the statement.',
      difference: reported(
        role,
        `${field}.${statement}`,
        'This statement denies it, or may deny it.',
        listed(denied.map(permissionName)),
      ),
    })),
    ...unproven.map((each) => ({
      reason: 'TooLargeToProve',
      message:
        `${owners}; whether it covers the baseline cannot be proven: ${each.reason} ` +
        `Have its owner write that statement as in the baseline, or split it in the baseline; ${whole}.`,
      difference: reported(role, `${field}.${permissionName(each)}`, each.reason),
    })),
  ];
}

function saysMoreThanMissing(reason: string): boolean {
  return !/^No Allow /.test(reason);
}

/** The lacking permission without the reason. */
function permissionOf({ effect: _, reason: __, ...permission }: Lacking): object {
  return permission;
}

function unread({ arn, name: role }: ExecutionRole, policy: string): Blocked {
  return {
    reason: 'PolicyUnread',
    message:
      `The role ${arn} is owner-managed and is never changed; Orgkeeper cannot read its policy ${policy}, which may deny what others grant. ` +
      'Have its owner allow iam:GetRolePolicy, iam:GetPolicy and iam:GetPolicyVersion on it, or detach it.',
    difference: reported(role, `permissions.${policy}`, 'This policy cannot be read.'),
  };
}

function reported(role: string, path: string, actual: string, desired?: unknown): Blocked['difference'] {
  return differencesOf('executionRole')(role, path, { desired, actual }, 'reported');
}
