import type { Role } from '@aws-sdk/client-iam';
import { differencesOf } from '../comparison.ts';
import { type Blocked, type Entry, type KindContext, OWNER_TAG, type PolicyDocument } from '../kind.ts';

/** Whose a role is: Orgkeeper's, its owner's, somebody else's; and the roles that Orgkeeper made under other names before. */

type Recorded = Readonly<Record<string, string>>;

/** The output that remembers former roles: their ARNs, a space between two. */
export const FORMER = 'role.former';

/** What makes a role ours that is not, or lets it be. */
export const HAND_OVER = `Tag it with ${OWNER_TAG} and the id of the Main account to hand it over, or give the role in the baseline another name.`;

/**
 * True if the role is tagged by us, or recorded when we made it: a role that lost its tags is still ours. One that was
 * recorded as its owner's is not.
 */
export function isOurRole(
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

/** See Observation. */
export function unowned(role: Role): { state: 'unowned'; message: string; remedy: string } {
  const owner = tagsOf(role)[OWNER_TAG];
  const whose =
    owner === undefined ? 'was not made by Orgkeeper' : `belongs to the Orgkeeper of account ${owner}`;
  return {
    state: 'unowned',
    message: `The role ${role.Arn} ${whose}, so it is left as it is.`,
    remedy: HAND_OVER,
  };
}

/**
 * See Kind. Whose the role is, is an output, too: without its tags, a role of ours by which the account is entered would look like
 * its owner's.
 */
export function outputs(role: {
  readonly arn: string;
  readonly name: string;
  readonly keptBy?: 'orgkeeper' | 'owner';
}): Record<string, string> {
  const { arn, name, keptBy } = role;
  return { 'role.arn': arn, 'role.name': name, ...(keptBy && { 'role.keptBy': keptBy }) };
}

/** See Kind. An owner-managed role is not ours; former ones are. */
export function made(recorded: Recorded): Record<string, string> {
  const isOwnerManaged = recorded['role.keptBy'] === 'owner';
  const names = Object.keys(recorded).filter((name) =>
    isOwnerManaged ? name === FORMER : /^(madeAt\.)?role\./.test(name),
  );
  return Object.fromEntries(names.map((name) => [name, recorded[name] ?? '']));
}

/** Forgets the outputs of the role in use. */
export function forget({ record }: Pick<KindContext, 'record'>): void {
  record({ 'role.arn': undefined, 'role.name': undefined, 'role.keptBy': undefined });
}

/** Forgets a role of ours in whose place somebody made one of the same name under another path: ours is gone. */
export function forgetReplaced({ Arn, RoleName }: Role, context: KindContext): void {
  const known = context.recorded['role.arn'];
  if (known === undefined || known === Arn || roleName(known) !== RoleName) return;
  forget(context);
}

/**
 * ARNs of the roles that Orgkeeper made for the account under other names than the baseline's now, as far as outputs
 * say. They are trusted as ever and no longer managed. An owner-managed role is not among them. Pure.
 */
export function formerRoles({ name }: { readonly name: string }, recorded: Recorded): string[] {
  const ours = recorded['role.keptBy'] === undefined ? recorded['role.arn'] : undefined;
  const known = [...(recorded[FORMER]?.split(' ') ?? []), ...(ours ? [ours] : [])];
  return [...new Set(known)].filter((arn) => roleName(arn) !== name);
}

/** Former roles that are still there: they carry access, so none is removed by itself, and each is reported. Pure. */
export function reportFormer(wanted: {
  readonly name: string;
  readonly former: readonly string[];
}): Blocked[] {
  return wanted.former.map((arn) => ({
    reason: 'FormerRole',
    message:
      `The role ${arn}, which Orgkeeper made before the baseline named it ${wanted.name}, is still there: it admits whom it admitted, and ` +
      'Orgkeeper no longer manages it. Delete it once nothing uses it, or give the role its old name back; retiring the account with its resources removed takes both away.',
    difference: differencesOf('executionRole')(roleName(arn), '', { actual: { arn } }, 'reported'),
  }));
}

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
 * they are and, where it manages that role itself, to remove them. Pure.
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

/** The name in a role's ARN, which is unique in the account whatever its path. Pure. */
export function roleName(arn: string): string {
  return arn.split('/').at(-1) ?? '';
}
