import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  PutRolePolicyCommand,
  RemoveRoleFromInstanceProfileCommand,
  TagRoleCommand,
} from '@aws-sdk/client-iam';
import { Conflict, ForeignResource } from '../../../shared/domain/errors.ts';
import type { Difference } from '../../../shared/domain/status.ts';
import { tagsOf, unlessNoEntity } from '../iam-role/read.ts';
import { type RoleWriting, writeRole } from '../iam-role/write.ts';
import { type KindContext, OWNER_TAG, type WritingContext } from '../kind.ts';
import type { ClusterRole, Clusters, FoundClusterRole, FoundRoles } from './model.ts';
import { asWhole, CONTENT_TAG, INLINE, profileNamed, readRoles, roleNamed, USES } from './roles.ts';

/** Making, correcting and removing the roles that clusters need: see `roles.ts`. */

/** Writes what differs of the roles. Idempotent, and safe to repeat after a crash at any call. */
export async function writeRoles(
  { roles, owner }: Clusters,
  found: FoundRoles | undefined,
  differences: readonly Difference[],
  context: WritingContext,
): Promise<void> {
  for (const use of USES) {
    const changes = differences.filter(({ resource }) => resource === roleNamed(roles[use].name));
    if (changes.length === 0) continue;
    const whole = found && asWhole(use, roles[use], found);
    if (whole) {
      await writeRole({ ...whole, differences: changes }, context, writingOf(owner));
      continue;
    }
    await writeByName(roles[use], found?.[use] !== undefined, context);
    context.wrote(changes);
  }
  const { name } = roles.instances;
  const changes = differences.filter(({ resource }) => resource === profileNamed(name));
  if (changes.length === 0) return;
  const { iam } = context.clients;
  const profile = { InstanceProfileName: name };
  if (changes.some(({ path }) => path === ''))
    await unlessExists(iam.send(new CreateInstanceProfileCommand(profile)));
  await context.eventually(
    () => iam.send(new AddRoleToInstanceProfileCommand({ ...profile, RoleName: name })),
    ['NoSuchEntityException'],
  );
  context.wrote(changes);
}

function writingOf(owner: string): RoleWriting {
  return {
    ...{ kind: 'clusters', section: 'clusters', outputs: {} },
    isOurs: (role) => tagsOf(role)[OWNER_TAG] === owner,
    handOver: 'Delete the role in the account.',
  };
}

/** Makes a role, or writes its policies and tags, without knowing which policies it has. */
async function writeByName(role: ClusterRole, exists: boolean, context: KindContext): Promise<void> {
  const { iam } = context.clients;
  const { name: RoleName, trust, policy, boundary, tags } = role;
  const { [CONTENT_TAG]: content, ...first } = tags;
  const listed = (all: Readonly<Record<string, string | undefined>>) =>
    Object.entries(all).map(([Key, Value]) => ({ Key, Value }));
  if (!exists) {
    const input = {
      ...{ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust), Tags: listed(first) },
      ...(boundary && { PermissionsBoundary: boundary }),
    };
    await unlessExists(iam.send(new CreateRoleCommand(input)));
  }
  const fresh = <T>(call: () => Promise<T>) => context.eventually(call, ['NoSuchEntityException']);
  if (typeof policy === 'string')
    await fresh(() => iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: policy })));
  else {
    const input = { RoleName, PolicyName: INLINE, PolicyDocument: JSON.stringify(policy) };
    await fresh(() => iam.send(new PutRolePolicyCommand(input)));
  }
  const Tags = listed({ ...first, [CONTENT_TAG]: content });
  await fresh(() => iam.send(new TagRoleCommand({ RoleName, Tags })));
}

/**
 * Removes the roles that are ours, with the instance profile; those of somebody else stay. Safe to repeat.
 * @throws ForeignResource, reason `InUse`, if somebody gave a role what Orgkeeper cannot take off it; the other role is removed
 */
export async function removeRoles({ roles, owner }: Clusters, context: KindContext): Promise<void> {
  const { iam } = context.clients;
  const found = await readRoles(roles, context);
  const isOurs = (use: (typeof USES)[number]) => found[use]?.tags[OWNER_TAG] === owner;
  const failures: unknown[] = [];
  for (const use of USES) {
    if (!isOurs(use)) continue;
    const role = roles[use];
    const { name: RoleName } = role;
    if (use === 'instances') await removeProfile(RoleName, found, context);
    for (const PolicyArn of attachedTo(role, found[use]))
      await unlessNoEntity(iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })));
    for (const PolicyName of found[use]?.policies?.inline ?? (use === 'instances' ? [INLINE] : []))
      await unlessNoEntity(iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
    await deleteRole(RoleName, context).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

async function removeProfile(
  name: string,
  { profile }: FoundRoles,
  { clients: { iam } }: KindContext,
): Promise<void> {
  const named = { InstanceProfileName: name };
  if (profile?.includes(name))
    await unlessNoEntity(iam.send(new RemoveRoleFromInstanceProfileCommand({ ...named, RoleName: name })));
  if (profile?.every((one) => one === name))
    await unlessNoEntity(iam.send(new DeleteInstanceProfileCommand(named)));
}

/** The managed policies of a role: all, or the one that it should have where they may not be listed. */
function attachedTo({ policy }: ClusterRole, found: FoundClusterRole | undefined): readonly string[] {
  return found?.policies?.attached ?? (typeof policy === 'string' ? [policy] : []);
}

/** IAM deletes no role that has a policy; of policies that others gave it, the execution role may not even read the names. */
async function deleteRole(RoleName: string, { clients: { iam } }: KindContext): Promise<void> {
  try {
    await unlessNoEntity(iam.send(new DeleteRoleCommand({ RoleName })));
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    const message =
      `The role ${RoleName} cannot be deleted, since somebody gave it policies or an instance profile that Orgkeeper may not ` +
      `take off it (${error.message})`;
    throw new ForeignResource(message, {
      reason: 'InUse',
      remedy: `Take them off the role ${RoleName}, or delete it, in the account.`,
      retryAfterSeconds: 900,
      cause: error,
    });
  }
}

/** Waits for a create; that the thing exists already is its success, too. */
async function unlessExists(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Error && /^EntityAlreadyExists(Exception)?$/.test(error.name))) throw error;
  }
}
