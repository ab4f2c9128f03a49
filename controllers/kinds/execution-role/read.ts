import {
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  type Role,
} from '@aws-sdk/client-iam';
import { isGone as saysGone } from '../../../shared/aws/gone.ts';
import { pagesOf } from '../../../shared/aws/pages.ts';
import { AccessDenied } from '../../../shared/domain/errors.ts';
import type { KindContext } from '../kind.ts';

/** The role of that name, or undefined. */
export async function getRole(name: string, { clients }: KindContext): Promise<Role | undefined> {
  const found = await unlessGone(clients.iam.send(new GetRoleCommand({ RoleName: name })));
  return found?.Role;
}

/** Names of all its inline policies; none when the role is gone. */
export async function inlineNames(name: string, { clients }: KindContext): Promise<string[]> {
  const names: string[] = [];
  const pages = pagesOf(
    (Marker) => clients.iam.send(new ListRolePoliciesCommand({ RoleName: name, ...(Marker && { Marker }) })),
    ({ IsTruncated, Marker }) => (IsTruncated ? Marker : undefined),
  );
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
  const pages = pagesOf(
    (Marker) =>
      clients.iam.send(new ListAttachedRolePoliciesCommand({ RoleName: name, ...(Marker && { Marker }) })),
    ({ IsTruncated, Marker }) => (IsTruncated ? Marker : undefined),
  );
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

/** What a call gives, or that it was denied. */
export async function orDenial<T>(call: Promise<T>): Promise<T | AccessDenied> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof AccessDenied) return error;
    throw error;
  }
}

/** What a call gives, or undefined when it was denied. */
export async function unlessDenied<T>(call: Promise<T>): Promise<T | undefined> {
  const found = await orDenial(call);
  return found instanceof AccessDenied ? undefined : found;
}

/** True for IAM's NoSuchEntity, under both names that the SDK gives it. */
export function isGone(error: unknown): boolean {
  return saysGone('role or policy', error);
}

/** The document of an inline policy, URL-encoded; undefined when there is none. */
export async function inlineDocument(
  role: string,
  policy: string,
  { clients }: KindContext,
): Promise<string | undefined> {
  const command = new GetRolePolicyCommand({ RoleName: role, PolicyName: policy });
  return (await unlessGone(clients.iam.send(command)))?.PolicyDocument;
}

/** The document of a managed policy as it stands now, URL-encoded; undefined when there is none. */
export async function managedDocument(
  PolicyArn: string,
  { clients }: KindContext,
): Promise<string | undefined> {
  const found = await unlessGone(clients.iam.send(new GetPolicyCommand({ PolicyArn })));
  const VersionId = found?.Policy?.DefaultVersionId;
  if (!VersionId) return undefined;
  const command = new GetPolicyVersionCommand({ PolicyArn, VersionId });
  return (await unlessGone(clients.iam.send(command)))?.PolicyVersion?.Document;
}
