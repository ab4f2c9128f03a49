import { GetRoleCommand } from '@aws-sdk/client-iam';
import pLimit from 'p-limit';
import { actionsOf, LOOKUP_COMMAND } from '../../shared/aws/actions.ts';
import { unlessGone } from '../../shared/aws/gone.ts';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { ControllerError } from '../../shared/domain/errors.ts';
import type { Finding, Unread } from '../../shared/domain/review.ts';

/**
 * Whether the roles that an account may assume elsewhere exist. Only these need to be looked up: in a trust or a bucket's policy, AWS
 * itself replaces a deleted principal by its former id.
 */

/** The session policy of a look-up in another account. */
export const LOOK_UP_ONLY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: actionsOf([LOOKUP_COMMAND]), Resource: '*' }],
});

/** Accounts in which roles are looked up at once. */
const AT_ONCE = 10;

/** ARNs of the roles of members of the organization that findings name without wildcards, by account. Pure. */
export function rolesElsewhere(findings: readonly Finding[]): Map<string, string[]> {
  const roles = new Map<string, string[]>();
  const named = findings.filter(({ kind, party }) => kind === 'AssumesElsewhere' && party === 'organization');
  for (const { other = '', otherAccount } of named) {
    if (otherAccount === undefined || !/^arn:[^:]+:iam::\d{12}:role\/[^*?$]+$/.test(other)) continue;
    const known = roles.get(otherAccount) ?? [];
    roles.set(otherAccount, [...new Set([...known, other])]);
  }
  return roles;
}

/**
 * The roles that do not exist. `enter` gives clients in an account, or undefined for one that Orgkeeper does not manage: there nobody
 * looks. A role that cannot be looked up counts as existing, and is named.
 */
export async function missingRoles(
  roles: ReadonlyMap<string, readonly string[]>,
  enter: (accountId: string) => Promise<Pick<MemberClients, 'iam'> | undefined>,
): Promise<{ readonly missing: ReadonlySet<string>; readonly unread: readonly Unread[] }> {
  const missing = new Set<string>();
  const unread: Unread[] = [];
  const lookIn = async ([accountId, arns]: readonly [string, readonly string[]]) => {
    let left = arns;
    try {
      const clients = await enter(accountId);
      if (!clients) return;
      for (const arn of arns) {
        const command = new GetRoleCommand({ RoleName: arn.split('/').at(-1) });
        const found = await unlessGone('role or policy', () => clients.iam.send(command));
        // The name of a role is unique in its account, whatever its path; its ARN has the path.
        if (found?.Role?.Arn !== arn) missing.add(arn);
        left = left.slice(1);
      }
    } catch (error) {
      if (!(error instanceof ControllerError)) throw error;
      const why = `Whether the role exists could not be looked up: ${error.message}`;
      unread.push(...left.map((subject) => ({ subject, why })));
    }
  };
  await pLimit(AT_ONCE).map(roles, lookIn);
  return { missing, unread };
}
