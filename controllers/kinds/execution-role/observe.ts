import {
  GetRoleCommand,
  GetRolePolicyCommand,
  paginateListAttachedRolePolicies,
  paginateListRolePolicies,
  type Role,
} from '@aws-sdk/client-iam';
import { type KindContext, type Observation, OWNER_TAG } from '../kind.ts';
import type { ExecutionRole } from './render.ts';

/** The role as IAM shows it. */
export interface ActualRole {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  readonly description: string;
  readonly maxSessionDuration: number;
  /** URL-encoded, as IAM gives it. */
  readonly trustPolicy: string;
  /** By name; undefined for those that nobody wants: they were not read. */
  readonly inlinePolicies: Readonly<Record<string, string | undefined>>;
  readonly managedPolicies: readonly string[];
  readonly permissionsBoundary: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** See Kind. One step: nothing here waits for the answer of another call. */
export async function observe(wanted: ExecutionRole, context: KindContext): Promise<Observation<ActualRole>> {
  const names = Object.keys(wanted.inlinePolicies);
  const [role, listed, managedPolicies, ...documents] = await Promise.all([
    getRole(wanted.name, context),
    inlineNames(wanted.name, context),
    attachedArns(wanted.name, context),
    ...names.map((name) => inlineDocument(wanted.name, name, context)),
  ]);
  if (!role) return { state: 'absent' };
  const tags = tagsOf(role);
  if (!isOurs(role, context)) return foreign(role, tags[OWNER_TAG]);
  const read = names.flatMap((name, index) =>
    documents[index] === undefined ? [] : [[name, documents[index]]],
  );
  return {
    state: 'present',
    actual: {
      arn: role.Arn ?? wanted.arn,
      name: role.RoleName ?? wanted.name,
      path: role.Path ?? '/',
      description: role.Description ?? '',
      maxSessionDuration: role.MaxSessionDuration ?? 3_600,
      trustPolicy: role.AssumeRolePolicyDocument ?? '',
      inlinePolicies: {
        ...Object.fromEntries(
          listed.filter((name) => !names.includes(name)).map((name) => [name, undefined]),
        ),
        ...Object.fromEntries(read),
      },
      managedPolicies,
      permissionsBoundary: role.PermissionsBoundary?.PermissionsBoundaryArn,
      tags,
    },
  };
}

/** The role of that name, or undefined. */
export async function getRole(name: string, { clients }: KindContext): Promise<Role | undefined> {
  const found = await unlessGone(clients.iam.send(new GetRoleCommand({ RoleName: name })));
  return found?.Role;
}

/** Tagged by us, or recorded when we made it: a role that lost its tags is still ours. */
export function isOurs(role: Role, { account, recorded }: KindContext): boolean {
  return tagsOf(role)[OWNER_TAG] === account.owner || recorded['role.arn'] === role.Arn;
}

/** Names of all its inline policies; none when the role is gone. */
export async function inlineNames(name: string, { clients }: KindContext): Promise<string[]> {
  const names: string[] = [];
  const pages = paginateListRolePolicies({ client: clients.iam }, { RoleName: name });
  await unlessGone(
    (async () => {
      for await (const page of pages) names.push(...(page.PolicyNames ?? []));
    })(),
  );
  return names;
}

/** ARNs of all its managed policies; none when the role is gone. */
export async function attachedArns(name: string, { clients }: KindContext): Promise<string[]> {
  const arns: string[] = [];
  const pages = paginateListAttachedRolePolicies({ client: clients.iam }, { RoleName: name });
  await unlessGone(
    (async () => {
      for await (const page of pages) {
        arns.push(...(page.AttachedPolicies ?? []).flatMap(({ PolicyArn }) => PolicyArn ?? []));
      }
    })(),
  );
  return arns;
}

/** What a call gives, or undefined when IAM says NoSuchEntity. */
export async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** True for IAM's NoSuchEntity, under both names that the SDK gives it. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && /^NoSuchEntity(Exception)?$/.test(error.name);
}

async function inlineDocument(
  role: string,
  policy: string,
  { clients }: KindContext,
): Promise<string | undefined> {
  const command = new GetRolePolicyCommand({ RoleName: role, PolicyName: policy });
  return (await unlessGone(clients.iam.send(command)))?.PolicyDocument;
}

function tagsOf(role: Role): Record<string, string> {
  return Object.fromEntries((role.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
}

function foreign(role: Role, owner: string | undefined): Observation<ActualRole> {
  const whose =
    owner === undefined ? 'was not made by Orgkeeper' : `belongs to the Orgkeeper of account ${owner}`;
  return {
    state: 'foreign',
    message: `The role ${role.Arn} ${whose}, so it is left as it is.`,
    remedy: `Tag it with ${OWNER_TAG} and the id of the Main account to hand it over, or give the role in the baseline another name.`,
  };
}
