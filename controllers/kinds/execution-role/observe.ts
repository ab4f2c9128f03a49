import {
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  type Role,
} from '@aws-sdk/client-iam';
import { isGone } from '../../../shared/aws/gone.ts';
import { pagesOf } from '../../../shared/aws/pages.ts';
import { AccessDenied } from '../../../shared/domain/errors.ts';
import { type KindContext, type Observation, OWNER_TAG } from '../kind.ts';
import { FORMER, forgetReplaced, formerRoles, isOurRole, roleName, tagsOf, unowned } from './ownership.ts';
import type { ExecutionRole } from './wanted.ts';

/** The role as IAM returns it. */
export interface ActualRole {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  readonly description: string;
  readonly maxSessionDuration: number;
  /** URL-encoded, as IAM returns it. */
  readonly trustPolicy: string;
  /** By name; undefined for policies that the baseline does not name, which are not read. */
  readonly inlinePolicies: Readonly<Record<string, string | undefined>>;
  readonly managedPolicies: readonly string[];
  readonly permissionsBoundary: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
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
  const names = Object.keys(wanted.inlinePolicies);
  const [role, , listed, managedPolicies, ...documents] = await Promise.all([
    getRole(wanted.name, context),
    observeFormer(wanted, context),
    inlineNames(wanted.name, context),
    attachedArns(wanted.name, context),
    ...names.map((name) => orDenial(inlineDocument(wanted.name, name, context))),
  ]);
  if (!role) return { state: 'absent' };
  const tags = tagsOf(role);
  const isOwnerManaged = !isOurRole(role, context);
  if (isOwnerManaged && (!wanted.entry || tags[OWNER_TAG] !== undefined)) {
    forgetReplaced(role, context);
    return unowned(role);
  }
  const denial = documents.find((each) => each instanceof AccessDenied);
  if (denial && !isOwnerManaged) throw denial;
  const inlinePolicies: Record<string, string | undefined> = Object.fromEntries([
    ...listed.map((name) => [name, undefined]),
    ...names.flatMap((name, index) =>
      typeof documents[index] === 'string' ? [[name, documents[index]]] : [],
    ),
  ]);
  const permissionsBoundary = role.PermissionsBoundary?.PermissionsBoundaryArn;
  const attached = { inlinePolicies, managedPolicies, permissionsBoundary };
  const documentsToo = isOwnerManaged
    ? { ownerManaged: await readOwnerManaged(wanted, attached, context) }
    : await readToAttach(wanted, attached, context);
  return {
    state: 'present',
    actual: {
      arn: role.Arn ?? wanted.arn,
      name: role.RoleName ?? wanted.name,
      path: role.Path ?? '/',
      description: role.Description ?? '',
      maxSessionDuration: role.MaxSessionDuration ?? 3_600,
      trustPolicy: role.AssumeRolePolicyDocument ?? '',
      tags,
      ...attached,
      ...(wanted.entry && { keptBy: isOwnerManaged ? 'owner' : 'orgkeeper' }),
      ...documentsToo,
    },
  };
}

type Attached = Pick<ActualRole, 'inlinePolicies' | 'managedPolicies' | 'permissionsBoundary'>;

/** Reads all documents that decide the permissions of an owner-managed role, at once. */
async function readOwnerManaged(
  wanted: ExecutionRole,
  { inlinePolicies, managedPolicies, permissionsBoundary }: Attached,
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
  current: Attached,
  context: KindContext,
): Promise<Pick<ActualRole, 'toAttach'>> {
  if (!wanted.entry) return {};
  const arns = wanted.managedPolicies.filter((arn) => !current.managedPolicies.includes(arn));
  const { permissionsBoundary: boundary } = wanted;
  if (boundary && boundary !== current.permissionsBoundary) arns.push(boundary);
  if (arns.length === 0) return {};
  return { toAttach: await readEach(arns, (arn) => managedDocument(arn, context)) };
}

