import type { Entry, PolicyDocument } from '../kind.ts';

/** What `remove` calls, of a former role. */
const TO_REMOVE = [
  'iam:DeleteRole',
  'iam:DeleteRolePolicy',
  'iam:DetachRolePolicy',
  'iam:GetRole',
  'iam:ListAttachedRolePolicies',
  'iam:ListInstanceProfilesForRole',
  'iam:ListRolePolicies',
];

/**
 * What Orgkeeper needs of the role by which it enters the account, as long as former ones may be there: to see whether
 * they are and, where it keeps that role itself, to take them away. Pure.
 */
export function reachingFormer(entry: Entry, former: readonly string[]): Entry {
  if (former.length === 0) return entry;
  const more = ({ Statement, ...rest }: PolicyDocument, Action: readonly string[]) => ({
    ...rest,
    Statement: [Statement, { Sid: 'FormerRoles', Effect: 'Allow', Action, Resource: former }].flat(),
  });
  return {
    ...entry,
    policy: more(entry.policy, TO_REMOVE),
    required: more(entry.required, ['iam:GetRole']),
  };
}
