import { AccessDenied, AccountNotReady } from '../domain/errors.ts';

/** AWS names the sort of policy that denies: "with an explicit deny in a service control policy". */
export function saysOrganizationPolicy(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /(service|resource) control policy/i.test(error.message) || saysOrganizationPolicy(error.cause);
}

/** Main cannot assume its role in the management account, so no account of the organization can be entered. */
export function organizationRoleDenied(roleArn: string, cause: unknown): AccessDenied {
  return new AccessDenied(`The organization role ${roleArn} cannot be assumed by Main.`, {
    cause,
    reason: 'OrganizationRoleDenied',
    remedy: 'Run `orgkeeper doctor` to see what is wrong; `npm run deploy:management` restores the role.',
  });
}

/** None of the access roles in an account can be assumed. */
export function accessRoleDenied(accountId: string, names: readonly string[], cause: unknown): AccessDenied {
  const tried = names.join(', ');
  if (saysOrganizationPolicy(cause)) {
    return new AccessDenied(`An organization policy denies assuming ${tried} in account ${accountId}.`, {
      cause,
      reason: 'DeniedByOrganizationPolicy',
      remedy: 'Exempt the role that enters accounts for Main in the policy that applies to the account.',
    });
  }
  return new AccessDenied(
    `The account cannot be entered: none of the roles ${tried} can be assumed by way of the organization.`,
    {
      cause,
      reason: 'AccessRoleDenied',
      remedy: 'Check that one of them exists and trusts the management account.',
    },
  );
}

/** An account is not entered by its execution role; why, only who knows the role can tell. */
export function executionRoleDenied(roleArn: string, cause: unknown): AccessDenied {
  return new AccessDenied(
    `The execution role ${roleArn} cannot be assumed with the ExternalId of the account.`,
    {
      cause,
      reason: 'ExecutionRoleDenied',
      remedy: 'Check that it exists and that its trust policy names the runner role with that ExternalId.',
    },
  );
}

/** What a fresh account answers, as a reason to wait; other errors as they are. */
export function fresh(error: unknown): unknown {
  if (!(error instanceof AccessDenied) || error.reason !== 'AccessRoleDenied') return error;
  return new AccountNotReady(error.message, {
    cause: error,
    reason: 'AccessRoleNotReady',
    ...(error.remedy && { remedy: error.remedy }),
  });
}
