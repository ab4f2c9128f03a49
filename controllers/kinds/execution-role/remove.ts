import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  ListInstanceProfilesForRoleCommand,
} from '@aws-sdk/client-iam';
import { ForeignResource } from '../../../shared/domain/errors.ts';
import type { KindContext } from '../kind.ts';
import { attachedArns, getRole, inlineNames, listed, unlessGone } from './observe.ts';
import { FORMER, forget, formerRoles, isOurs, roleName } from './ownership.ts';
import type { ExecutionRole } from './wanted.ts';

/**
 * See Kind. Former roles are removed, too. A role that is not ours stays, and so does one that instance
 * profiles hold. The role by which the account is entered stays as well: its owner made it, by our template or by hand.
 */
export async function remove(wanted: ExecutionRole, context: KindContext): Promise<void> {
  for (const arn of formerRoles(wanted, context.recorded)) await removeRole(roleName(arn), context);
  context.record({ [FORMER]: undefined });
  if (!wanted.entry) await removeRole(wanted.name, context);
  else if (context.recorded['role.arn'] === wanted.arn) return;
  forget(context);
}

async function removeRole(RoleName: string, context: KindContext): Promise<void> {
  const { iam } = context.clients;
  const role = await getRole(RoleName, context);
  if (!role || !isOurs(role, context)) return;
  const [profiles, arns, names] = await Promise.all([
    instanceProfiles(RoleName, context),
    attachedArns(RoleName, context),
    inlineNames(RoleName, context),
  ]);
  if (profiles.length > 0) throw inUse(role.Arn ?? RoleName, profiles);
  for (const PolicyArn of arns) {
    await unlessGone(iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })));
  }
  for (const PolicyName of names) {
    await unlessGone(iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
  }
  await unlessGone(iam.send(new DeleteRoleCommand({ RoleName })));
}

function instanceProfiles(RoleName: string, { clients }: KindContext): Promise<string[]> {
  return listed(
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
