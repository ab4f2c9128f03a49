import type { FoundRole } from '../iam-role/model.ts';
import {
  foundRole,
  inlineDocument,
  managedDocument,
  readEach,
  readRole,
  stillThere,
  tagsOf,
} from '../iam-role/read.ts';
import { type KindContext, type Observation, OWNER_TAG } from '../kind.ts';
import { FORMER, forgetReplaced, formerRoles, isOurRole, unowned } from './ownership.ts';
import type { ExecutionRole } from './wanted.ts';

/** The execution role as IAM returns it. */
export interface ActualRole extends FoundRole {
  /**
   * By ARN, the readable documents of managed policies that are to be attached to the role in use, and of its new boundary. Only
   * the documents show whether they would lock Orgkeeper out.
   */
  readonly toAttach?: Readonly<Record<string, string | undefined>>;
  /** For the role by which the account is entered: who manages it. */
  readonly keptBy?: 'orgkeeper' | 'owner';
  /** Present for an owner-managed role by which the account is entered: it is checked, never changed. */
  readonly ownerManaged?: PolicyDocuments;
}

/** The documents of an owner-managed role, URL-encoded; undefined for a document that Orgkeeper may not read. */
export interface PolicyDocuments {
  /** By the name of the inline policy. */
  readonly inline: Readonly<Record<string, string | undefined>>;
  /** By ARN: attached policies, those in the baseline, and the permissions boundary. */
  readonly managed: Readonly<Record<string, string | undefined>>;
}

/**
 * See Kind. All calls are sent at once, except for documents whose names come from a list: those of an owner-managed role, and of
 * managed policies that are to be attached to the role in use.
 */
export async function observe(wanted: ExecutionRole, context: KindContext): Promise<Observation<ActualRole>> {
  const [answers] = await Promise.all([readRole(wanted, context), observeFormer(wanted, context)]);
  const { role, denial } = answers;
  if (!role) return { state: 'absent' };
  const isOwnerManaged = !isOurRole(role, context);
  if (isOwnerManaged && (!wanted.entry || tagsOf(role)[OWNER_TAG] !== undefined)) {
    forgetReplaced(role, context);
    return unowned(role);
  }
  if (denial && !isOwnerManaged) throw denial;
  const found = foundRole(wanted, role, answers);
  const documentsToo = isOwnerManaged
    ? { ownerManaged: await readOwnerManaged(wanted, found, context) }
    : await readToAttach(wanted, found, context);
  return {
    state: 'present',
    actual: {
      ...found,
      ...(wanted.entry && { keptBy: isOwnerManaged ? 'owner' : 'orgkeeper' }),
      ...documentsToo,
    },
  };
}

/** Reads all documents that decide the permissions of an owner-managed role, at once. */
async function readOwnerManaged(
  wanted: ExecutionRole,
  { inlinePolicies, managedPolicies, permissionsBoundary }: FoundRole,
  context: KindContext,
): Promise<PolicyDocuments> {
  const arns = new Set([...managedPolicies, ...wanted.managedPolicies]);
  if (permissionsBoundary) arns.add(permissionsBoundary);
  const [inline, managed] = await Promise.all([
    readEach(
      Object.keys(inlinePolicies),
      async (name) => inlinePolicies[name] ?? inlineDocument(wanted.name, name, context),
    ),
    readEach(arns, (arn) => managedDocument(arn, context)),
  ]);
  return { inline, managed };
}

async function readToAttach(
  wanted: ExecutionRole,
  current: FoundRole,
  context: KindContext,
): Promise<Pick<ActualRole, 'toAttach'>> {
  if (!wanted.entry) return {};
  const arns = wanted.managedPolicies.filter((arn) => !current.managedPolicies.includes(arn));
  const { permissionsBoundary: boundary } = wanted;
  if (boundary && boundary !== current.permissionsBoundary) arns.push(boundary);
  if (arns.length === 0) return {};
  return { toAttach: await readEach(arns, (arn) => managedDocument(arn, context)) };
}

/** Records which former roles still exist. */
async function observeFormer(wanted: ExecutionRole, context: KindContext): Promise<void> {
  const former = formerRoles(wanted, context.recorded);
  const found = await stillThere(former, context, (role) => isOurRole(role, context));
  context.record({ [FORMER]: found.join(' ') || undefined });
}
