import type { Kind, KindAccount } from '../kind.ts';
import { apply, remove } from './apply.ts';
import { compare } from './compare.ts';
import { type ActualGrants, isNamed, observe, outputs, recordedGrants } from './observe.ts';
import { type AssumeGrants, AssumeGrantsSection, policyOf, render } from './section.ts';

/** Which users, groups and roles of an account may assume which roles elsewhere: one inline policy on each. */
export const assumeGrants: Kind<AssumeGrantsSection, AssumeGrants, ActualGrants> = {
  name: 'assumeGrants',
  scope: 'global',
  section: AssumeGrantsSection,
  permissions: {
    read: [
      'iam:GetGroup',
      'iam:GetGroupPolicy',
      'iam:GetRole',
      'iam:GetRolePolicy',
      'iam:GetUser',
      'iam:GetUserPolicy',
    ],
    write: [
      'iam:DeleteGroupPolicy',
      'iam:DeleteRolePolicy',
      'iam:DeleteUserPolicy',
      'iam:PutGroupPolicy',
      'iam:PutRolePolicy',
      'iam:PutUserPolicy',
    ],
    resources,
  },
  parts: { problems: ({ grants }) => grants.flatMap(({ problems }) => problems) },
  exceptions: { fields: { 'inlinePolicies.*': 'knowingly' } },
  access: ({ grants, owner }) => ({
    grants: grants.flatMap((grant) => {
      // Whom a role may be passed to is no way out of the account.
      const policy = policyOf({ assume: grant.assume, passRole: false }, owner, '');
      return policy ? [{ type: grant.type, name: grant.name, policy }] : [];
    }),
  }),
  outputNames: () => [],
  render,
  observe,
  outputs,
  diff: compare,
  apply,
  remove,
  made: (recorded) =>
    Object.fromEntries(Object.entries(recorded).filter(([name]) => name.startsWith('assumeGrant.'))),
};

/** Each principal, whatever its path: a name is unique in its account. */
function resources(
  { grants }: AssumeGrants,
  { partition, accountId }: KindAccount,
  recorded: Readonly<Record<string, string>>,
): string[] {
  const named = grants.filter(isNamed);
  return [...named, ...recordedGrants(recorded)].flatMap(({ type, name }) => [
    `arn:${partition}:iam::${accountId}:${type}/${name}`,
    `arn:${partition}:iam::${accountId}:${type}/*/${name}`,
  ]);
}
