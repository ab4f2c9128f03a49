import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import { Conflict, ForeignResource } from '../../../shared/errors.ts';
import type { Change, KindContext, WritingContext } from '../kind.ts';
import { diff } from './diff.ts';
import { explained, isPrincipalMissing } from './errors.ts';
import type { ActualRole } from './observe.ts';
import { isOurs } from './ours.ts';
import { getRole, isGone, unlessGone } from './read.ts';
import type { ExecutionRole } from './render.ts';

/**
 * See Kind. Trust and boundary come first: the role may never do more than wanted because of the order. While a
 * principal that the trust names is missing, what somebody added is still taken away, and nothing is granted.
 */
export async function apply(
  { wanted, actual, differences }: Change<ExecutionRole, ActualRole>,
  context: WritingContext,
): Promise<void> {
  const made = actual ?? (await create(wanted, context));
  if (!actual) context.wrote(differences);
  const todo = actual ? differences : diff(wanted, made).differences;
  const paths = todo.filter(({ action }) => action !== 'reported').map(({ path }) => path);
  // A role that was just made is not seen everywhere yet; one that was there before, and is gone, was deleted.
  const fresh = actual ? [] : ['NoSuchEntity', 'NoSuchEntityException'];
  let missing: unknown;
  for (const [index, step] of steps(wanted, paths, context).entries()) {
    if (missing && !step.takesAway) continue;
    // It is the role in use that is changed: what the step before allows may not be seen everywhere yet.
    const alsoWhen = wanted.entry && index > 0 ? [...fresh, 'AccessDenied'] : fresh;
    try {
      await context.eventually(() => explained(wanted, step.call), alsoWhen);
      context.wrote(differences.filter(({ path }) => step.paths.includes(path)));
    } catch (error) {
      if (isGone(error)) {
        throw new Conflict(`The role ${wanted.arn} was deleted while it was changed.`, { cause: error });
      }
      if (!isPrincipalMissing(error)) throw error;
      missing = error;
    }
  }
  if (missing) throw missing;
}

/** Makes the role with all that CreateRole takes; what it gives is the role so far. */
async function create(wanted: ExecutionRole, context: KindContext): Promise<ActualRole> {
  const command = new CreateRoleCommand({
    RoleName: wanted.name,
    Path: wanted.path,
    Description: wanted.description,
    MaxSessionDuration: wanted.maxSessionDuration,
    AssumeRolePolicyDocument: JSON.stringify(wanted.trustPolicy),
    ...(wanted.permissionsBoundary ? { PermissionsBoundary: wanted.permissionsBoundary } : {}),
    Tags: Object.entries(wanted.tags).map(([Key, Value]) => ({ Key, Value })),
  });
  try {
    await context.eventually(() => explained(wanted, () => context.clients.iam.send(command)));
  } catch (error) {
    if (!(error instanceof Error) || !/^EntityAlreadyExists(Exception)?$/.test(error.name)) throw error;
    // Made since we looked: by a create of ours that was sent twice, or by somebody else.
    const found = await getRole(wanted.name, context);
    if (!found || isOurs(found, context)) {
      throw new Conflict(`The role ${wanted.arn} was made at the same moment.`, { cause: error });
    }
    throw new ForeignResource(`The role ${found.Arn} was made by somebody else.`, { cause: error });
  }
  context.record({ 'role.arn': wanted.arn, 'role.name': wanted.name });
  const { arn, name, path, description, maxSessionDuration, permissionsBoundary, tags } = wanted;
  const trustPolicy = JSON.stringify(wanted.trustPolicy);
  const soFar = { arn, name, path, description, maxSessionDuration, permissionsBoundary, tags, trustPolicy };
  return { ...soFar, inlinePolicies: {}, managedPolicies: [] };
}

interface Step {
  /** Of the differences that it writes. */
  readonly paths: readonly string[];
  readonly call: () => Promise<unknown>;
  /** It takes a permission away from the role, and gives none. */
  readonly takesAway?: true;
}

/** What the differences ask for, as calls in order; those on one thing are one call. */
function steps(wanted: ExecutionRole, paths: readonly string[], { clients: { iam } }: KindContext): Step[] {
  const RoleName = wanted.name;
  const below = (field: string) =>
    paths.filter((path) => path.startsWith(`${field}.`)).map((path) => path.slice(field.length + 1));
  const list: Step[] = [];
  const add = (written: readonly string[], call: Step['call']) => list.push({ paths: written, call });
  const drop = (path: string, call: Step['call']) => list.push({ paths: [path], call, takesAway: true });

  if (paths.includes('trustPolicy')) {
    const PolicyDocument = JSON.stringify(wanted.trustPolicy);
    add(['trustPolicy'], () => iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument })));
  }
  if (paths.includes('permissionsBoundary')) {
    const PermissionsBoundary = wanted.permissionsBoundary;
    const field = ['permissionsBoundary'];
    if (PermissionsBoundary) {
      add(field, () => iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary })));
    } else add(field, () => unlessGone(iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }))));
  }
  if (paths.includes('maxSessionDuration') || paths.includes('description')) {
    // Both: a duration that is left out becomes one hour.
    const { description: Description, maxSessionDuration: MaxSessionDuration } = wanted;
    const fields = ['maxSessionDuration', 'description'];
    add(fields, () => iam.send(new UpdateRoleCommand({ RoleName, Description, MaxSessionDuration })));
  }
  for (const PolicyArn of below('managedPolicies')) {
    const attach = wanted.managedPolicies.includes(PolicyArn);
    const field = `managedPolicies.${PolicyArn}`;
    if (attach) add([field], () => iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn })));
    else drop(field, () => unlessGone(iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }))));
  }
  for (const PolicyName of below('inlinePolicies')) {
    const document = wanted.inlinePolicies[PolicyName];
    const PolicyDocument = JSON.stringify(document);
    const field = `inlinePolicies.${PolicyName}`;
    if (document)
      add([field], () => iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument })));
    else drop(field, () => unlessGone(iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }))));
  }
  const keys = below('tags');
  const put = keys.flatMap((Key) =>
    wanted.tags[Key] === undefined ? [] : [{ Key, Value: wanted.tags[Key] }],
  );
  const TagKeys = keys.filter((key) => wanted.tags[key] === undefined);
  const removed = TagKeys.map((key) => `tags.${key}`);
  const kept = put.map(({ Key }) => `tags.${Key}`);
  if (removed.length > 0) add(removed, () => iam.send(new UntagRoleCommand({ RoleName, TagKeys })));
  if (kept.length > 0) add(kept, () => iam.send(new TagRoleCommand({ RoleName, Tags: put })));
  return list;
}
