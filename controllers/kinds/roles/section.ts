import { z } from 'zod';
import type { Problem } from '../../../shared/domain/errors.ts';
import { interpolateDeep, type Lookup } from '../../../shared/domain/interpolate.ts';
import { check } from '../../../shared/domain/plain-words.ts';
import { formatPath, zodProblems } from '../../../shared/domain/requests.ts';
import { textsIn } from '../graph.ts';
import { GRANT_POLICY, grantOutput } from '../iam-role/granted.ts';
import type { WantedRole } from '../iam-role/model.ts';
import {
  inText,
  type RoleFields,
  roleFields,
  sizeProblems,
  unknownNames,
  wideningProblems,
} from '../iam-role/section.ts';
import { type KindAccount, NAME_TAG, OWNER_TAG } from '../kind.ts';
import { knownTrust } from './trust.ts';

/** The section `roles` of a baseline, and the roles that an account is to have beside its execution role. */

const fields = roleFields({ [GRANT_POLICY]: 'assumeGrants' });
const RoleSection = z.strictObject({
  ...fields,
  /** The key if absent. */
  name: fields.name.optional(),
  /** Whether the role has an instance profile of its name and path. */
  instanceProfile: z.boolean().default(false),
});

const MOST = 100;

/** `roles:` of a baseline, by the names under which outputs and tags know the roles. */
export const RolesSection = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, 'a role is listed under 1 to 64 letters, digits and _-'),
    RoleSection,
  )
  .refine((roles) => Object.keys(roles).length <= MOST, `at most ${MOST} roles`);
export type RolesSection = z.infer<typeof RolesSection>;

/** A role that the account is to have, its `${…}` filled in as far as they are known. */
export interface BesideRole extends WantedRole {
  /** Its key in the section. */
  readonly key: string;
  readonly instanceProfile: boolean;
  /** Names of `${…}` that are not known yet: the role is not written before. */
  readonly waitsFor: readonly string[];
  /** Imports in its trust policy that no account exports: the role is written without them. */
  readonly missing: readonly string[];
  /** True if they are all whom it would admit: the role is not made before, and an existing one denies everybody. */
  readonly deniesAll: boolean;
  /** What IAM would reject with this account's values: this role is not written, the others are. */
  readonly problems: readonly Problem[];
  /** True if the kind assumeGrants has a policy on the role, which it manages. */
  readonly granted: boolean;
}

/** The roles that an account is to have. */
export interface Roles {
  readonly roles: readonly BesideRole[];
}

/** Path of the section in a baseline. */
const ROOT = 'roles';

/** See Kind. What IAM would reject is a problem of the one role, with a path like `roles.reader.managedPolicies[0]`. */
export function render(section: RolesSection, lookup: Lookup, account: KindAccount): Roles {
  const roles = Object.entries(section).map(([key, one]) => renderRole(key, one, lookup, account));
  return {
    roles: roles.map((role, index) => {
      const twin = roles.slice(0, index).find(({ name }) => name.toLowerCase() === role.name.toLowerCase());
      if (!twin) return role;
      const message = `roles.${twin.key} has the name ${twin.name}, too, and IAM does not tell upper from lower case`;
      return { ...role, problems: [...role.problems, { path: `roles.${role.key}.name`, message }] };
    }),
  };
}

function renderRole(
  key: string,
  given: RolesSection[string],
  lookup: Lookup,
  account: KindAccount,
): BesideRole {
  const at = formatPath(ROOT, [key]);
  const trust = knownTrust(given.trustPolicy, lookup);
  const section = { ...given, name: given.name ?? key, trustPolicy: trust.policy };
  const filled = interpolateDeep(section, lookup);
  const waitsFor = [...new Set(unknownNames(section, at, lookup).map(({ name }) => name))];
  const parsed = check(RoleSection, filled);
  const { accountId, partition } = account;
  const { name, path } = filled;
  const arn = `arn:${partition}:iam::${accountId}:role${path}${name}`;
  const problems = [
    ...wideningProblems(section, at, lookup),
    ...(parsed.success ? [] : zodProblems(parsed.error, at)),
    ...(waitsFor.length > 0 ? [] : sizeProblems(filled, at, account)),
    ...strangePartitions(filled, at, partition),
    ...entryProblems(name, at, lookup, account),
  ];
  return {
    ...inText(filled),
    name,
    tags: { ...filled.tags, [OWNER_TAG]: account.owner, [NAME_TAG]: nameTag(key) },
    ...{ key, arn, partition, waitsFor, problems, missing: trust.missing, deniesAll: trust.deniesAll },
    granted: lookup(grantOutput('role', name)) !== undefined,
  };
}

/** ARNs of another partition, which IAM does not know here. */
function strangePartitions(
  { trustPolicy, inlinePolicies, managedPolicies, permissionsBoundary }: RoleFields,
  at: string,
  partition: string,
): Problem[] {
  const texts = textsIn({ trustPolicy, inlinePolicies, managedPolicies, permissionsBoundary });
  return texts.flatMap(({ path, text }) => {
    const [, found] = /^arn:(aws[a-z-]*):/.exec(text) ?? [];
    if (found === undefined || found === partition) return [];
    const message = `${text} is in the partition ${found}, and the account is in ${partition}: write arn:\${partition}:…`;
    return [{ path: formatPath(at, path), message }];
  });
}

/** The role of the account's entry is described by the section `executionRole`, which keeps it from being locked. */
function entryProblems(name: string, at: string, lookup: Lookup, { entry }: KindAccount): Problem[] {
  const isNamed = (arn: string | undefined) => arn?.split('/').at(-1)?.toLowerCase() === name.toLowerCase();
  if (!isNamed(entry?.roleArn) && !isNamed(lookup('role.name'))) return [];
  const message = `${name} is the account's execution role: describe it in the section executionRole`;
  return [{ path: `${at}.name`, message }];
}

/** The name tag of a role. Pure. */
export function nameTag(key: string): string {
  return `${ROOT}.${key}`;
}
