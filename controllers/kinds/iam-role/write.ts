import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  type Role,
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
import { compareRole, TRUST } from './compare.ts';
import { type FoundRole, own, type WantedRole } from './model.ts';
import { getRole, isNoEntity, unlessNoEntity } from './read.ts';
import { characters } from './section.ts';

/** What a kind says of its role. */
export interface RoleWriting {
  /** The kind's name, as differences have it. */
  readonly kind: string;
  /** Path of the role in a baseline. */
  readonly section: string;
  readonly isOurs: (role: Role) => boolean;
  /** The remedy for a role of that name that somebody else made. */
  readonly handOver: string;
  /** Outputs of a role that was just made. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The inline policy that is put before any other is removed, if it differs. */
  readonly first?: string | undefined;
  /** AWS errors that pass by themselves after the first change. */
  readonly alsoWhen?: readonly string[];
}

/**
 * See Kind.apply, and `steps` for the order. While a principal of the trust policy does not exist in IAM, additions by others are
 * still removed, and nothing is granted.
 */
export async function writeRole(
  { wanted, actual, differences }: Change<WantedRole, FoundRole>,
  context: WritingContext,
  writing: RoleWriting,
): Promise<void> {
  const made = actual ?? (await create(wanted, context, writing));
  if (!actual) context.wrote(differences);
  const todo = actual ? differences : compareRole(writing.kind, wanted, made);
  const paths = todo.filter(({ action }) => action !== 'reported').map(({ path }) => path);
  // IAM is eventually consistent about a new role. An older role that is not found was deleted.
  const fresh = actual ? [] : ['NoSuchEntity', 'NoSuchEntityException'];
  let missing: unknown;
  for (const [index, step] of steps(wanted, made, { paths, first: writing.first }, context).entries()) {
    if (missing && !step.always) continue;
    const alsoWhen = index > 0 ? [...fresh, ...(writing.alsoWhen ?? [])] : fresh;
    try {
      await context.eventually(() => explained(wanted, writing.section, step.call), alsoWhen);
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
async function create(
  wanted: WantedRole,
  context: KindContext,
  { section, isOurs, handOver, outputs }: RoleWriting,
): Promise<FoundRole> {
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
    await context.eventually(() => explained(wanted, section, () => context.clients.iam.send(command)));
  } catch (error) {
    if (!(error instanceof Error) || !/^EntityAlreadyExists(Exception)?$/.test(error.name)) throw error;
    // Created after it was observed: by a create of ours that was sent twice, or by somebody else.
    const found = await getRole(wanted.name, context);
    if (!found || isOurs(found)) {
      throw new Conflict(`The role ${wanted.arn} was created during the run.`, { cause: error });
    }
    throw new ForeignResource(`The role ${found.Arn} was not made by Orgkeeper.`, {
      cause: error,
      remedy: handOver,
    });
  }
  context.record(outputs);
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
 * have room for new policies.
 * @param first the policy that is put before any is removed
 */
function steps(
  wanted: WantedRole,
  actual: FoundRole,
  { paths, first }: { readonly paths: readonly string[]; readonly first: string | undefined },
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
  if (first !== undefined && inline.includes(first)) always(`inlinePolicies.${first}`, put(first));

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
  const toPut = inline.filter((name) => own(wanted.inlinePolicies, name) && name !== first);
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

/**
 * Sends a call and translates IAM's errors about the content of the role; other errors are passed on.
 * @param section path of the role in a baseline
 */
export async function explained<T>(
  wanted: Pick<WantedRole, 'arn'>,
  section: string,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw explain(wanted, section, error);
  }
}

/** True if a principal of the trust policy does not exist in IAM. */
function isPrincipalMissing(error: unknown): error is NotYetConsistent {
  return error instanceof NotYetConsistent && error.reason === 'PrincipalMissing';
}

function explain(wanted: Pick<WantedRole, 'arn'>, section: string, error: unknown): unknown {
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
    return new InvalidDesiredState(said, [{ path: `${section}.managedPolicies`, message: error.message }], {
      cause: error,
      remedy: 'Correct the ARN in the baseline, or create that policy in the account.',
    });
  }
  if (!NONSENSE.includes(name)) return error;
  return new InvalidDesiredState(said, [{ path: section, message: error.message }], {
    cause: error,
    remedy: 'Correct the baseline, publish it, and assign the new version.',
  });
}
