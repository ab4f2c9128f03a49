import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  paginateListInstanceProfilesForRole,
} from '@aws-sdk/client-iam';
import { ForeignResource } from '../../../shared/errors.ts';
import type { KindContext } from '../kind.ts';
import { isOurs } from './observe.ts';
import { attachedArns, getRole, inlineNames, unlessGone } from './read.ts';
import type { ExecutionRole } from './render.ts';

/**
 * See Kind. A role that is not ours stays, and so does one that instance profiles hold. The role by which the account
 * is entered stays too: its owner made it, by our template or by hand.
 */
export async function remove(wanted: ExecutionRole, context: KindContext): Promise<void> {
  const { iam } = context.clients;
  const RoleName = wanted.name;
  const role = wanted.entry ? undefined : await getRole(RoleName, context);
  if (role && !isOurs(role, context)) return;
  if (role) {
    const [profiles, arns, names] = await Promise.all([
      instanceProfiles(RoleName, context),
      attachedArns(RoleName, context),
      inlineNames(RoleName, context),
    ]);
    if (profiles.length > 0) throw inUse(wanted, profiles);
    for (const PolicyArn of arns) {
      await unlessGone(iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })));
    }
    for (const PolicyName of names) {
      await unlessGone(iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
    }
    await unlessGone(iam.send(new DeleteRoleCommand({ RoleName })));
  }
  context.record({ 'role.arn': undefined, 'role.name': undefined, 'role.keptBy': undefined });
}

async function instanceProfiles(RoleName: string, { clients }: KindContext): Promise<string[]> {
  const names: string[] = [];
  const pages = paginateListInstanceProfilesForRole({ client: clients.iam }, { RoleName });
  await unlessGone(
    (async () => {
      for await (const page of pages) {
        names.push(...(page.InstanceProfiles ?? []).map((profile) => profile.InstanceProfileName ?? ''));
      }
    })(),
  );
  return names;
}

function inUse(wanted: ExecutionRole, profiles: readonly string[]): ForeignResource {
  return new ForeignResource(`The role ${wanted.arn} is in use by instance profile ${profiles.join(', ')}.`, {
    reason: 'InUse',
    remedy: 'Take the role out of the instance profile, then retire the account again.',
  });
}
