import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  ListInstanceProfilesForRoleCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import {
  Conflict,
  ControllerError,
  ForeignResource,
  InvalidDesiredState,
  NotYetConsistent,
  QuotaExceeded,
} from '../../../shared/domain/errors.ts';
import type { Change, KindContext, WritingContext } from '../kind.ts';
import { compare, own } from './compare.ts';
import { managesItself } from './lock-out.ts';
import {
  type ActualRole,
  attachedArns,
  getRole,
  inlineNames,
  isNoEntity,
  itemsOfPages,
  unlessNoEntity,
} from './observe.ts';
import { FORMER, forget, formerRoles, HAND_OVER, isOurRole, roleName } from './ownership.ts';
import { TRUST } from './trust.ts';
import { characters, type ExecutionRole, OWN_POLICY } from './wanted.ts';

/**
 * See Kind, and `steps` for the order. While a principal of the trust policy does not exist in IAM, additions by others are still
 * removed, and nothing is granted.
 */
export async function apply(
  { wanted, actual, differences }: Change<ExecutionRole, ActualRole>,
  context: WritingContext,
): Promise<void> {
  const made = actual ?? (await create(wanted, context));
  if (!actual) context.wrote(differences);
  const todo = actual ? differences : compare(wanted, made).differences;
  const paths = todo.filter(({ action }) => action !== 'reported').map(({ path }) => path);
  // IAM is eventually consistent about a new role. An older role that is not found was deleted.
  const fresh = actual ? [] : ['NoSuchEntity', 'NoSuchEntityException'];
  let missing: unknown;
  for (const [index, step] of steps(wanted, made, paths, context).entries()) {
    if (missing && !step.always) continue;
    // The role in use is changed by its own session, and what the previous step allows may not be in force everywhere yet.
    const alsoWhen = wanted.entry && index > 0 ? [...fresh, 'AccessDenied'] : fresh;
    try {
      await context.eventually(() => explained(wanted, step.call), alsoWhen);
      context.wrote(differences.filter(({ path }) => step.paths.includes(path)));
    } catch (error) {
      if (isNoEntity(error)) {
        throw new Conflict(`The role ${wanted.arn} was deleted during the run.`, { cause: error });
      }
      if (!isPrincipalMissing(error)) throw error;
      missing = error;
    }
  }
  if (missing) throw missing;
}

/** Creates the role with all fields that CreateRole accepts; returns the new role. */
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
    // Created after it was observed: by a create of ours that was sent twice, or by somebody else.
    const found = await getRole(wanted.name, context);
    if (!found || isOurRole(found, context)) {
      throw new Conflict(`The role ${wanted.arn} was created during the run.`, { cause: error });
    }
    throw new ForeignResource(`The role ${found.Arn} was not made by Orgkeeper.`, {
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

/** One call that corrects a role. */
interface Step {
  /** Paths of the differences that it writes. */
  readonly paths: readonly string[];
  readonly call: () => Promise<unknown>;
  /** Also done while a principal of the trust policy is missing: neither this step nor the steps before it grant anything. */
  readonly always?: true;
}

/**
 * The calls that write the differences, in order; differences of one resource are one call. First trust policy and boundary, then
 * removals of permissions, then grants: so the role never has more permissions than desired because of the order, and the quotas
 * have room for new policies. For the role in use, Orgkeeper's own policy is put before any policy is removed if the others may be
 * all that lets Orgkeeper manage the role.
 */
function steps(
  wanted: ExecutionRole,
  actual: ActualRole,
  paths: readonly string[],
  { clients: { iam } }: KindContext,
): Step[] {
  const RoleName = wanted.name;
  const below = (field: string) =>
    paths.filter((path) => path.startsWith(`${field}.`)).map((path) => path.slice(field.length + 1));
  const list: Step[] = [];
  const add = (written: readonly string[], call: Step['call']) => list.push({ paths: written, call });
  const always = (path: string, call: Step['call']) => list.push({ paths: [path], call, always: true });
  const put = (PolicyName: string) => () => {
    const PolicyDocument = JSON.stringify(wanted.inlinePolicies[PolicyName]);
    return iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
  };

  if (paths.includes(TRUST)) {
    const PolicyDocument = JSON.stringify(wanted.trustPolicy);
    add([TRUST], () => iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument })));
  }
  if (paths.includes('permissionsBoundary')) {
    const PermissionsBoundary = wanted.permissionsBoundary;
    const field = ['permissionsBoundary'];
    if (PermissionsBoundary) {
      add(field, () => iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary })));
    } else add(field, () => unlessNoEntity(iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }))));
  }

  const inline = below('inlinePolicies');
  const ownFirst = inline.includes(OWN_POLICY) && !managesItself(wanted, actual);
  if (ownFirst) always(`inlinePolicies.${OWN_POLICY}`, put(OWN_POLICY));

  const managed = below('managedPolicies');
  for (const PolicyArn of managed.filter((arn) => !wanted.managedPolicies.includes(arn))) {
    const detach = () => unlessNoEntity(iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })));
    always(`managedPolicies.${PolicyArn}`, detach);
  }
  for (const PolicyName of inline.filter((name) => !own(wanted.inlinePolicies, name))) {
    const drop = () => unlessNoEntity(iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
    always(`inlinePolicies.${PolicyName}`, drop);
  }

  if (paths.includes('maxSessionDuration') || paths.includes('description')) {
    // Both fields, because IAM resets an omitted duration to one hour.
    const { description: Description, maxSessionDuration: MaxSessionDuration } = wanted;
    const fields = ['maxSessionDuration', 'description'];
    add(fields, () => iam.send(new UpdateRoleCommand({ RoleName, Description, MaxSessionDuration })));
  }
  for (const PolicyArn of managed.filter((arn) => wanted.managedPolicies.includes(arn))) {
    const attach = () => iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    add([`managedPolicies.${PolicyArn}`], attach);
  }
  const toPut = inline.filter(
    (name) => own(wanted.inlinePolicies, name) && !(ownFirst && name === OWN_POLICY),
  );
  // Policies that shrink come first, to make room for those that grow.
  for (const name of toPut.toSorted((one, other) => growth(one) - growth(other))) {
    add([`inlinePolicies.${name}`], put(name));
  }
  const keys = below('tags');
  const Tags = keys.flatMap((Key) => {
    const Value = own(wanted.tags, Key);
    return Value === undefined ? [] : [{ Key, Value }];
  });
  const TagKeys = keys.filter((key) => own(wanted.tags, key) === undefined);
  const removed = TagKeys.map((key) => `tags.${key}`);
  const tagged = Tags.map(({ Key }) => `tags.${Key}`);
  if (removed.length > 0) add(removed, () => iam.send(new UntagRoleCommand({ RoleName, TagKeys })));
  if (tagged.length > 0) add(tagged, () => iam.send(new TagRoleCommand({ RoleName, Tags })));
  return list;

  function growth(name: string): number {
    const before = decodeURIComponent(own(actual.inlinePolicies, name) ?? '');
    return characters(JSON.stringify(wanted.inlinePolicies[name])) - characters(before);
  }
}

