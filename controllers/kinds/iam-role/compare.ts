import type { Difference } from '../../../shared/domain/status.ts';
import { PolicyError, type PolicyInput } from '../../../shared/policy/document.ts';
import { differences } from '../../../shared/policy/same.ts';
import { differencesOf, type Sides } from '../comparison.ts';
import type { Blocked } from '../kind.ts';
import { type FoundRole, own, type WantedRole } from './model.ts';

/** Comparing a role of ours, which is managed as a whole, with what it is to be: policies by meaning, all else by value. */

/** The path of a trust policy's difference. */
export const TRUST = 'trustPolicy';

/** The difference of a role that does not exist. Pure. */
export function createdRole(kind: string, { name, arn }: WantedRole): Difference {
  return differencesOf(kind)(name, '', { desired: { arn } });
}

/**
 * The differences of an existing role, without its path. Paths: `trustPolicy`, `inlinePolicies.<name>`, `managedPolicies.<arn>`,
 * `tags.<key>`, … Pure.
 */
export function compareRole(kind: string, wanted: WantedRole, actual: FoundRole): Difference[] {
  const at = (path: string, sides: Sides, action?: Difference['action']) =>
    differencesOf(kind)(wanted.name, path, sides, action);
  const field = <T>(path: string, desired: T | undefined, found: T | undefined) =>
    desired === found ? [] : [at(path, { desired, actual: found })];
  return [
    ...compareTrust(),
    ...field('permissionsBoundary', wanted.permissionsBoundary, actual.permissionsBoundary),
    ...field('maxSessionDuration', wanted.maxSessionDuration, actual.maxSessionDuration),
    ...field('description', wanted.description, actual.description),
    ...compareManaged(),
    ...compareInline(),
    ...compareTags('tags', wanted.tags, actual.tags).map(({ path, ...sides }) => at(path, sides)),
  ];

  function compareTrust(): Difference[] {
    const sides = policySides(wanted.trustPolicy, actual.trustPolicy, wanted.partition);
    return sides ? [at(TRUST, sides, 'updated')] : [];
  }

  function compareManaged(): Difference[] {
    const path = (arn: string) => `managedPolicies.${arn}`;
    const missing = wanted.managedPolicies.filter((arn) => !actual.managedPolicies.includes(arn));
    const added = actual.managedPolicies.filter((arn) => !wanted.managedPolicies.includes(arn));
    return [
      ...added.map((arn) => at(path(arn), { actual: arn })),
      ...missing.map((arn) => at(path(arn), { desired: arn })),
    ];
  }

  function compareInline(): Difference[] {
    const names = new Set([...Object.keys(wanted.inlinePolicies), ...Object.keys(actual.inlinePolicies)]);
    return [...names].flatMap((name) => {
      const path = `inlinePolicies.${name}`;
      const desired = own(wanted.inlinePolicies, name);
      if (!desired) return [at(path, { actual: 'a policy added by hand' })];
      const found = own(actual.inlinePolicies, name);
      if (found === undefined) return [at(path, { desired })];
      const sides = policySides(desired, found, wanted.partition);
      return sides ? [at(path, sides, 'updated')] : [];
    });
  }
}

type Tags = Readonly<Record<string, string>>;

/** The tags that differ, each with its path below `at`: tags that others added are removed, except those that AWS reserves. Pure. */
export function compareTags(at: string, wanted: Tags, actual: Tags): (Sides & { readonly path: string })[] {
  const keys = new Set([...Object.keys(wanted), ...Object.keys(actual)]);
  return [...keys].flatMap((key) => {
    const sides = { desired: own(wanted, key), actual: own(actual, key) };
    const isReserved = key.toLowerCase().startsWith('aws:');
    return isReserved || sides.desired === sides.actual ? [] : [{ path: `${at}.${key}`, ...sides }];
  });
}

/** The path of a role that differs, which IAM cannot change. Pure. */
export function comparePath(
  kind: string,
  { name, path: desired }: WantedRole,
  { name: found, path: actual }: FoundRole,
): Blocked[] {
  if (desired === actual) return [];
  const message =
    `The path of the role ${found} is ${actual}, not ${desired}, and IAM cannot change it: ` +
    'delete the role, and Orgkeeper creates it again, or put its path into the baseline.';
  const reported = differencesOf(kind)(name, 'path', { desired, actual }, 'reported');
  return [{ reason: 'NeedsReplacement', message, difference: reported }];
}

/**
 * The parts of two policies that differ in meaning, both values by path; undefined if they mean the same. An actual policy that does
 * not parse differs as a whole. Pure.
 */
export function policySides(desired: PolicyInput, actual: string, partition: string): Sides | undefined {
  try {
    const places = differences(desired, actual, { partition });
    if (places.length === 0) return undefined;
    const side = (of: 'left' | 'right') => Object.fromEntries(places.map((place) => [place.path, place[of]]));
    return { desired: side('left'), actual: side('right') };
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return { desired, actual };
  }
}
