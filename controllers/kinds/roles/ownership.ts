import type { InstanceProfile, Role } from '@aws-sdk/client-iam';
import { roleName } from '../iam-role/model.ts';
import { tagsOf } from '../iam-role/read.ts';
import { type KindContext, NAME_TAG, OWNER_TAG } from '../kind.ts';
import { nameTag, type Roles } from './section.ts';

/** Whose a role or an instance profile is, by its tags and by what was recorded; and which roles the baseline no longer names. */

type Recorded = Readonly<Record<string, string>>;
type Known = Pick<KindContext, 'account' | 'recorded'>;

/** The output with the ARNs of former roles, separated by spaces. */
export const FORMER = 'roles.former';

const ARN = /^roles\.[^.]+\.arn$/;
const PROFILE_ARN = /^roles\.[^.]+\.instanceProfile\.arn$/;

/** Names of the outputs of a role. Pure. */
export function outputsOf(key: string) {
  return {
    arn: `roles.${key}.arn`,
    name: `roles.${key}.name`,
    profile: `roles.${key}.instanceProfile.arn`,
  } as const;
}

/** See Kind. */
export function made(recorded: Recorded): Record<string, string> {
  return Object.fromEntries(Object.entries(recorded).filter(([name]) => name.startsWith('roles.')));
}

/** ARNs of all roles that were recorded as made, former ones included. Pure. */
export function recordedArns(recorded: Recorded): string[] {
  return [...new Set([...valuesOf(ARN, recorded), ...(recorded[FORMER]?.split(' ') ?? [])])];
}

/** ARNs of all instance profiles that were recorded as made. Pure. */
export function recordedProfiles(recorded: Recorded): string[] {
  return valuesOf(PROFILE_ARN, recorded);
}

function valuesOf(names: RegExp, recorded: Recorded): string[] {
  return Object.entries(recorded).flatMap(([name, value]) => (names.test(name) ? [value] : []));
}

/**
 * True if the role has our tags as this kind sets them, or was recorded when Orgkeeper made it: a role that lost its tags is still
 * ours. The account's execution role has another name tag.
 */
export function isOurs(role: Role, { account, recorded }: Known): boolean {
  const tags = tagsOf(role);
  if (tags[OWNER_TAG] === account.owner && tags[NAME_TAG]?.startsWith(nameTag(''))) return true;
  return recordedArns(recorded).includes(role.Arn ?? '');
}

/** The same of an instance profile. */
export function isOurProfile(profile: InstanceProfile, { account, recorded }: Known): boolean {
  const tags = tagsOf(profile);
  if (tags[OWNER_TAG] === account.owner && tags[NAME_TAG]?.startsWith(nameTag(''))) return true;
  return recordedProfiles(recorded).includes(profile.Arn ?? '');
}

/** The remedy for a role of that name that is not ours: hand it over to Orgkeeper, or use another name. Pure. */
export function handOver(key: string, { account }: Pick<KindContext, 'account'>): string {
  return `Tag it with ${OWNER_TAG}=${account.owner} and ${NAME_TAG}=${nameTag(key)} to hand it over, or give the role in the baseline another name.`;
}

/**
 * ARNs of the roles that Orgkeeper made for the account and that the baseline no longer names. They can still be assumed and are no
 * longer managed. Pure.
 */
export function formerRoles({ roles }: Roles, recorded: Recorded): string[] {
  const named = new Set(roles.map(({ name }) => name.toLowerCase()));
  return recordedArns(recorded).filter((arn) => !named.has(roleName(arn).toLowerCase()));
}
