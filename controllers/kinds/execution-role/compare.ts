import type { PolicyInput, Statement } from '../../../shared/policy/document.ts';
import { differencesOf } from '../comparison.ts';
import { administers, statementsOf } from '../iam-role/administrators.ts';
import { comparePath, compareRole, createdRole } from '../iam-role/compare.ts';
import type { Blocked, Comparison } from '../kind.ts';
import { partLockOuts } from './lock-out.ts';
import type { ActualRole } from './observe.ts';
import { compareOwnerManaged } from './owner-managed.ts';
import { reportFormer } from './ownership.ts';
import type { ExecutionRole } from './wanted.ts';

const KIND = 'executionRole';

/** See Kind. For the paths see `compareRole`. */
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
  if (!actual) return { differences: [createdRole(KIND, wanted)], blocked: [], unowned: [] };
  if (actual.ownerManaged) return compareOwnerManaged(wanted, actual, actual.ownerManaged);
  const { differences, blocked } = partLockOuts(wanted, actual, compareRole(KIND, wanted, actual));
  return { differences, blocked: [...blocked, ...comparePath(KIND, wanted, actual)], unowned: [] };
}

/** The role by which the account is entered does not exist: only the account's owner can create it again. */
function missing({ name, arn }: ExecutionRole): Blocked {
  const message =
    `There is no role ${arn}: have the account's owner create it; ` +
    `\`orgkeeper template member --account ${accountOf({ arn })}\` shows how.`;
  return {
    reason: 'RoleMissing',
    message,
    difference: differencesOf(KIND)(name, '', { desired: { arn } }, 'reported'),
  };
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
  const trustsOwnRoot = statementsOf(trustPolicy).some((statement) => trustsRoot(statement, accountId));
  return [
    ...(administers(policies, managedPolicies)
      ? ['AdministratorAccess: the execution role may do everything in the account']
      : []),
    ...(trustsOwnRoot
      ? [
          'MemberRootTrusted: every principal of the account itself with permission for sts:AssumeRole may assume the role',
        ]
      : []),
  ];
}

function trustsRoot({ Effect, Principal }: Statement, accountId: string): boolean {
  const named = Effect === 'Allow' ? (Principal?.AWS ?? []) : [];
  return named.some((arn) => arn === '*' || arn === accountId || arn.endsWith(`:iam::${accountId}:root`));
}
