import { covers } from '../../../shared/policy/covers.ts';
import { PolicyError, type PolicyInput } from '../../../shared/policy/document.ts';
import type { Difference } from '../../../shared/status.ts';
import { trustAdmits } from '../../../shared/trust.ts';
import type { Blocked } from '../kind.ts';
import type { ActualRole } from './observe.ts';
import type { ExecutionRole } from './render.ts';

/**
 * Parts the differences of a role into those that may be written and those after which the account could not be
 * entered or kept by this very role any more: nobody saws off the branch that they sit on. Pure.
 */
export function keptOut(
  wanted: ExecutionRole,
  actual: ActualRole,
  differences: readonly Difference[],
): { readonly differences: readonly Difference[]; readonly blocked: readonly Blocked[] } {
  const why = wanted.entry ? reasons(wanted, actual) : {};
  const blocked = differences.flatMap((one) => {
    const because = why[one.path.split('.')[0] ?? ''];
    if (because === undefined) return [];
    const message =
      `The role ${wanted.arn} is left as it is in ${one.path}: Orgkeeper enters the account by it, and ${because}. ` +
      'Correct the baseline, publish it, and assign the new version.';
    return [
      { reason: 'WouldLockOut', message, difference: { ...one, action: 'reported' } } satisfies Blocked,
    ];
  });
  const kept = differences.filter(({ path }) => why[path.split('.')[0] ?? ''] === undefined);
  return { differences: kept, blocked };
}

/** By field: why what the baseline wants there must not be written. */
function reasons(wanted: ExecutionRole, actual: ActualRole): Readonly<Record<string, string>> {
  const { entry, trustPolicy, inlinePolicies, permissionsBoundary } = wanted;
  if (!entry) return {};
  const { roleArn, runnerRoleArn: callerRoleArn, externalId } = entry;
  const admitted = trustAdmits(trustPolicy, { roleArn, callerRoleArn, externalId });
  const allowed = grants(Object.values(inlinePolicies), entry.policy);
  const unbounded =
    !permissionsBoundary ||
    permissionsBoundary === actual.permissionsBoundary ||
    (actual.boundaryToBe !== undefined && grants([actual.boundaryToBe], entry.policy));
  return {
    ...(!admitted && {
      trustPolicy: `its new trust policy would not admit ${callerRoleArn} with the account's ExternalId`,
    }),
    ...(!allowed && { inlinePolicies: 'its new policies would deny what Orgkeeper needs there' }),
    ...(!unbounded && { permissionsBoundary: 'the new boundary would not allow what Orgkeeper needs there' }),
  };
}

function grants(actual: readonly PolicyInput[], required: PolicyInput): boolean {
  try {
    return covers(required, actual).covered;
  } catch (error) {
    if (error instanceof PolicyError) return false;
    throw error;
  }
}
