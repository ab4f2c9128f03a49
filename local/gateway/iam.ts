import {
  GetGroupPolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  IAMClient,
  ListAttachedGroupPoliciesCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupPoliciesCommand,
  ListGroupsForUserCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListUserPoliciesCommand,
  NoSuchEntityException,
  type Tag,
} from '@aws-sdk/client-iam';
import type { Upstream } from './upstream.ts';
import { type Call, isRead, text } from './wire.ts';

/** A role in IAM. */
export interface Role {
  readonly arn: string;
  readonly id: string;
  /** The trust policy, as JSON text. */
  readonly trust: string;
  readonly maxSessionSeconds: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly boundaryArn?: string;
}

/** A policy with its name: an inline policy's own name, a managed policy's ARN. */
export interface NamedPolicy {
  readonly name: string;
  /** JSON text. */
  readonly document: string;
}

/** The policies of a role or a user. */
export interface Grants {
  /** Inline and attached policies; for a user those of its groups, too. */
  readonly identity: readonly NamedPolicy[];
  readonly boundary: readonly NamedPolicy[];
  readonly tags: Readonly<Record<string, string>>;
}

/** The emulator's IAM, read for the gateway's decisions. Cached until the account's IAM changes. */
export interface Iam {
  /** Undefined if there is no role with exactly this ARN. */
  role(arn: string): Promise<Role | undefined>;
  /** A role by its name; undefined if the account has none. */
  arnOfRole(account: string, name: string): Promise<string | undefined>;
  /** Every role of the account. */
  roleArns(account: string): Promise<readonly string[]>;
  /** The policies of a role or a user, by its ARN; none if it does not exist. */
  grants(arn: string): Promise<Grants>;
  /** A managed policy that the account may use; undefined if there is none. */
  managed(account: string, policyArn: string): Promise<NamedPolicy | undefined>;
  /** Must be called after every call, to drop cached reads that the call may have changed. */
  after(call: Call, account: string): void;
}

const NOTHING: Grants = { identity: [], boundary: [], tags: {} };

