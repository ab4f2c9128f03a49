import type { Difference } from '../../../shared/domain/status.ts';
import type { Missing } from '../../../shared/policy/covers.ts';
import type { Blocked, Comparison } from '../kind.ts';
import { carriedBy } from './carried.ts';
import type { Given } from './given.ts';
import { byStatement, type Lacking, lackingIn, listed, makesSense, nameOf } from './lacking.ts';
import type { ActualRole } from './observe.ts';
import type { ExecutionRole } from './render.ts';
import { OWN_POLICY } from './section.ts';

/**
 * Whether a role that its owner made covers the baseline: its trust, what the role may do, and what Orgkeeper needs
 * there. What is not proven is a difference, action by action; nothing is ever written. Pure.
 */
export function checkGiven(wanted: ExecutionRole, actual: ActualRole, given: Given): Comparison {
  const standing = makesSense(actual.trustPolicy) ? { 'the trust policy': actual.trustPolicy } : {};
  const trust = lackingIn([wanted.trustPolicy], standing);
  const blocked = [
    ...reports(wanted, 'TrustMissing', 'trustPolicy', trust, 'its trust policy lacks'),
    ...reports(wanted, 'PermissionsMissing', 'permissions', permissions(wanted, actual, given), 'it lacks'),
    ...unreadPolicies(actual, given).map((name) => unread(wanted, name)),
  ];
  const note = `The role ${actual.arn} is its owner's; it covers the baseline and is never changed.`;
  return { differences: [], blocked, unowned: [], note };
}

/** Permissions count where both the policies of the role and its boundary grant them. */
function permissions(wanted: ExecutionRole, actual: ActualRole, given: Given): Lacking[] {
  const own = Object.entries(wanted.inlinePolicies).flatMap(([name, document]) =>
    name === OWN_POLICY ? [] : [document],
  );
  const needed = wanted.entry ? [wanted.entry.required] : [];
  const asked = wanted.managedPolicies.filter((arn) => !actual.managedPolicies.includes(arn));
  const unknown = asked.filter((arn) => given.managed[arn] === undefined);
  const all = [...own, ...needed, ...documents(asked.map((arn) => given.managed[arn]))];
  const granted = readable(attached(actual, given));
  const { permissionsBoundary: boundary } = actual;
  const carried = carriedBy(wanted);
  const found = [
    ...unknown.map((arn) => absentPolicy(arn)),
    ...lackingIn(all, granted, { carried }),
    ...(boundary ? lackingIn(all, readable({ [boundary]: given.managed[boundary] }), { carried }) : []),
  ];
  const seen = new Set<string>();
  return found.filter((each) => {
    const key = JSON.stringify([each.action, each.resource, each.condition]);
    return !seen.has(key) && seen.add(key);
  });
}

/** Those that make sense, by what people call them; what makes none grants nothing. */
function readable(named: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, document]) =>
      document !== undefined && makesSense(document) ? [[`the policy ${name}`, document]] : [],
    ),
  );
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
  lacking: readonly Lacking[],
  lacks: string,
): Blocked[] {
  const owners = `The role ${wanted.arn} is its owner's and is never changed`;
  const whole = `\`orgkeeper template member --account ${wanted.arn.split(':')[4]}\` shows a whole role`;
  const unproven = lacking.filter((each) => each.unproven);
  const absent = lacking.filter((each) => !each.unproven && each.deniedBy === undefined);
  const why = listed(
    absent.flatMap((each) => (tellsMore(each.reason) ? [each.reason] : [])),
    ' ',
  );
  return [
    ...absent.map((each) => ({
      reason,
      message: `${owners}; ${lacks} ${listed(absent.map(nameOf))}.${why && ` ${why}`} Have its owner add what is missing; ${whole}.`,
      difference: difference(wanted, `${field}.${nameOf(each)}`, each),
    })),
    ...[...byStatement(lacking)].map(([statement, denied]) => ({
      reason: 'DeniedByStatement',
      message:
        `${owners}; ${statement} denies, or may, ${listed(denied.map(nameOf))}, which the baseline or Orgkeeper needs. ` +
        'Have its owner except that from the statement.',
      difference: {
        ...difference(wanted, `${field}.${statement}`),
        desired: listed(denied.map(nameOf)),
        actual: 'This statement denies it, or may.',
      },
    })),
    ...unproven.map((each) => ({
      reason: 'TooLargeToProve',
      message:
        `${owners}; whether it covers the baseline cannot be told: ${each.reason} ` +
        `Have its owner write that statement as the baseline has it, or split it in the baseline; ${whole}.`,
      difference: { ...difference(wanted, `${field}.${nameOf(each)}`), actual: each.reason },
    })),
  ];
}

/** Whether a reason says more than that something is missing. */
function tellsMore(reason: string): boolean {
  return !/^No Allow /.test(reason);
}

function difference({ name: resource }: ExecutionRole, path: string, missing?: Missing): Difference {
  const reported = { kind: 'executionRole', resource, path, action: 'reported' } as const;
  if (!missing) return reported;
  const { effect: _, reason, ...desired } = missing;
  return { ...reported, desired, actual: reason };
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
