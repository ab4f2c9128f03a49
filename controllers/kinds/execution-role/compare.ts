import type { Difference } from '../../../shared/domain/status.ts';
import {
  PolicyError,
  type PolicyInput,
  parsePolicy,
  type Statement,
} from '../../../shared/policy/document.ts';
import { differencesOf } from '../comparison.ts';
import type { Blocked, Comparison } from '../kind.ts';
import { partLockOuts } from './lock-out.ts';
import type { ActualRole } from './observe.ts';
import { compareOwnerManaged } from './owner-managed.ts';
import { reportFormer } from './ownership.ts';
import { policySides } from './policies.ts';
import { compareTrust } from './trust.ts';
import type { ExecutionRole } from './wanted.ts';

const difference = differencesOf('executionRole');

/** See Kind. Paths: `trustPolicy`, `inlinePolicies.<name>`, `managedPolicies.<arn>`, `tags.<key>`, … */
export function compare(wanted: ExecutionRole, actual: ActualRole | undefined): Comparison {
  const compared = compareRoles(wanted, actual);
  const warningsAsFound = actual ? warningsOf(asFound(wanted, actual)) : [];
  const policies = Object.values(wanted.inlinePolicies);
  // An owner-managed role is not changed. In a role of ours, an addition by hand is a difference, not a warning.
  const warnings = actual?.ownerManaged
    ? warningsAsFound
    : warningsOf({ ...wanted, accountId: accountOf(wanted), policies });
  return {
    ...compared,
    blocked: [...compared.blocked, ...reportFormer(wanted)],
    ...(warnings.length > 0 && { warnings }),
    ...(warningsAsFound.length > 0 && { warningsAsFound }),
  };
}

function compareRoles(wanted: ExecutionRole, actual: ActualRole | undefined): Comparison {
  if (!actual && wanted.entry) return { differences: [], blocked: [missing(wanted)], unowned: [] };
  if (!actual) {
    const created = difference(wanted.name, '', { desired: { arn: wanted.arn } });
    return { differences: [created], blocked: [], unowned: [] };
  }
  if (actual.ownerManaged) return compareOwnerManaged(wanted, actual, actual.ownerManaged);
  const all = [
    ...compareTrust(wanted, actual),
    ...field(wanted, 'permissionsBoundary', wanted.permissionsBoundary, actual.permissionsBoundary),
    ...field(wanted, 'maxSessionDuration', wanted.maxSessionDuration, actual.maxSessionDuration),
    ...field(wanted, 'description', wanted.description, actual.description),
    ...managedPolicies(wanted, actual),
    ...inlinePolicies(wanted, actual),
    ...tags(wanted, actual),
  ];
  const { differences, blocked } = partLockOuts(wanted, actual, all);
  return { differences, blocked: [...blocked, ...comparePath(wanted, actual)], unowned: [] };
}

/** The role by which the account is entered does not exist: only the account's owner can create it again. */
function missing({ name, arn }: ExecutionRole): Blocked {
  const message =
    `There is no role ${arn}: have the account's owner create it; ` +
    `\`orgkeeper template member --account ${accountOf({ arn })}\` shows how.`;
  return {
    reason: 'RoleMissing',
    message,
    difference: difference(name, '', { desired: { arn } }, 'reported'),
  };
}

function comparePath(
  { name, path: desired }: ExecutionRole,
  { name: found, path: actual }: ActualRole,
): Blocked[] {
  if (desired === actual) return [];
  const message =
    `The path of the role ${found} is ${actual}, not ${desired}, and IAM cannot change it: ` +
    'delete the role, and Orgkeeper creates it again, or put its path into the baseline.';
  const reported = difference(name, 'path', { desired, actual }, 'reported');
  return [{ reason: 'NeedsReplacement', message, difference: reported }];
}

function inlinePolicies(
  { name: role, partition, ...wanted }: ExecutionRole,
  actual: ActualRole,
): Difference[] {
  const names = new Set([...Object.keys(wanted.inlinePolicies), ...Object.keys(actual.inlinePolicies)]);
  return [...names].flatMap((name) => {
    const path = `inlinePolicies.${name}`;
    const desired = own(wanted.inlinePolicies, name);
    if (!desired) return [difference(role, path, { actual: 'a policy added by hand' })];
    const found = own(actual.inlinePolicies, name);
    if (found === undefined) return [difference(role, path, { desired })];
    const sides = policySides(desired, found, partition);
    return sides ? [difference(role, path, sides, 'updated')] : [];
  });
}

