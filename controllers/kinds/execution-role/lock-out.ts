import type { Difference } from '../../../shared/domain/status.ts';
import { carriedBySessions } from '../../../shared/policy/assume-role.ts';
import type { Circumstances } from '../../../shared/policy/covers.ts';
import type { PolicyInput } from '../../../shared/policy/document.ts';
import { TRUST } from '../iam-role/compare.ts';
import type { Blocked, Entry } from '../kind.ts';
import type { ActualRole } from './observe.ts';
import { byStatement, type Lacking, lackingIn, listed, makesSense, permissionName } from './policies.ts';
import { wouldAdmitRunner } from './trust.ts';
import { type ExecutionRole, OWN_POLICY } from './wanted.ts';

/** What the role in use must always allow on itself, so that a run can remove and put its policies. */
const TO_GO_ON = [
  'iam:DeleteRolePolicy',
  'iam:DetachRolePolicy',
  'iam:GetRole',
  'iam:GetRolePolicy',
  'iam:ListAttachedRolePolicies',
  'iam:ListRolePolicies',
  'iam:PutRolePolicy',
];

/** A policy that cannot be read proves nothing. */
const UNREAD = 'the role cannot read it (iam:GetPolicy, iam:GetPolicyVersion)';

/**
 * Splits the differences of a role into those that may be written and those that would lock Orgkeeper out: afterwards the role
 * could not enter the account, or not manage itself. Pure.
 */
export function partLockOuts(
  wanted: ExecutionRole,
  actual: ActualRole,
  differences: readonly Difference[],
): { readonly differences: readonly Difference[]; readonly blocked: readonly Blocked[] } {
  const { entry } = wanted;
  if (!entry) return { differences, blocked: [] };
  const why = reasons(wanted, actual, entry);
  const blocked = differences.flatMap((one): Blocked[] => {
    const because = why(one);
    if (because === undefined) return [];
    const message =
      `${one.path} of the role ${wanted.arn} is not changed: Orgkeeper enters the account by this role, and ${because}. ` +
      'Correct the baseline, publish it, and assign the new version; or, if the role only could not read it, sweep the account.';
    return [{ reason: 'WouldLockOut', message, difference: { ...one, action: 'reported' } }];
  });
  return { differences: differences.filter((one) => why(one) === undefined), blocked };
}

/** True if the role in use can manage itself with its own policy alone, so that all others may be removed. Pure. */
export function managesItself({ entry }: ExecutionRole, { inlinePolicies }: ActualRole): boolean {
  const own = inlinePolicies[OWN_POLICY];
  if (!entry) return true;
  if (own === undefined) return false;
  const statement = { Effect: 'Allow', Action: TO_GO_ON, Resource: entry.roleArn };
  return lacks({ [OWN_POLICY]: own }, { Version: '2012-10-17', Statement: [statement] }).length === 0;
}

/** Why a difference must not be written; undefined if it may. */
function reasons(
  wanted: ExecutionRole,
  actual: ActualRole,
  entry: Entry,
): (one: Difference) => string | undefined {
  const { policy } = entry;
  const admitted = wouldAdmitRunner(wanted, entry);
  const carried = carriedBySessions(wanted);
  const named = Object.entries(wanted.inlinePolicies).map(([name, document]) => [
    `the policy ${name}`,
    document,
  ]);
  const lost = lacks(Object.fromEntries(named), policy, { carried });
  const bare = lost.length > 0 && !managesItself(wanted, actual);
  /** True if, together with `others`, a managed policy that is to be attached does not deny what is needed. */
  const leaves = (arn: string | undefined, others: Readonly<Record<string, PolicyInput>>) => {
    const document = actual.toAttach?.[arn ?? ''];
    return (
      document !== undefined && lacks({ ...others, [arn ?? '']: document }, policy, { carried }).length === 0
    );
  };
  return ({ path, action }) => {
    const [field] = path.split('.', 1);
    if (field === TRUST && !admitted) {
      return `its new trust policy would not admit ${entry.runnerRoleArn} with the account's ExternalId`;
    }
    if (field === 'inlinePolicies' && lost.length > 0) {
      const cause = denials(lost);
      return `its new policies would deny what Orgkeeper needs there${cause && `: ${cause}`}`;
    }
    if (field === 'permissionsBoundary' && action !== 'removed' && !leaves(wanted.permissionsBoundary, {})) {
      return `the new boundary may not allow what Orgkeeper needs there, or ${UNREAD}`;
    }
    if (field !== 'managedPolicies') return undefined;
    if (action === 'removed') {
      return bare
        ? 'it may be all that lets Orgkeeper manage the role, because the new policies are not put'
        : undefined;
    }
    return leaves(path.slice('managedPolicies.'.length), { [OWN_POLICY]: policy })
      ? undefined
      : `this policy may deny what Orgkeeper needs there, or ${UNREAD}`;
  };
}

/** The permissions that are not proven to be granted: all of them if one of the policies is not valid. */
function lacks(
  actual: Readonly<Record<string, PolicyInput>>,
  required: PolicyInput,
  circumstances: Circumstances = {},
): readonly Lacking[] {
  return lackingIn([required], Object.values(actual).every(makesSense) ? actual : {}, circumstances);
}

/** Which statements deny which permissions, as text; empty if no Deny is the cause. */
function denials(lost: readonly Lacking[]): string {
  return [...byStatement(lost)]
    .map(([statement, denied]) => `${statement} denies, or may, ${listed(denied.map(permissionName))}`)
    .join('; ');
}
