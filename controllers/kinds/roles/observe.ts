import type { Role } from '@aws-sdk/client-iam';
import type { FoundRole } from '../iam-role/model.ts';
import {
  foundRole,
  listRoles,
  orDenial,
  type RoleAnswers,
  readListedRole,
  readRole,
  stillThere,
} from '../iam-role/read.ts';
import type { KindContext, Observation } from '../kind.ts';
import { type FoundProfile, readProfile } from './instance-profile.ts';
import { FORMER, formerRoles, isOurs, outputsOf } from './ownership.ts';
import type { BesideRole, Roles } from './section.ts';

/** What the account has: the desired roles that exist, and ours that the baseline no longer names. */
export interface ActualRoles {
  /** By key. */
  readonly found: Readonly<Record<string, ActualBesideRole>>;
  /** ARNs. */
  readonly former: readonly string[];
}

/** A role by the name of a desired one, or its instance profile, or both. */
export interface ActualBesideRole {
  readonly role?: FoundRole & { readonly isOurs: boolean };
  readonly profile?: FoundProfile;
}

/** The most reads that a role costs on average, as long as the list of all roles has no more than two pages for each desired one. */
const READS_PER_ROLE = 4;

/**
 * See Kind. Sends all calls at once. By calls of its own, a role costs three reads, one for each inline policy that the baseline names,
 * and one for the instance profile. Where that exceeds `READS_PER_ROLE`, the policies come from the list of all roles of the account,
 * and a role costs one read, and one for the instance profile. Each former role costs one read, too.
 */
export async function observe(wanted: Roles, context: KindContext): Promise<Observation<ActualRoles>> {
  // A name that is not known yet names nothing.
  const named = wanted.roles.filter(({ name }) => !name.includes('${'));
  const list = exceedsReads(named, context)
    ? orDenial(listRoles(new Set(named.map(({ name }) => name)), context))
    : undefined;
  const read = (role: BesideRole) => (list ? readListedRole(role, list, context) : readRole(role, context));
  const [former, ...roles] = await Promise.all([
    stillThere(formerRoles(wanted, context.recorded), context, (role) => isOurs(role, context)),
    ...named.map(async (role) => [role.key, await observeOne(role, read(role), context)] as const),
  ]);
  context.record({ ...forgotten(wanted, context), [FORMER]: former.join(' ') || undefined });
  const found = Object.fromEntries(roles.flatMap(([key, one]) => (one ? [[key, one]] : [])));
  if (Object.keys(found).length + former.length === 0) return { state: 'absent' };
  return { state: 'present', actual: { found, former } };
}

function exceedsReads(named: readonly BesideRole[], context: KindContext): boolean {
  const reads = named.map(
    (role) => 3 + Object.keys(role.inlinePolicies).length + (mayHaveProfile(role, context) ? 1 : 0),
  );
  return reads.reduce((sum, each) => sum + each, 0) > READS_PER_ROLE * named.length;
}

function mayHaveProfile({ key, instanceProfile }: BesideRole, { recorded }: KindContext): boolean {
  return instanceProfile || recorded[outputsOf(key).profile] !== undefined;
}

async function observeOne(
  wanted: BesideRole,
  reading: Promise<RoleAnswers>,
  context: KindContext,
): Promise<ActualBesideRole | undefined> {
  const mayHave = mayHaveProfile(wanted, context);
  const [answers, profile] = await Promise.all([
    reading,
    mayHave ? readProfile(wanted.name, context) : undefined,
  ]);
  const { role, denial } = answers;
  if (!profile && mayHave && !wanted.instanceProfile) {
    context.record({ [outputsOf(wanted.key).profile]: undefined });
  }
  if (!role && !profile) return undefined;
  const ours = role !== undefined && isOurs(role, context);
  if (denial && ours) throw denial;
  return {
    ...(role && { role: { ...found(role), isOurs: ours } }),
    ...(profile && { profile }),
  };

  function found(there: Role): FoundRole {
    return foundRole(wanted, there, answers);
  }
}

/** The outputs of roles and instance profiles that the baseline no longer names; the ARNs of former roles are kept apart. */
function forgotten({ roles }: Roles, { recorded }: KindContext): Record<string, undefined> {
  const keys = new Set(roles.map(({ key }) => key));
  const names = Object.keys(recorded).filter((name) => {
    const [, key] = /^roles\.([^.]+)\.(arn|name|instanceProfile\.arn)$/.exec(name) ?? [];
    return key !== undefined && !keys.has(key);
  });
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

/** See Kind. */
export function outputs({ found, former }: ActualRoles): Record<string, string> {
  const each = Object.entries(found).flatMap(([key, { role, profile }]) => [
    ...(role?.isOurs
      ? [[outputsOf(key).arn, role.arn] as const, [outputsOf(key).name, role.name] as const]
      : []),
    ...(profile?.isOurs ? [[outputsOf(key).profile, profile.arn] as const] : []),
  ]);
  return { ...Object.fromEntries(each), ...(former.length > 0 && { [FORMER]: former.join(' ') }) };
}