/** Records which former roles still exist; a role that Orgkeeper may not read counts as existing. */
async function observeFormer(wanted: ExecutionRole, context: KindContext): Promise<void> {
  const isThere = async (arn: string) => {
    const role = await orDenial(getRole(roleName(arn), context));
    return role instanceof AccessDenied || (role !== undefined && isOurRole(role, context));
  };
  const found = await Promise.all(
    formerRoles(wanted, context.recorded).map(async (arn) => ((await isThere(arn)) ? [arn] : [])),
  );
  context.record({ [FORMER]: found.flat().join(' ') || undefined });
}

/** The role of that name, or undefined. */
export async function getRole(name: string, { clients }: KindContext): Promise<Role | undefined> {
  const found = await unlessNoEntity(clients.iam.send(new GetRoleCommand({ RoleName: name })));
  return found?.Role;
}

/** Names of all inline policies of the role; empty if the role does not exist. */
export async function inlineNames(RoleName: string, { clients }: KindContext): Promise<string[]> {
  return itemsOfPages(
    (Marker) => clients.iam.send(new ListRolePoliciesCommand({ RoleName, ...(Marker && { Marker }) })),
    ({ PolicyNames = [] }) => PolicyNames,
  );
}

/** ARNs of all managed policies of the role; empty if the role does not exist. */
export async function attachedArns(RoleName: string, { clients }: KindContext): Promise<string[]> {
  return itemsOfPages(
    (Marker) =>
      clients.iam.send(new ListAttachedRolePoliciesCommand({ RoleName, ...(Marker && { Marker }) })),
    ({ AttachedPolicies = [] }) => AttachedPolicies.flatMap(({ PolicyArn }) => PolicyArn ?? []),
  );
}

/** The items of all pages of one of IAM's lists; empty if the role does not exist. */
export async function itemsOfPages<
  Page extends { readonly IsTruncated?: boolean | undefined; readonly Marker?: string | undefined },
>(
  call: (marker: string | undefined) => Promise<Page>,
  itemsOf: (page: Page) => readonly string[],
): Promise<string[]> {
  const items: string[] = [];
  const readAll = async () => {
    const pages = pagesOf(call, ({ IsTruncated, Marker }) => (IsTruncated ? Marker : undefined));
    for await (const page of pages) items.push(...itemsOf(page));
  };
  await unlessNoEntity(readAll());
  return items;
}

/** Documents by name, read at once; undefined for a document that does not exist or may not be read. */
async function readEach(
  names: Iterable<string>,
  document: (name: string) => Promise<string | undefined>,
): Promise<Record<string, string | undefined>> {
  const read = async (name: string) => {
    const found = await orDenial(document(name));
    return [name, found instanceof AccessDenied ? undefined : found] as const;
  };
  return Object.fromEntries(await Promise.all([...names].map(read)));
}

/** The document of an inline policy, URL-encoded; undefined if it does not exist. */
async function inlineDocument(
  role: string,
  policy: string,
  { clients }: KindContext,
): Promise<string | undefined> {
  const command = new GetRolePolicyCommand({ RoleName: role, PolicyName: policy });
  return (await unlessNoEntity(clients.iam.send(command)))?.PolicyDocument;
}

/** The default version of a managed policy, URL-encoded; undefined if it does not exist. */
async function managedDocument(PolicyArn: string, { clients }: KindContext): Promise<string | undefined> {
  const found = await unlessNoEntity(clients.iam.send(new GetPolicyCommand({ PolicyArn })));
  const VersionId = found?.Policy?.DefaultVersionId;
  if (!VersionId) return undefined;
  const command = new GetPolicyVersionCommand({ PolicyArn, VersionId });
  return (await unlessNoEntity(clients.iam.send(command)))?.PolicyVersion?.Document;
}

/** The result of a call, or its AccessDenied error. */
async function orDenial<T>(call: Promise<T>): Promise<T | AccessDenied> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof AccessDenied) return error;
    throw error;
  }
}

/** The result of a call, or undefined if IAM answers NoSuchEntity. */
export async function unlessNoEntity<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isNoEntity(error)) return undefined;
    throw error;
  }
}

/** True for IAM's NoSuchEntity, by both names that the SDK uses. */
export function isNoEntity(error: unknown): boolean {
  return isGone('role or policy', error);
}
