import type { Kind, KindAccount } from '../kind.ts';
import { apply } from './apply.ts';
import { diff } from './diff.ts';
import { formerRoles, roleName } from './former.ts';
import { type ActualRole, observe } from './observe.ts';
import { FORMER } from './ours.ts';
import { remove } from './remove.ts';
import { type ExecutionRole, POLICY_VARIABLE, render } from './render.ts';
import { restore } from './restore.ts';
import { ExecutionRoleSection } from './section.ts';

/** The role in the account that Main assumes. Ours alone: it is brought back whole. One that its owner made is checked. */
export const executionRole: Kind<ExecutionRoleSection, ExecutionRole, ActualRole> = {
  name: 'executionRole',
  scope: 'global',
  condition: 'ExecutionRole',
  section: ExecutionRoleSection,
  permissions: {
    read: [
      'iam:GetRole',
      'iam:GetRolePolicy',
      'iam:ListAttachedRolePolicies',
      'iam:ListRolePolicies',
      // Of a role that its owner made.
      'iam:GetPolicy',
      'iam:GetPolicyVersion',
    ],
    write: [
      'iam:AttachRolePolicy',
      'iam:CreateRole',
      'iam:DeleteRole',
      'iam:DeleteRolePermissionsBoundary',
      'iam:DeleteRolePolicy',
      'iam:DetachRolePolicy',
      'iam:ListInstanceProfilesForRole',
      'iam:PutRolePermissionsBoundary',
      'iam:PutRolePolicy',
      'iam:TagRole',
      'iam:UntagRole',
      'iam:UpdateAssumeRolePolicy',
      'iam:UpdateRole',
    ],
  },
  resources,
  entryRole: {
    trustPath: 'trustPolicy',
    read: ({ arn, trustPolicy }) => ({ arn, trustPolicy }),
    putBack: restore,
  },
  namesForAws: POLICY_VARIABLE,
  outputNames: () => ['role.arn', 'role.name'],
  render,
  observe,
  outputs,
  diff,
  apply,
  remove,
  made,
  leftBehind: formerRoles,
};

/** A role that stands under another path is kept and removed there: its path cannot be changed, its name is its own. */
function resources(
  { arn, name }: ExecutionRole,
  _: KindAccount,
  { 'role.arn': found }: Readonly<Record<string, string>>,
): string[] {
  return found !== undefined && found !== arn && roleName(found) === name ? [arn, found] : [arn];
}

/** A role that its owner keeps is not ours, former ones are. */
function made(recorded: Readonly<Record<string, string>>): Record<string, string> {
  const isTheirs = recorded['role.keptBy'] === 'owner';
  const names = Object.keys(recorded).filter((name) =>
    isTheirs ? name === FORMER : /^(madeAt\.)?role\./.test(name),
  );
  return Object.fromEntries(names.map((name) => [name, recorded[name] ?? '']));
}

/** Whose the role is, is remembered: without its tags, ours would look like its owner's. */
function outputs({ arn, name, keptBy }: ActualRole): Record<string, string> {
  return { 'role.arn': arn, 'role.name': name, ...(keptBy && { 'role.keptBy': keptBy }) };
}