/** Reads on demand. */
export function createIam(upstream: Upstream): Iam {
  const roles = new Map<string, Promise<Role | undefined>>();
  const grants = new Map<string, Promise<Grants>>();

  const clientOf = (account: string) => upstream.client(IAMClient, { account, region: 'us-east-1' });

  async function readRole(arn: string): Promise<Role | undefined> {
    const { Role: role } =
      (await unlessGone(clientOf(accountOf(arn)).send(new GetRoleCommand({ RoleName: nameOf(arn) })))) ?? {};
    if (role?.Arn !== arn) return undefined;
    return {
      arn,
      id: role.RoleId ?? '',
      trust: decodeURIComponent(role.AssumeRolePolicyDocument ?? ''),
      maxSessionSeconds: role.MaxSessionDuration ?? 3600,
      tags: tagsIn(role.Tags),
      ...(role.PermissionsBoundary?.PermissionsBoundaryArn && {
        boundaryArn: role.PermissionsBoundary.PermissionsBoundaryArn,
      }),
    };
  }

  async function ofRole(arn: string): Promise<Grants> {
    const client = clientOf(accountOf(arn));
    const RoleName = nameOf(arn);
    const role = await readRole(arn);
    if (!role) return NOTHING;
    const [inline, attached] = await Promise.all([
      unlessGone(client.send(new ListRolePoliciesCommand({ RoleName }))),
      unlessGone(client.send(new ListAttachedRolePoliciesCommand({ RoleName }))),
    ]);
    const identity = await Promise.all([
      ...(inline?.PolicyNames ?? []).map((PolicyName) =>
        named(PolicyName, client.send(new GetRolePolicyCommand({ RoleName, PolicyName }))),
      ),
      ...(attached?.AttachedPolicies ?? []).map(({ PolicyArn = '' }) => managed(accountOf(arn), PolicyArn)),
    ]);
    return together(arn, identity, role.boundaryArn, role.tags);
  }

  async function ofUser(arn: string): Promise<Grants> {
    const client = clientOf(accountOf(arn));
    const UserName = nameOf(arn);
    const { User: user } = (await unlessGone(client.send(new GetUserCommand({ UserName })))) ?? {};
    if (user?.Arn !== arn) return NOTHING;
    const [inline, attached, groups] = await Promise.all([
      unlessGone(client.send(new ListUserPoliciesCommand({ UserName }))),
      unlessGone(client.send(new ListAttachedUserPoliciesCommand({ UserName }))),
      unlessGone(client.send(new ListGroupsForUserCommand({ UserName }))),
    ]);
    const identity = await Promise.all([
      ...(inline?.PolicyNames ?? []).map((PolicyName) =>
        named(PolicyName, client.send(new GetUserPolicyCommand({ UserName, PolicyName }))),
      ),
      ...(attached?.AttachedPolicies ?? []).map(({ PolicyArn = '' }) => managed(accountOf(arn), PolicyArn)),
    ]);
    const ofGroups = await Promise.all(
      (groups?.Groups ?? []).map(({ GroupName = '' }) => ofGroup(client, accountOf(arn), GroupName)),
    );
    const { PermissionsBoundary: boundary, Tags } = user;
    return together(arn, [...identity, ...ofGroups.flat()], boundary?.PermissionsBoundaryArn, tagsIn(Tags));
  }

  async function ofGroup(client: IAMClient, account: string, GroupName: string) {
    const [inline, attached] = await Promise.all([
      unlessGone(client.send(new ListGroupPoliciesCommand({ GroupName }))),
      unlessGone(client.send(new ListAttachedGroupPoliciesCommand({ GroupName }))),
    ]);
    return Promise.all([
      ...(inline?.PolicyNames ?? []).map((PolicyName) =>
        named(
          `${GroupName}/${PolicyName}`,
          client.send(new GetGroupPolicyCommand({ GroupName, PolicyName })),
        ),
      ),
      ...(attached?.AttachedPolicies ?? []).map(({ PolicyArn = '' }) => managed(account, PolicyArn)),
    ]);
  }

  async function together(
    arn: string,
    identity: readonly (NamedPolicy | undefined)[],
    boundaryArn: string | undefined,
    tags: Grants['tags'],
  ): Promise<Grants> {
    const boundary = boundaryArn ? [await managed(accountOf(arn), boundaryArn)] : [];
    const there = (all: readonly (NamedPolicy | undefined)[]) => all.filter((one) => one !== undefined);
    return { identity: there(identity), boundary: there(boundary), tags };
  }

  async function managed(account: string, PolicyArn: string): Promise<NamedPolicy | undefined> {
    const client = clientOf(account);
    const policy = await unlessGone(client.send(new GetPolicyCommand({ PolicyArn })));
    const VersionId = policy?.Policy?.DefaultVersionId ?? 'v1';
    const found = await unlessGone(client.send(new GetPolicyVersionCommand({ PolicyArn, VersionId })));
    const document = decodeURIComponent(found?.PolicyVersion?.Document ?? '');
    return document ? { name: PolicyArn, document } : undefined;
  }

  return {
    role: (arn) =>
      isRoleArn(arn) ? remembered(roles, arn, () => readRole(arn)) : Promise.resolve(undefined),
    arnOfRole: async (account, RoleName) =>
      (await unlessGone(clientOf(account).send(new GetRoleCommand({ RoleName }))))?.Role?.Arn,
    async roleArns(account) {
      const { Roles = [] } = await clientOf(account).send(new ListRolesCommand({}));
      return Roles.flatMap(({ Arn }) => Arn ?? []);
    },
    grants: (arn) => remembered(grants, arn, () => (isRoleArn(arn) ? ofRole(arn) : ofUser(arn))),
    managed,
    after(call, account) {
      if (isRead(call) || !['iam', 'cloudformation', 'organizations'].includes(call.service)) return;
      // A call about one role changes no other.
      const name = call.service === 'iam' ? text(call.params, 'RoleName') : undefined;
      for (const map of [roles, grants]) {
        for (const arn of map.keys()) {
          if (accountOf(arn) === account && (name === undefined || nameOf(arn) === name)) map.delete(arn);
        }
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

function accountOf(arn: string): string {
  return arn.split(':')[4] ?? '';
}

function tagsIn(tags: readonly Tag[] = []): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** An inline policy by its name; undefined if it does not exist. */
async function named(
  name: string,
  answer: Promise<{ PolicyDocument?: string | undefined }>,
): Promise<NamedPolicy | undefined> {
  const document = decodeURIComponent((await unlessGone(answer))?.PolicyDocument ?? '');
  return document ? { name, document } : undefined;
}

/** The answer; undefined if IAM answers that the entity does not exist. */
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
