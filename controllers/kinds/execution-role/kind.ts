import { TRUST } from '../iam-role/compare.ts';
import { exceptions } from '../iam-role/exceptions.ts';
import { intendedBy, roleName } from '../iam-role/model.ts';
import { READING_ROLES, WRITING_ROLES } from '../iam-role/permissions.ts';
import { POLICY_VARIABLE } from '../iam-role/section.ts';
import type { Kind, KindAccount } from '../kind.ts';
import { apply, remove } from './apply.ts';
import { compare } from './compare.ts';
import { type ActualRole, observe } from './observe.ts';
import { formerRoles, made, outputs } from './ownership.ts';
import { putTrustBack } from './trust.ts';
import { type ExecutionRole, ExecutionRoleSection, OWN_POLICY, render } from './wanted.ts';

/** The role in the account that Main assumes. A role of ours is corrected as a whole; an owner-managed role is checked. */
export const executionRole: Kind<ExecutionRoleSection, ExecutionRole, ActualRole> = {
  name: 'executionRole',
  scope: 'global',
  section: ExecutionRoleSection,
  permissions: {
    // Managed policies are read of an owner-managed role only.
    read: [...READING_ROLES, 'iam:GetPolicy', 'iam:GetPolicyVersion'],
    write: WRITING_ROLES,
    resources,
  },
  entryRole: {
    trustPath: TRUST,
    read: ({ arn, trustPolicy }) => ({ arn, trust: trustPolicy }),
    arnIn: ({ 'role.arn': arn }) => arn,
    putBack: putTrustBack,
    former: formerRoles,
  },
  // The policy by which Orgkeeper manages the role in use is always put first, so that no other one can lock it out.
  exceptions: {
    ...exceptions,
    fields: { [`inlinePolicies.${OWN_POLICY}`]: 'never', ...exceptions.fields },
  },
  access: (role) => ({ roles: [intendedBy(role)] }),
  namesForAws: POLICY_VARIABLE,
  outputNames: () => ['role.arn', 'role.name'],
  render,
  observe,
  outputs,
  diff: compare,
  apply,
  remove,
  made,
};

/** A role under another path is managed and removed under that path: IAM cannot change it, and role names are unique in an account. */
function resources(
  { arn, name }: ExecutionRole,
  _: KindAccount,
  { 'role.arn': found }: Readonly<Record<string, string>>,
): string[] {
  return found !== undefined && found !== arn && roleName(found) === name ? [arn, found] : [arn];
}
