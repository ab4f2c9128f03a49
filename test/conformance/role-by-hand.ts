import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
  type Role,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import type { Member } from './support.ts';

/** Reads the role of that name, and changes it as people do. */
export function roleByHand(RoleName: string) {
  /** Undefined if there is no such role. */
  const role = async ({ clients }: Member, name = RoleName): Promise<Role | undefined> => {
    const found = await clients.iam.send(new GetRoleCommand({ RoleName: name })).catch(() => undefined);
    return found?.Role;
  };
  const inlineOf = async ({ clients }: Member, name = RoleName): Promise<string[]> =>
    (await clients.iam.send(new ListRolePoliciesCommand({ RoleName: name }))).PolicyNames?.toSorted() ?? [];
  const putInline = async ({ clients }: Member, PolicyName: string, policy: unknown): Promise<void> => {
    const PolicyDocument = JSON.stringify(policy);
    await clients.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
  };
  /** Deletes the role, with its inline policies and the managed policy `kept`. */
  const deleteRole = async (member: Member): Promise<void> => {
    const { iam } = member.clients;
    for (const PolicyName of await inlineOf(member)) {
      await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
    }
    await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: policyArn(member, 'kept') }));
    await iam.send(new DeleteRoleCommand({ RoleName }));
  };
  return {
    role,
    inlineOf,
    putInline,
    deleteRole,
    trustOf: async (member: Member) => document((await role(member))?.AssumeRolePolicyDocument),
    boundaryOf: async (member: Member) => (await role(member))?.PermissionsBoundary?.PermissionsBoundaryArn,
    tagsOf: async (member: Member) =>
      (await role(member))?.Tags?.map(({ Key, Value }) => `${Key}=${Value}`).sort(),
    /** The inline policy of that name; undefined if the role has none. */
    inline: async ({ clients }: Member, PolicyName: string) => {
      const found = clients.iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
      return found.then(({ PolicyDocument }) => document(PolicyDocument)).catch(() => undefined);
    },
    /** The names of the managed policies. */
    attachedOf: async ({ clients }: Member, name = RoleName) => {
      const { AttachedPolicies = [] } = await clients.iam.send(
        new ListAttachedRolePoliciesCommand({ RoleName: name }),
      );
      return AttachedPolicies.map(({ PolicyName }) => PolicyName).sort();
    },
    putTrust: async ({ clients }: Member, policy: unknown): Promise<void> => {
      const PolicyDocument = JSON.stringify(policy);
      await clients.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
    },
    /** Makes the role again under another path, with all that it had. */
    async moveRole(member: Member, inlinePolicies: Readonly<Record<string, unknown>>): Promise<void> {
      const before = await role(member);
      await deleteRole(member);
      await member.clients.iam.send(
        new CreateRoleCommand({
          RoleName,
          Path: '/elsewhere/',
          Description: before?.Description,
          MaxSessionDuration: before?.MaxSessionDuration,
          AssumeRolePolicyDocument: decodeURIComponent(before?.AssumeRolePolicyDocument ?? ''),
          PermissionsBoundary: before?.PermissionsBoundary?.PermissionsBoundaryArn,
          Tags: before?.Tags,
        }),
      );
      for (const [name, policy] of Object.entries(inlinePolicies)) await putInline(member, name, policy);
      const PolicyArn = policyArn(member, 'kept');
      await member.clients.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    },
  };
}

function document(text: string | undefined) {
  return JSON.parse(decodeURIComponent(text ?? 'null'));
}

/** The ARN of a managed policy of the account. */
export function policyArn({ account }: Member, name: string): string {
  return `arn:aws:iam::${account.accountId}:policy/${name}`;
}

/** A policy that allows one action on everything. */
export function allow(action: string) {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] };
}