/** IAM's errors about a mistake in the baseline: the next run would get the same error. */
const NONSENSE = [
  'MalformedPolicyDocument',
  'InvalidInput',
  'PolicyNotAttachable',
  'UnmodifiableEntity',
  'ValidationError',
];

/** Sends a call and translates IAM's errors about the content of the role; other errors are passed on. */
export async function explained<T>(wanted: ExecutionRole, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw explain(wanted, error);
  }
}

/** True if a principal of the trust policy does not exist in IAM. */
function isPrincipalMissing(error: unknown): error is NotYetConsistent {
  return error instanceof NotYetConsistent && error.reason === 'PrincipalMissing';
}

function explain(wanted: ExecutionRole, error: unknown): unknown {
  if (isPrincipalMissing(error)) {
    return new NotYetConsistent(`The role ${wanted.arn}: ${error.message}`, {
      cause: error,
      reason: error.reason,
      remedy:
        'Create the role or user that its trust policy names, or remove it from the baseline; IAM takes some seconds to see a new one.',
    });
  }
  if (error instanceof QuotaExceeded && /maximum policy size/i.test(error.message)) {
    return new QuotaExceeded(`The role ${wanted.arn}: ${error.message}`, {
      cause: error,
      remedy:
        'AWS does not raise this quota: delete an inline policy of the role that the baseline does not name. Orgkeeper deletes none before ' +
        'the role has the policy that lets Orgkeeper manage it.',
    });
  }
  if (!(error instanceof Error) || error instanceof ControllerError) return error;
  // The SDK names an error with `Exception`, IAM's documentation without.
  const name = error.name.replace(/Exception$/, '');
  const said = `The role ${wanted.arn}: ${error.message}`;
  if (name === 'NoSuchEntity' && /does not exist or is not attachable/i.test(error.message)) {
    return new InvalidDesiredState(
      said,
      [{ path: 'executionRole.managedPolicies', message: error.message }],
      {
        cause: error,
        remedy: 'Correct the ARN in the baseline, or create that policy in the account.',
      },
    );
  }
  if (!NONSENSE.includes(name)) return error;
  return new InvalidDesiredState(said, [{ path: 'executionRole', message: error.message }], {
    cause: error,
    remedy: 'Correct the baseline, publish it, and assign the new version.',
  });
}

/**
 * See Kind. Former roles are removed, too. An unowned role stays, and so does a role in an instance profile. The role by which
 * the account is entered stays as well, because its owner made it, by our template or by hand.
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
  if (!role || !isOurRole(role, context)) return;
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
