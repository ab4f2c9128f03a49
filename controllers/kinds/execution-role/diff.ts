import type { Difference } from '../../../shared/domain/status.ts';
import { PolicyError, type PolicyInput } from '../../../shared/policy/document.ts';
import { type PolicyDifference, differences as policyDifferences } from '../../../shared/policy/same.ts';
import type { Blocked, Comparison } from '../kind.ts';
import { checkGiven } from './coverage.ts';
import { reportFormer } from './former.ts';
import { keptOut } from './lockout.ts';
import type { ActualRole } from './observe.ts';
import type { ExecutionRole } from './render.ts';
import { type Granted, warningsOf } from './warnings.ts';

/** See Kind. Paths: `trustPolicy`, `inlinePolicies.<name>`, `managedPolicies.<arn>`, `tags.<key>`, … */
export function diff(wanted: ExecutionRole, actual: ActualRole | undefined): Comparison {
  const compared = compareRoles(wanted, actual);
  const standing = actual ? warningsOf(standingOf(wanted, actual)) : [];
  // Of a role that its owner keeps, what it is; of ours, what it is to be: what is added by hand is a difference.
  const policies = Object.values(wanted.inlinePolicies);
  const accountId = accountOf(wanted);
  const warnings = actual?.given ? standing : warningsOf({ ...wanted, accountId, policies });
  return {
    ...compared,
    blocked: [...compared.blocked, ...reportFormer(wanted)],
    ...(warnings.length > 0 && { warnings }),
    ...(standing.length > 0 && { warningsAsFound: standing }),
  };
}

/** The role as it stands; inline policies that nobody wants are not read, and count as differences alone. */
function standingOf(wanted: ExecutionRole, actual: ActualRole): Granted {
  const { inline, managed } = actual.given ?? { inline: actual.inlinePolicies, managed: {} };
  const policies = [...Object.values(inline), ...actual.managedPolicies.map((arn) => managed[arn])];
  return {
    ...actual,
    accountId: accountOf(wanted),
    policies: policies.filter((each) => each !== undefined),
  };
}

function accountOf({ arn }: ExecutionRole): string {
  return arn.split(':')[4] ?? '';
}

function compareRoles(wanted: ExecutionRole, actual: ActualRole | undefined): Comparison {
  if (!actual && wanted.entry) return { differences: [], blocked: [missing(wanted)], unowned: [] };
  if (!actual) {
    const created = difference(wanted, '', { arn: wanted.arn }, undefined, 'created');
    return { differences: [created], blocked: [], unowned: [] };
  }
  if (actual.given) return checkGiven(wanted, actual, actual.given);
  const all = [
    ...policy(wanted, 'trustPolicy', wanted.trustPolicy, actual.trustPolicy),
    ...field(wanted, 'permissionsBoundary', wanted.permissionsBoundary, actual.permissionsBoundary),
    ...field(wanted, 'maxSessionDuration', wanted.maxSessionDuration, actual.maxSessionDuration),
    ...field(wanted, 'description', wanted.description, actual.description),
    ...managedPolicies(wanted, actual),
    ...inlinePolicies(wanted, actual),
    ...tags(wanted, actual),
  ];
  const { differences, blocked: shutsOut } = keptOut(wanted, actual, all);
  return { differences, blocked: [...shutsOut, ...blocked(wanted, actual)], unowned: [] };
}

/** The role by which the account is entered: with it gone, nobody can make it again but its owner. */
function missing(wanted: ExecutionRole): Blocked {
  const message =
    `There is no role ${wanted.arn}: have the account's owner make it; ` +
    `\`orgkeeper template member --account ${wanted.arn.split(':')[4]}\` shows how.`;
  const reported = difference(wanted, '', { arn: wanted.arn }, undefined, 'reported');
  return { reason: 'RoleMissing', message, difference: reported };
}

function blocked(wanted: ExecutionRole, actual: ActualRole): Blocked[] {
  if (wanted.path === actual.path) return [];
  const message =
    `The path of the role ${actual.name} is ${actual.path}, not ${wanted.path}, and IAM cannot change it: ` +
    'delete the role, and it is made again, or put its path into the baseline.';
  const reported = difference(wanted, 'path', wanted.path, actual.path, 'reported');
  return [{ reason: 'NeedsReplacement', message, difference: reported }];
}

function inlinePolicies(wanted: ExecutionRole, actual: ActualRole): Difference[] {
  const names = [...new Set([...Object.keys(wanted.inlinePolicies), ...Object.keys(actual.inlinePolicies)])];
  return names.flatMap((name) => {
    const path = `inlinePolicies.${name}`;
    const desired = own(wanted.inlinePolicies, name);
    if (!desired) return [difference(wanted, path, undefined, 'a policy added by hand', 'removed')];
    const found = own(actual.inlinePolicies, name);
    if (found === undefined) return [difference(wanted, path, desired, undefined, 'created')];
    return policy(wanted, path, desired, found);
  });
}

function managedPolicies(wanted: ExecutionRole, actual: ActualRole): Difference[] {
  const path = (arn: string) => `managedPolicies.${arn}`;
  const missing = wanted.managedPolicies.filter((arn) => !actual.managedPolicies.includes(arn));
  const added = actual.managedPolicies.filter((arn) => !wanted.managedPolicies.includes(arn));
  return [
    ...added.map((arn) => difference(wanted, path(arn), undefined, arn, 'removed')),
    ...missing.map((arn) => difference(wanted, path(arn), arn, undefined, 'created')),
  ];
}

/** The role is ours alone: tags that others added go, but for those that AWS keeps itself. */
function tags(wanted: ExecutionRole, actual: ActualRole): Difference[] {
  const keys = [...new Set([...Object.keys(wanted.tags), ...Object.keys(actual.tags)])];
  return keys
    .filter((key) => !key.toLowerCase().startsWith('aws:'))
    .flatMap((key) => field(wanted, `tags.${key}`, own(wanted.tags, key), own(actual.tags, key)));
}

function field<T>(
  wanted: ExecutionRole,
  path: string,
  desired: T | undefined,
  actual: T | undefined,
): Difference[] {
  if (desired === actual) return [];
  const action = desired === undefined ? 'removed' : actual === undefined ? 'created' : 'updated';
  return [difference(wanted, path, desired, actual, action)];
}

/** One difference for a policy; desired and actual name only the places where it differs, by their path. */
function policy(wanted: ExecutionRole, path: string, desired: PolicyInput, actual: string): Difference[] {
  const places = compare(desired, actual, wanted.partition);
  if (places === 'unreadable') return [difference(wanted, path, desired, actual, 'updated')];
  if (places.length === 0) return [];
  const side = (of: 'left' | 'right') => Object.fromEntries(places.map((place) => [place.path, place[of]]));
  return [difference(wanted, path, side('left'), side('right'), 'updated')];
}

function compare(desired: PolicyInput, actual: string, partition: string): PolicyDifference[] | 'unreadable' {
  try {
    return policyDifferences(desired, actual, { partition });
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    // IAM holds what is no policy by the grammar that we know: it is put again.
    return 'unreadable';
  }
}

function difference(
  wanted: ExecutionRole,
  path: string,
  desired: unknown,
  actual: unknown,
  action: Difference['action'],
): Difference {
  return {
    kind: 'executionRole',
    resource: wanted.name,
    path,
    ...(desired === undefined ? {} : { desired }),
    ...(actual === undefined ? {} : { actual }),
    action,
  };
}

/** What a record itself has by that name: a policy or a tag may be called `constructor`. */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
