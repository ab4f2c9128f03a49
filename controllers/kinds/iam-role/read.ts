import {
  GetAccountAuthorizationDetailsCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  type Role,
  type RoleDetail,
} from '@aws-sdk/client-iam';
import { isGone } from '../../../shared/aws/gone.ts';
import { pagesOf } from '../../../shared/aws/pages.ts';
import { AccessDenied } from '../../../shared/domain/errors.ts';
import type { KindContext } from '../kind.ts';
import { type FoundRole, own, roleName, type WantedRole } from './model.ts';

/** Reading a role from IAM, and what else decides its permissions. */

/** What decides a role's permissions. */
interface RolePolicies {
  /** By name: the documents of the policies that the baseline names, and undefined for the others. */
  readonly inlinePolicies: FoundRole['inlinePolicies'];
  readonly managedPolicies: readonly string[];
  /** Why documents could not be read. */
  readonly denial: AccessDenied | undefined;
}

/** What IAM answers about a role, before it is known whose it is. */
export interface RoleAnswers extends RolePolicies {
  /** Undefined if the role does not exist. */
  readonly role: Role | undefined;
}

/** A role to read. */
type ToRead = Pick<WantedRole, 'name' | 'inlinePolicies'>;

/** Reads a role with three calls and one for each inline policy that the baseline names, all sent at once. */
export async function readRole(wanted: ToRead, context: KindContext): Promise<RoleAnswers> {
  const [role, policies] = await Promise.all([getRole(wanted.name, context), readPolicies(wanted, context)]);
  return { role, ...policies };
}

/** Reads the policies of a role with two calls and one for each inline policy that the baseline names, all sent at once. */
async function readPolicies(wanted: ToRead, context: KindContext): Promise<RolePolicies> {
  const names = Object.keys(wanted.inlinePolicies);
  const [listed, managedPolicies, ...documents] = await Promise.all([
    inlineNames(wanted.name, context),
    attachedArns(wanted.name, context),
    ...names.map((name) => orDenial(inlineDocument(wanted.name, name, context))),
  ]);
  const inlinePolicies = Object.fromEntries([
    ...listed.map((name) => [name, undefined] as const),
    ...names.flatMap((name, index) => {
      const document = documents[index];
      return typeof document === 'string' ? [[name, document] as const] : [];
    }),
  ]);
  const denial = documents.find((each) => each instanceof AccessDenied);
  return { inlinePolicies, managedPolicies, denial };
}

/** Roles by name, each with its policies, as the list of all roles of the account has them. */
type RoleList = ReadonlyMap<string, RoleDetail>;

/** The roles of these names from the list of all roles of the account: a call for each page of 1,000, until all are found. */
export async function listRoles(names: ReadonlySet<string>, { clients }: KindContext): Promise<RoleList> {
  const found = new Map<string, RoleDetail>();
  const pages = pagesOf(
    (Marker: string | undefined) =>
      clients.iam.send(
        new GetAccountAuthorizationDetailsCommand({
          ...{ Filter: ['Role'], MaxItems: 1_000 },
          ...(Marker && { Marker }),
        }),
      ),
    ({ IsTruncated, Marker }) => (IsTruncated ? Marker : undefined),
  );
  for await (const { RoleDetailList = [] } of pages) {
    for (const role of RoleDetailList)
      if (names.has(role.RoleName ?? '')) found.set(role.RoleName ?? '', role);
    if (found.size === names.size) break;
  }
  return found;
}

/**
 * Reads a role with one call, and its policies from the list. The list has neither description nor session duration, and may leave out
 * permissions boundaries. The policies of a role that the list does not show yet are read by calls of their own.
 */
export async function readListedRole(
  wanted: ToRead,
  list: Promise<RoleList | AccessDenied>,
  context: KindContext,
): Promise<RoleAnswers> {
  const [role, listed] = await Promise.all([getRole(wanted.name, context), list]);
  if (!role) return { role, inlinePolicies: {}, managedPolicies: [], denial: undefined };
  if (listed instanceof AccessDenied) {
    return { role, inlinePolicies: {}, managedPolicies: [], denial: listed };
  }
  const detail = listed.get(role.RoleName ?? '');
  return { role, ...(detail ? policiesIn(detail, wanted) : await readPolicies(wanted, context)) };
}

/** The policies of a role in the list, as `readPolicies` returns them. Pure. */
function policiesIn(
  { RolePolicyList = [], AttachedManagedPolicies = [] }: RoleDetail,
  wanted: ToRead,
): RolePolicies {
  const inline = RolePolicyList.map(({ PolicyName = '', PolicyDocument }) => {
    const isNamed = own(wanted.inlinePolicies, PolicyName) !== undefined;
    return [PolicyName, isNamed ? PolicyDocument : undefined] as const;
  });
  return {
    inlinePolicies: Object.fromEntries(inline),
    managedPolicies: AttachedManagedPolicies.flatMap(({ PolicyArn }) => PolicyArn ?? []),
    denial: undefined,
  };
}

/** The role as IAM describes it, with its policies. Pure. */
export function foundRole(
  { arn, name }: Pick<WantedRole, 'arn' | 'name'>,
  role: Role,
  { inlinePolicies, managedPolicies }: RoleAnswers,
): FoundRole {
  return {
    arn: role.Arn ?? arn,
    name: role.RoleName ?? name,
    path: role.Path ?? '/',
    description: role.Description ?? '',
    maxSessionDuration: role.MaxSessionDuration ?? 3_600,
    trustPolicy: role.AssumeRolePolicyDocument ?? '',
    inlinePolicies,
    managedPolicies,
    permissionsBoundary: role.PermissionsBoundary?.PermissionsBoundaryArn,
    tags: tagsOf(role),
  };
}

/** The tags of something in IAM that was read. Pure. */
export function tagsOf({ Tags = [] }: Pick<Role, 'Tags'>): Record<string, string> {
  return Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** Which of these roles still exist and are ours; a role that Orgkeeper may not read counts as existing. */
export async function stillThere(
  arns: readonly string[],
  context: KindContext,
  isOurs: (role: Role) => boolean,
): Promise<string[]> {
  const found = await Promise.all(
    arns.map(async (arn) => {
      const role = await orDenial(getRole(roleName(arn), context));
      return role instanceof AccessDenied || (role !== undefined && isOurs(role)) ? [arn] : [];
    }),
  );
  return found.flat();
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
export async function readEach(
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
export async function inlineDocument(
  role: string,
  policy: string,
  { clients }: KindContext,
): Promise<string | undefined> {
  const command = new GetRolePolicyCommand({ RoleName: role, PolicyName: policy });
  return (await unlessNoEntity(clients.iam.send(command)))?.PolicyDocument;
}

/** The default version of a managed policy, URL-encoded; undefined if it does not exist. */
export async function managedDocument(
  PolicyArn: string,
  { clients }: KindContext,
): Promise<string | undefined> {
  const found = await unlessNoEntity(clients.iam.send(new GetPolicyCommand({ PolicyArn })));
  const VersionId = found?.Policy?.DefaultVersionId;
  if (!VersionId) return undefined;
  const command = new GetPolicyVersionCommand({ PolicyArn, VersionId });
  return (await unlessNoEntity(clients.iam.send(command)))?.PolicyVersion?.Document;
}

/** The result of a call, or its AccessDenied error. */
export async function orDenial<T>(call: Promise<T>): Promise<T | AccessDenied> {
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
