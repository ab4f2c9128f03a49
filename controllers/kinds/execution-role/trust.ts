import { UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { trustAdmits } from '../../../shared/policy/assume-role.ts';
import { TRUST } from '../iam-role/compare.ts';
import type { Change, Entry, KindContext } from '../kind.ts';
import type { ActualRole } from './observe.ts';
import { type Lacking, lackingIn, makesSense } from './policies.ts';
import type { ExecutionRole } from './wanted.ts';

/**
 * The trust policy of the execution role beyond a role of ours (controllers/kinds/iam-role/compare.ts): an owner-managed role must
 * cover the baseline's, and the role by which the account is entered must admit the runner after every change.
 */

/** The parts of the baseline's trust policy that the trust policy of an owner-managed role is not proven to grant. Pure. */
export function lackingTrust(wanted: ExecutionRole, { trustPolicy }: ActualRole): Lacking[] {
  const actual = makesSense(trustPolicy) ? { 'the trust policy': trustPolicy } : {};
  return lackingIn([wanted.trustPolicy], actual);
}

/** True if the new trust policy would admit the runner, with the account's ExternalId. Pure. */
export function wouldAdmitRunner({ trustPolicy }: ExecutionRole, entry: Entry): boolean {
  const { roleArn, runnerRoleArn: callerRoleArn, organizationId, stsRegion: region, externalId } = entry;
  return trustAdmits(trustPolicy, { roleArn, callerRoleArn, organizationId, region, externalId });
}

/** See EntryRole. Restores the observed trust policy exactly; makes no call if it was not changed. */
export async function putTrustBack(
  { wanted, actual, differences }: Change<ExecutionRole, ActualRole>,
  { clients }: KindContext,
): Promise<void> {
  if (!actual || !differences.some(({ path }) => path === TRUST)) return;
  const PolicyDocument = decodeURIComponent(actual.trustPolicy);
  await clients.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: wanted.name, PolicyDocument }));
}
