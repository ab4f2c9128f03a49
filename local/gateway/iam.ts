import {
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  NoSuchEntityException,
} from '@aws-sdk/client-iam';
import type { Upstream } from './upstream.ts';
import { type Call, isRead } from './wire.ts';

/** A role in IAM. */
export interface Role {
  readonly arn: string;
  readonly id: string;
  /** The trust policy, as JSON text. */
  readonly trust: string;
  readonly maxSessionSeconds: number;
  readonly boundaryArn?: string;
}

/** The policies of a role, as JSON text. */
export interface RolePolicies {
  readonly identity: readonly string[];
  readonly boundary: readonly string[];
}

/** The emulator's IAM, read for the gateway's decisions. Cached until the account's IAM changes. */
export interface Iam {
  /** Undefined if there is no role with exactly this ARN. */
  role(arn: string): Promise<Role | undefined>;
  /** A role by its name; undefined if the account has none. */
  arnOfRole(account: string, name: string): Promise<string | undefined>;
  /** Empty for a deleted role. */
  grants(roleArn: string): Promise<RolePolicies>;
  /** Must be called after every successful call, to invalidate the cache. */
  after(call: Call, account: string): void;
}

/** Creates the reader. */
export function createIam(upstream: Upstream): Iam {
  const roles = new Map<string, Promise<Role | undefined>>();
  const grants = new Map<string, Promise<RolePolicies>>();

  const clientOf = (arn: string) =>
    upstream.client(IAMClient, { account: arn.split(':')[4] ?? '', region: 'us-east-1' });

  async function readRole(arn: string): Promise<Role | undefined> {
    const { Role: role } =
      (await unlessGone(clientOf(arn).send(new GetRoleCommand({ RoleName: nameOf(arn) })))) ?? {};
    if (role?.Arn !== arn) return undefined;
    return {
      arn,
      id: role.RoleId ?? '',
      trust: decodeURIComponent(role.AssumeRolePolicyDocument ?? ''),
      maxSessionSeconds: role.MaxSessionDuration ?? 3600,
      ...(role.PermissionsBoundary?.PermissionsBoundaryArn && {
        boundaryArn: role.PermissionsBoundary.PermissionsBoundaryArn,
      }),
    };
  }

  async function readGrants(arn: string): Promise<RolePolicies> {
    const client = clientOf(arn);
    const RoleName = nameOf(arn);
    const role = await readRole(arn);
    if (!role) return { identity: [], boundary: [] };
    const [inline, attached] = await Promise.all([
      unlessGone(client.send(new ListRolePoliciesCommand({ RoleName }))),
      unlessGone(client.send(new ListAttachedRolePoliciesCommand({ RoleName }))),
    ]);
    const documents = await Promise.all([
      ...(inline?.PolicyNames ?? []).map(async (PolicyName) => {
        const found = await unlessGone(client.send(new GetRolePolicyCommand({ RoleName, PolicyName })));
        return decodeURIComponent(found?.PolicyDocument ?? '');
      }),
      ...(attached?.AttachedPolicies ?? []).map(({ PolicyArn = '' }) => managed(client, PolicyArn)),
    ]);
    const boundary = role.boundaryArn ? [await managed(client, role.boundaryArn)] : [];
    return { identity: documents.filter(Boolean), boundary: boundary.filter(Boolean) };
  }

  async function managed(client: IAMClient, PolicyArn: string): Promise<string> {
    const policy = await unlessGone(client.send(new GetPolicyCommand({ PolicyArn })));
    const VersionId = policy?.Policy?.DefaultVersionId ?? 'v1';
    const found = await unlessGone(client.send(new GetPolicyVersionCommand({ PolicyArn, VersionId })));
    return decodeURIComponent(found?.PolicyVersion?.Document ?? '');
  }

  return {
    role: (arn) =>
      isRoleArn(arn) ? remembered(roles, arn, () => readRole(arn)) : Promise.resolve(undefined),
    arnOfRole: async (account, RoleName) => {
      const client = clientOf(`arn:aws:iam::${account}:role/${RoleName}`);
      return (await unlessGone(client.send(new GetRoleCommand({ RoleName }))))?.Role?.Arn;
    },
    grants: (arn) => remembered(grants, arn, () => readGrants(arn)),
    after(call, account) {
      if (isRead(call) || !['iam', 'cloudformation', 'organizations'].includes(call.service)) return;
      for (const map of [roles, grants]) {
        for (const arn of map.keys()) if (arn.split(':')[4] === account) map.delete(arn);
      }
    },
  };
}

/** `arn:…:iam::ACCOUNT:role/…` */
export function isRoleArn(arn: string): boolean {
  return /^arn:[\w-]+:iam::\d{12}:role\/.+$/.test(arn);
}

function nameOf(arn: string): string {
  return arn.split('/').at(-1) ?? '';
}

/** The answer; undefined if IAM answers that the resource does not exist. */
async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof NoSuchEntityException) return undefined;
    throw error;
  }
}

/** Caches reads, also those in progress. Does not cache missing resources and failures. */
export function remembered<T>(map: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> {
  const known = map.get(key);
  if (known) return known;
  const reading = read();
  map.set(key, reading);
  const forget = () => map.get(key) === reading && map.delete(key);
  reading.then((found) => found === undefined && forget(), forget);
  return reading;
}
