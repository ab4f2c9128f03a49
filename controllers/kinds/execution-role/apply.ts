import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { Conflict, ForeignResource } from '../../../shared/domain/errors.ts';
import type { Change, KindContext, WritingContext } from '../kind.ts';
import { diff } from './diff.ts';
import { explained, isPrincipalMissing } from './errors.ts';
import type { ActualRole } from './observe.ts';
import { HAND_OVER, isOurs } from './ours.ts';
import { getRole, isGone } from './read.ts';
import type { ExecutionRole } from './render.ts';
import { steps } from './steps.ts';

/**
 * See Kind, and `steps` for the order. While a principal that the trust names is missing, what somebody added is still
 * taken away, and nothing is granted.
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
  for (const [index, step] of steps(wanted, made, paths, context).entries()) {
    if (missing && !step.always) continue;
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
    throw new ForeignResource(`The role ${found.Arn} was made by somebody else.`, {
      cause: error,
      remedy: HAND_OVER,
    });
  }
  context.record({ 'role.arn': wanted.arn, 'role.name': wanted.name });
  const { arn, name, path, description, maxSessionDuration, permissionsBoundary, tags } = wanted;
  const trustPolicy = JSON.stringify(wanted.trustPolicy);
  const soFar = { arn, name, path, description, maxSessionDuration, permissionsBoundary, tags, trustPolicy };
  return { ...soFar, inlinePolicies: {}, managedPolicies: [] };
}
