/** What the kinds of roles and assumeGrants must agree on: a grant is a policy on a principal that the other kind may manage. */

/** Name of the inline policy in which assumeGrants lists what a principal may assume. */
export const GRANT_POLICY = 'orgkeeper-assume';

/** A principal of an account that may assume roles elsewhere. */
export type PrincipalType = 'user' | 'group' | 'role';

/** Name of the output that says that Orgkeeper has put the policy on this principal. Pure. */
export function grantOutput(type: PrincipalType, name: string): string {
  return `assumeGrant.${type}/${name}`;
}
