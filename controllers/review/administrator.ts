import { covers } from '../../shared/policy/covers.ts';
import type { Conditions, PolicyInput } from '../../shared/policy/document.ts';
import type { PrincipalAccess } from './account-access.ts';

/**
 * Each of these alone, on everything, makes an administrator: all actions; or one by which a principal gives itself any permission,
 * or enters a role that has it.
 */
const EQUALS = [
  '*',
  'iam:AttachGroupPolicy',
  'iam:AttachRolePolicy',
  'iam:AttachUserPolicy',
  'iam:CreatePolicyVersion',
  'iam:PutGroupPolicy',
  'iam:PutRolePolicy',
  'iam:PutUserPolicy',
  'iam:UpdateAssumeRolePolicy',
];

/** A session as an administrator would have it: conditions that ask only for this do not make the permission a lesser one. */
const CARRIED: Conditions = {
  Bool: { 'aws:MultiFactorAuthPresent': ['true'], 'aws:SecureTransport': ['true'] },
};

/**
 * Whether the principal may do everything in its account, or may give itself that permission. By meaning: what its policies allow
 * together, less what they deny, within its boundary. Pure.
 * @throws PolicyError for a document that is no policy
 */
export function isAdministrator({
  policies,
  boundary,
}: Pick<PrincipalAccess, 'policies' | 'boundary'>): boolean {
  const granted = grantedOf(policies);
  if (granted.length === 0) return false;
  const within = boundary === undefined ? EQUALS : grantedOf([boundary]);
  return granted.some((action) => within.includes(action));
}

function grantedOf(policies: readonly PolicyInput[]): readonly string[] {
  const required = {
    Version: '2012-10-17',
    Statement: EQUALS.map((Action) => ({ Effect: 'Allow', Action, Resource: '*' })),
  };
  const { missing } = covers(required, policies, { carried: () => CARRIED });
  if (missing.some(({ unproven }) => unproven)) return [];
  const lacking = new Set(missing.map(({ action }) => action));
  return EQUALS.filter((action) => !lacking.has(action));
}