function managedPolicies({ name, managedPolicies: wanted }: ExecutionRole, actual: ActualRole): Difference[] {
  const path = (arn: string) => `managedPolicies.${arn}`;
  const missing = wanted.filter((arn) => !actual.managedPolicies.includes(arn));
  const added = actual.managedPolicies.filter((arn) => !wanted.includes(arn));
  return [
    ...added.map((arn) => difference(name, path(arn), { actual: arn })),
    ...missing.map((arn) => difference(name, path(arn), { desired: arn })),
  ];
}

/** The role is managed as a whole: tags that others added are removed, except those that AWS reserves. */
function tags(wanted: ExecutionRole, actual: ActualRole): Difference[] {
  const keys = new Set([...Object.keys(wanted.tags), ...Object.keys(actual.tags)]);
  return [...keys]
    .filter((key) => !key.toLowerCase().startsWith('aws:'))
    .flatMap((key) => field(wanted, `tags.${key}`, own(wanted.tags, key), own(actual.tags, key)));
}

function field<T>(
  { name }: ExecutionRole,
  path: string,
  desired: T | undefined,
  actual: T | undefined,
): Difference[] {
  return desired === actual ? [] : [difference(name, path, { desired, actual })];
}

/** The own property of that name, because a policy or a tag may be called `constructor`. */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function accountOf({ arn }: Pick<ExecutionRole, 'arn'>): string {
  return arn.split(':')[4] ?? '';
}

/** What decides the permissions of a role, and who may assume it. */
interface Granting {
  readonly accountId: string;
  readonly trustPolicy: PolicyInput;
  readonly policies: readonly PolicyInput[];
  readonly managedPolicies: readonly string[];
}

/** The observed role. Inline policies that the baseline does not name were not read; they are differences, without warnings. */
function asFound(wanted: ExecutionRole, actual: ActualRole): Granting {
  const { inline, managed } = actual.ownerManaged ?? { inline: actual.inlinePolicies, managed: {} };
  const policies = [...Object.values(inline), ...actual.managedPolicies.map((arn) => managed[arn])];
  return {
    ...actual,
    accountId: accountOf(wanted),
    policies: policies.filter((each) => each !== undefined),
  };
}

/**
 * Warnings about a valid role: it is allowed everything, or every principal of its own account that has the permission may assume
 * it. Pure.
 */
export function warningsOf({ accountId, trustPolicy, policies, managedPolicies }: Granting): string[] {
  const administers =
    managedPolicies.some((arn) => arn.endsWith(':policy/AdministratorAccess')) ||
    policies.flatMap(statementsOf).some(allowsEverything);
  const trustsOwnRoot = statementsOf(trustPolicy).some((statement) => trustsRoot(statement, accountId));
  return [
    ...(administers ? ['AdministratorAccess: the execution role may do everything in the account'] : []),
    ...(trustsOwnRoot
      ? [
          'MemberRootTrusted: every principal of the account itself with permission for sts:AssumeRole may assume the role',
        ]
      : []),
  ];
}

/** The statements of a policy; empty if it cannot be parsed. */
function statementsOf(policy: PolicyInput): readonly Statement[] {
  try {
    return parsePolicy(policy).Statement;
  } catch (error) {
    if (error instanceof PolicyError) return [];
    throw error;
  }
}

function allowsEverything({ Effect, Action = [], Resource = [] }: Statement): boolean {
  return Effect === 'Allow' && Resource.includes('*') && Action.some((action) => /^\*(:\*)?$/.test(action));
}

function trustsRoot({ Effect, Principal }: Statement, accountId: string): boolean {
  const named = Effect === 'Allow' ? (Principal?.AWS ?? []) : [];
  return named.some((arn) => arn === '*' || arn === accountId || arn.endsWith(`:iam::${accountId}:root`));
}
