import { UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import type { Difference } from '../../../shared/domain/status.ts';
import { trustAdmits } from '../../../shared/policy/assume-role.ts';
import { differencesOf } from '../comparison.ts';
import type { Change, Entry, KindContext } from '../kind.ts';
import type { ActualRole } from './observe.ts';
import { type Lacking, lackingIn, makesSense, policySides } from './policies.ts';
import type { ExecutionRole } from './wanted.ts';

/**
 * The trust policy of a role: whom it admits. A role of ours is to have that of the baseline, an owner-managed one must cover it,
 * and the role by which the account is entered must admit the runner after every change.
 */

/** Path of the difference of a trust policy. */
export const TRUST = 'trustPolicy';

/** The difference of the trust policy of a role of ours, by meaning: none or one. Pure. */
export function compareTrust(wanted: ExecutionRole, actual: ActualRole): Difference[] {
  const sides = policySides(wanted.trustPolicy, actual.trustPolicy, wanted.partition);
  return sides ? [differencesOf('executionRole')(wanted.name, TRUST, sides, 'updated')] : [];
}

/** What of the baseline's trust policy that of an owner-managed role is not proven to grant. Pure. */
export function lackingTrust(wanted: ExecutionRole, { trustPolicy }: ActualRole): Lacking[] {
  const actual = makesSense(trustPolicy) ? { 'the trust policy': trustPolicy } : {};
  return lackingIn([wanted.trustPolicy], actual);
}

/** True if the new trust policy would admit the runner, with the account's ExternalId. Pure. */
export function wouldAdmitRunner({ trustPolicy }: ExecutionRole, entry: Entry): boolean {
  const { roleArn, runnerRoleArn: callerRoleArn, organizationId, stsRegion: region, externalId } = entry;
  return trustAdmits(trustPolicy, { roleArn, callerRoleArn, organizationId, region, externalId });
}

/** See EntryRole. Puts the trust policy back as it was found, to the letter; makes no call where it was not changed. */
export async function putTrustBack(
  { wanted, actual, differences }: Change<ExecutionRole, ActualRole>,
  { clients }: KindContext,
): Promise<void> {
  if (!actual || !differences.some(({ path }) => path === TRUST)) return;
  const PolicyDocument = decodeURIComponent(actual.trustPolicy);
  await clients.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: wanted.name, PolicyDocument }));
}
