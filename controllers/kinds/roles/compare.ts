import type { Difference } from '../../../shared/domain/status.ts';
import { differencesOf, withoutNames } from '../comparison.ts';
import { administers } from '../iam-role/administrators.ts';
import { comparePath, compareRole, createdRole } from '../iam-role/compare.ts';
import { GRANT_POLICY } from '../iam-role/granted.ts';
import { type FoundRole, roleName } from '../iam-role/model.ts';
import { type Blocked, type Comparison, NAME_TAG, OWNER_TAG } from '../kind.ts';
import { compareProfile } from './instance-profile.ts';
import type { ActualBesideRole, ActualRoles } from './observe.ts';
import { type BesideRole, nameTag, type Roles } from './section.ts';

const difference = differencesOf('roles');

type Part = Pick<Comparison, 'differences' | 'blocked'>;

/** See Kind. `resource` is the role's name; for the paths see `compareRole`, and `instanceProfile`. */
export function compare({ roles }: Roles, actual: ActualRoles | undefined): Comparison {
  const each = roles.map((role) => compareOne(role, actual?.found[role.key] ?? {}));
  const warnings = roles.flatMap(warningsOf);
  return {
    differences: each.flatMap(({ differences }) => differences),
    blocked: [...each.flatMap(({ blocked }) => blocked), ...(actual?.former ?? []).map(reportFormer)],
    unowned: [],
    ...(warnings.length > 0 && { warnings, warningsAsFound: warnings }),
  };
}

function compareOne(wanted: BesideRole, { role, profile }: ActualBesideRole): Part {
  const kept = (blocked: Blocked): Part => ({ differences: [], blocked: [blocked] });
  if (wanted.problems.length > 0) return kept(invalid(wanted));
  if (wanted.waitsFor.length > 0) return kept(waiting(wanted, wanted.waitsFor));
  if (role && !role.isOurs) return kept(unowned(wanted, role));
  if (!role && wanted.deniesAll) return kept(waiting(wanted, wanted.missing));
  const ofProfile = compareProfile(wanted, profile);
  const waits = wanted.missing.length > 0 ? [waiting(wanted, wanted.missing)] : [];
  if (!role) {
    return {
      differences: [createdRole('roles', wanted), ...ofProfile.differences],
      blocked: [...waits, ...ofProfile.blocked],
    };
  }
  return {
    differences: [...compareRole('roles', wanted, managed(wanted, role)), ...ofProfile.differences],
    blocked: [...waits, ...comparePath('roles', wanted, role), ...ofProfile.blocked],
  };
}

function waiting(wanted: BesideRole, names: readonly string[]): Blocked {
  return { ...withoutNames(`The role ${wanted.name}`, names), difference: reported(wanted) };
}

/** The role without the policy that the kind assumeGrants manages. Pure. */
export function managed({ granted }: BesideRole, role: FoundRole): FoundRole {
  if (!granted) return role;
  const { [GRANT_POLICY]: _, ...inlinePolicies } = role.inlinePolicies;
  return { ...role, inlinePolicies };
}

function invalid(wanted: BesideRole): Blocked {
  const said = wanted.problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return {
    reason: 'InvalidDesiredState',
    message:
      `The role ${wanted.name} is not valid for this account (${said}): correct the baseline, or register the account ` +
      'again with other values.',
    difference: reported(wanted),
  };
}

function unowned(wanted: BesideRole, { arn, tags }: FoundRole): Blocked {
  const owner = tags[OWNER_TAG];
  const ours = wanted.tags[OWNER_TAG];
  const whose =
    owner === undefined || owner === ours
      ? 'was not made by Orgkeeper as one of `roles`'
      : `belongs to the Orgkeeper in account ${owner}`;
  return {
    reason: 'ForeignResource',
    message:
      `The role ${arn} ${whose}, so Orgkeeper does not change it: tag it with ${OWNER_TAG}=${ours} and ` +
      `${NAME_TAG}=${nameTag(wanted.key)} to hand it over, or give the role in the baseline another name.`,
    difference: reported(wanted),
  };
}

function reported({ name, arn }: BesideRole): Difference {
  return difference(name, '', { desired: { arn } }, 'reported');
}

/** A run does not remove a role that the baseline no longer names, because somebody may still use it. */
function reportFormer(arn: string): Blocked {
  return {
    reason: 'FormerRole',
    message:
      `The role ${arn}, which Orgkeeper made and the baseline no longer names, still exists: it can still be assumed, and Orgkeeper no ` +
      'longer manages it. Delete it once nothing uses it, or put it back into the baseline; retiring the account with its resources removed deletes it, too.',
    difference: difference(roleName(arn), '', { actual: { arn } }, 'reported'),
  };
}

function warningsOf({ name, inlinePolicies, managedPolicies }: BesideRole): string[] {
  if (!administers(Object.values(inlinePolicies), managedPolicies)) return [];
  return [`AdministratorAccess: the role ${name} may do everything in the account`];
}
