import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  ListInstanceProfilesForRoleCommand,
  type Role,
} from '@aws-sdk/client-iam';
import { ForeignResource } from '../../../shared/domain/errors.ts';
import type { KindContext } from '../kind.ts';
import { attachedArns, getRole, inlineNames, itemsOfPages, unlessNoEntity } from './read.ts';

/**
 * Removes a role of ours with its policies; a role of somebody else stays. Safe to repeat.
 * @throws ForeignResource, reason `InUse`, if an instance profile holds the role
 */
export async function removeRole(
  RoleName: string,
  context: KindContext,
  isOurs: (role: Role) => boolean,
): Promise<void> {
  const { iam } = context.clients;
  const role = await getRole(RoleName, context);
  if (!role || !isOurs(role)) return;
  const [profiles, arns, names] = await Promise.all([
    instanceProfiles(RoleName, context),
    attachedArns(RoleName, context),
    inlineNames(RoleName, context),
  ]);
  if (profiles.length > 0) throw inUse(role.Arn ?? RoleName, profiles);
  for (const PolicyArn of arns) {
    await unlessNoEntity(iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })));
  }
  for (const PolicyName of names) {
    await unlessNoEntity(iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
  }
  await unlessNoEntity(iam.send(new DeleteRoleCommand({ RoleName })));
}

function instanceProfiles(RoleName: string, { clients }: KindContext): Promise<string[]> {
  return itemsOfPages(
    (Marker) =>
      clients.iam.send(new ListInstanceProfilesForRoleCommand({ RoleName, ...(Marker && { Marker }) })),
    ({ InstanceProfiles = [] }) => InstanceProfiles.map((profile) => profile.InstanceProfileName ?? ''),
  );
}

function inUse(arn: string, profiles: readonly string[]): ForeignResource {
  return new ForeignResource(`The role ${arn} is in use by instance profile ${profiles.join(', ')}.`, {
    reason: 'InUse',
    remedy: 'Take the role out of the instance profile, then retire the account again.',
  });
}
