import type { Role } from '@aws-sdk/client-iam';
import { type KindContext, OWNER_TAG } from '../kind.ts';

/** The output that remembers roles that we made under other names: their ARNs, a space between two. */
export const FORMER = 'role.former';

/** What makes a role ours that is not, or lets it be. */
export const HAND_OVER = `Tag it with ${OWNER_TAG} and the id of the Main account to hand it over, or give the role in the baseline another name.`;

/**
 * Tagged by us, or recorded when we made it: a role that lost its tags is still ours. One that was seen to be its
 * owner's is not, though it was recorded as the role that is used.
 */
export function isOurs(
  role: Role,
  { account, recorded }: Pick<KindContext, 'account' | 'recorded'>,
): boolean {
  if (tagsOf(role)[OWNER_TAG] === account.owner) return true;
  if (recorded[FORMER]?.split(' ').includes(role.Arn ?? '')) return true;
  return recorded['role.arn'] === role.Arn && recorded['role.keptBy'] !== 'owner';
}

/** The tags of a role that was read. Pure. */
export function tagsOf(role: Role): Record<string, string> {
  return Object.fromEntries((role.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
}
