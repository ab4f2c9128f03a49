import { differencesOf, withoutNames } from '../comparison.ts';
import { policySides } from '../iam-role/compare.ts';
import { GRANT_POLICY } from '../iam-role/granted.ts';
import type { Blocked, Comparison } from '../kind.ts';
import { type ActualGrant, type ActualGrants, keyOf } from './observe.ts';
import { type AssumeGrants, type Principal, policyOf, type WantedGrant } from './section.ts';

const difference = differencesOf('assumeGrants');
const PATH = `inlinePolicies.${GRANT_POLICY}`;

type Part = Pick<Comparison, 'differences' | 'blocked'>;

/** See Kind. `resource` is type and name of the principal; the path is that of its policy. */
export function compare(wanted: AssumeGrants, actual: ActualGrants | undefined): Comparison {
  const each = wanted.grants.map((grant) => compareOne(grant, wanted, actual?.found[keyOf(grant)]));
  const dropped = (actual?.dropped ?? []).map((one) =>
    difference(resourceOf(one), PATH, { actual: 'a grant that the baseline no longer has' }),
  );
  return {
    differences: [...each.flatMap(({ differences }) => differences), ...dropped],
    blocked: each.flatMap(({ blocked }) => blocked),
    unowned: [],
  };
}

/** A principal as differences and messages name it: `role reader`. Pure. */
export function resourceOf({ type, name }: Principal): string {
  return `${type} ${name}`;
}

function compareOne(
  grant: WantedGrant,
  { owner, partition }: AssumeGrants,
  actual: ActualGrant | undefined,
): Part {
  const resource = resourceOf(grant);
  const desired = policyOf(grant, owner, actual?.arn ?? 'the role itself');
  const found = actual?.policy;
  const left = (blocked: Pick<Blocked, 'reason' | 'message' | 'waitsFor'>): Part => ({
    differences: [],
    blocked: [{ ...blocked, difference: difference(resource, PATH, { desired }, 'reported') }],
  });
  if (grant.problems.length > 0) return left(invalid(grant));
  if (grant.waitsFor.length > 0) return left(withoutNames(`The grant of the ${resource}`, grant.waitsFor));
  if (found && !found.isOurs) return left(unowned(grant));
  // A role may be made by the kind roles in this very run.
  if (actual && actual.arn === undefined && grant.type !== 'role') return left(missingPrincipal(grant));
  const waiting =
    grant.missing.length > 0 ? left(withoutNames(`The grant of the ${resource}`, grant.missing)).blocked : [];
  return { differences: differencesBetween(), blocked: waiting };

  function differencesBetween(): Part['differences'] {
    if (!desired) {
      return found ? [difference(resource, PATH, { actual: 'a grant of roles that nobody exports' })] : [];
    }
    if (!found) return [difference(resource, PATH, { desired })];
    const sides = policySides(desired, found.document, partition);
    return sides ? [difference(resource, PATH, sides, 'updated')] : [];
  }
}

function invalid(grant: WantedGrant): Pick<Blocked, 'reason' | 'message'> {
  const said = grant.problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return {
    reason: 'InvalidDesiredState',
    message:
      `The grant of the ${resourceOf(grant)} is not valid for this account (${said}): correct the baseline, or register the account ` +
      'again with other values.',
  };
}

function unowned(grant: WantedGrant): Pick<Blocked, 'reason' | 'message'> {
  return {
    reason: 'ForeignResource',
    message:
      `The ${resourceOf(grant)} has an inline policy ${GRANT_POLICY} that Orgkeeper did not put there, so it stays: ` +
      'delete it, or give it another name, and sweep the account.',
  };
}

/** A user or a group that does not exist: nothing of the account makes it. Pure. */
function missingPrincipal(grant: WantedGrant): Pick<Blocked, 'reason' | 'message'> {
  return { reason: 'PrincipalMissing', message: missingMessage(grant) };
}

/** Says that a principal does not exist, and what to do. Pure. */
export function missingMessage(principal: Principal): string {
  return (
    `There is no ${resourceOf(principal)} in the account, so nothing is granted to it: ` +
    'create it and sweep the account, or take it out of the baseline.'
  );
}
