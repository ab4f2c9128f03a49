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

/** How a kind removes a role. */
interface Removal {
  readonly isOurs: (role: Role) => boolean;
  /** Instance profiles that are ours, too: they are no obstacle. */
  readonly profiles?: readonly string[];
  /** Removes what must go before the role. */
  readonly before?: () => Promise<void>;
}

/**
 * Removes a role of ours with its policies; a role of somebody else stays. Safe to repeat.
 * @throws ForeignResource, reason `InUse`, if an instance profile of somebody else holds the role
 */
export async function removeRole(
  RoleName: string,
  context: KindContext,
  { isOurs, profiles: ours = [], before }: Removal,
): Promise<void> {
  const { iam } = context.clients;
  const role = await getRole(RoleName, context);
  if (!role || !isOurs(role)) return;
  const [profiles, arns, names] = await Promise.all([
    instanceProfiles(RoleName, context),
    attachedArns(RoleName, context),
    inlineNames(RoleName, context),
  ]);
  const others = profiles.filter((name) => !ours.includes(name));
  if (others.length > 0) throw inUse(role.Arn ?? RoleName, others);
  await before?.();
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
