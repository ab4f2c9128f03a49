import type { Kind } from '../kind.ts';
import { apply } from './apply.ts';
import { diff } from './diff.ts';
import { type ActualRole, observe } from './observe.ts';
import { remove } from './remove.ts';
import { type ExecutionRole, POLICY_VARIABLE, render } from './render.ts';
import { ExecutionRoleSection } from './section.ts';

/** The role in the account that Main assumes. Ours alone: it is brought back whole. */
export const executionRole: Kind<ExecutionRoleSection, ExecutionRole, ActualRole> = {
  name: 'executionRole',
  condition: 'ExecutionRole',
  section: ExecutionRoleSection,
  permissions: {
    read: ['iam:GetRole', 'iam:GetRolePolicy', 'iam:ListAttachedRolePolicies', 'iam:ListRolePolicies'],
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
  resources: ({ arn }) => [arn],
  verifiesAccess: true,
  namesForAws: POLICY_VARIABLE,
  wakeOn: [
    'AttachRolePolicy',
    'CreateRole',
    'DeleteRole',
    'DeleteRolePermissionsBoundary',
    'DeleteRolePolicy',
    'DetachRolePolicy',
    'PutRolePermissionsBoundary',
    'PutRolePolicy',
    'TagRole',
    'UntagRole',
    'UpdateAssumeRolePolicy',
    'UpdateRole',
    'UpdateRoleDescription',
  ],
  outputNames: () => ['role.arn', 'role.name'],
  render,
  observe,
  outputs: ({ arn, name }) => ({ 'role.arn': arn, 'role.name': name }),
  diff,
  apply,
  remove,
};
