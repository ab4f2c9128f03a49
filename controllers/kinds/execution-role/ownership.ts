import type { Role } from '@aws-sdk/client-iam';
import { differencesOf } from '../comparison.ts';
import { roleName } from '../iam-role/model.ts';
import { tagsOf } from '../iam-role/read.ts';
import { type Blocked, type Entry, type KindContext, OWNER_TAG, type PolicyDocument } from '../kind.ts';

/** Who owns a role: Orgkeeper, the account's owner or somebody else; and the roles that Orgkeeper made under former names. */

type Recorded = Readonly<Record<string, string>>;

/** The output with the ARNs of former roles, separated by spaces. */
export const FORMER = 'role.former';

/** The remedy for an unowned role of that name: hand it over to Orgkeeper, or use another name. */
export const HAND_OVER = `Tag it with ${OWNER_TAG} and the id of the Main account to hand it over, or give the role in the baseline another name.`;

/**
 * True if the role has our owner tag, or was recorded when Orgkeeper made it: a role that lost its tags is still ours. A role that
 * was recorded as owner-managed is not ours.
 */
export function isOurRole(
  role: Role,
  { account, recorded }: Pick<KindContext, 'account' | 'recorded'>,
): boolean {
  if (tagsOf(role)[OWNER_TAG] === account.owner) return true;
  if (recorded[FORMER]?.split(' ').includes(role.Arn ?? '')) return true;
  return recorded['role.arn'] === role.Arn && recorded['role.keptBy'] !== 'owner';
}

/** See Observation. */
export function unowned(role: Role): { state: 'unowned'; message: string; remedy: string } {
  const owner = tagsOf(role)[OWNER_TAG];
  const whose =
    owner === undefined ? 'was not made by Orgkeeper' : `belongs to the Orgkeeper in account ${owner}`;
  return {
    state: 'unowned',
    message: `The role ${role.Arn} ${whose}, so Orgkeeper does not change it.`,
    remedy: HAND_OVER,
  };
}

/**
 * See Kind. The owner of the role is an output, too: if a role of ours by which the account is entered loses its tags, it would
 * otherwise look like its owner's.
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

/** Removes the outputs of the role in use. */
export function forget({ record }: Pick<KindContext, 'record'>): void {
  record({ 'role.arn': undefined, 'role.name': undefined, 'role.keptBy': undefined });
}

/** Removes the outputs of a role of ours that was replaced by a role of the same name under another path: ours no longer exists. */
export function forgetReplaced({ Arn, RoleName }: Role, context: KindContext): void {
  const known = context.recorded['role.arn'];
  if (known === undefined || known === Arn || roleName(known) !== RoleName) return;
  forget(context);
}

/**
 * ARNs of the roles that Orgkeeper made for the account under names that the baseline no longer has, from the outputs. They can
 * still be assumed and are no longer managed. Owner-managed roles are not among them. Pure.
 */
export function formerRoles({ name }: { readonly name: string }, recorded: Recorded): string[] {
  const ours = recorded['role.keptBy'] === undefined ? recorded['role.arn'] : undefined;
  const known = [...(recorded[FORMER]?.split(' ') ?? []), ...(ours ? [ours] : [])];
  return [...new Set(known)].filter((arn) => roleName(arn) !== name);
}

/** Reports former roles that still exist. A run does not remove them, because somebody may still use them. Pure. */
export function reportFormer(wanted: {
  readonly name: string;
  readonly former: readonly string[];
}): Blocked[] {
  return wanted.former.map((arn) => ({
    reason: 'FormerRole',
    message:
      `The role ${arn}, which Orgkeeper made before the baseline named it ${wanted.name}, still exists: it can still be assumed, and ` +
      'Orgkeeper no longer manages it. Delete it once nothing uses it, or restore the old name in the baseline; retiring the account with its resources removed deletes both roles.',
    difference: differencesOf('executionRole')(roleName(arn), '', { actual: { arn } }, 'reported'),
  }));
}

/** The calls of `remove` for a former role. */
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
 * What the role by which the account is entered must allow as long as former roles may exist: reading them and, if Orgkeeper
 * manages that role, removing them. Pure.
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
