import { exceptions } from '../iam-role/exceptions.ts';
import { intendedBy } from '../iam-role/model.ts';
import { READING_ROLES, WRITING_ROLES } from '../iam-role/permissions.ts';
import { POLICY_VARIABLE } from '../iam-role/section.ts';
import type { Kind, KindAccount } from '../kind.ts';
import { apply, remove } from './apply.ts';
import { compare } from './compare.ts';
import { type ActualRoles, observe, outputs } from './observe.ts';
import { made, outputsOf, recordedArns, recordedProfiles } from './ownership.ts';
import { type Roles, RolesSection, render } from './section.ts';

/** IAM roles that an account has beside its execution role, with their instance profiles. Each is managed as a whole. */
export const roles: Kind<RolesSection, Roles, ActualRoles> = {
  name: 'roles',
  scope: 'global',
  section: RolesSection,
  permissions: {
    read: [
      ...READING_ROLES,
      // Where roles have several inline policies: see `observe`.
      'iam:GetAccountAuthorizationDetails',
      'iam:GetInstanceProfile',
      // For removal: whether an instance has the role.
      'ec2:DescribeIamInstanceProfileAssociations',
    ],
    write: [
      ...WRITING_ROLES,
      'iam:AddRoleToInstanceProfile',
      'iam:CreateInstanceProfile',
      'iam:DeleteInstanceProfile',
      'iam:RemoveRoleFromInstanceProfile',
      'iam:TagInstanceProfile',
      'iam:UntagInstanceProfile',
    ],
    resources,
  },
  parts: { problems: (wanted) => wanted.roles.flatMap(({ problems }) => problems) },
  exceptions,
  access: ({ roles }) => ({ roles: roles.map(intendedBy) }),
  namesForAws: POLICY_VARIABLE,
  outputNames: (section) =>
    Object.entries(section).flatMap(([key, { instanceProfile }]) => {
      const { arn, name, profile } = outputsOf(key);
      return [arn, name, ...(instanceProfile ? [profile] : [])];
    }),
  render,
  observe,
  outputs,
  diff: compare,
  apply,
  remove,
  made,
};

/** Each role and its instance profile, under the paths that they are to have, and those that they were recorded with. */
function resources(wanted: Roles, _: KindAccount, recorded: Readonly<Record<string, string>>): string[] {
  const arns = [...wanted.roles.map(({ arn }) => arn), ...recordedArns(recorded)];
  const profiles = arns.map((arn) => arn.replace(':role/', ':instance-profile/'));
  return [...new Set([...arns, ...profiles, ...recordedProfiles(recorded)])];
}
