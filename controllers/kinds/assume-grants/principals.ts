import {
  DeleteGroupPolicyCommand,
  DeleteRolePolicyCommand,
  DeleteUserPolicyCommand,
  GetGroupCommand,
  GetGroupPolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  PutGroupPolicyCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { GRANT_POLICY as PolicyName } from '../iam-role/granted.ts';
import { unlessNoEntity } from '../iam-role/read.ts';
import type { KindContext, PolicyDocument } from '../kind.ts';
import type { Principal } from './section.ts';

/** The calls for the policy of a grant, by type of principal. */

type Clients = Pick<KindContext, 'clients'>;

/** The policy of a grant, URL-encoded; undefined if there is none, or no such principal. */
export async function readPolicy(
  { type, name }: Principal,
  { clients: { iam } }: Clients,
): Promise<string | undefined> {
  const read = async () => {
    switch (type) {
      case 'user':
        return iam.send(new GetUserPolicyCommand({ UserName: name, PolicyName }));
      case 'group':
        return iam.send(new GetGroupPolicyCommand({ GroupName: name, PolicyName }));
      case 'role':
        return iam.send(new GetRolePolicyCommand({ RoleName: name, PolicyName }));
    }
  };
  return (await unlessNoEntity(read()))?.PolicyDocument;
}

/** The ARN of a principal, with its path; undefined if it does not exist. */
export async function readArn(
  { type, name }: Principal,
  { clients: { iam } }: Clients,
): Promise<string | undefined> {
  switch (type) {
    case 'user':
      return (await unlessNoEntity(iam.send(new GetUserCommand({ UserName: name }))))?.User?.Arn;
    case 'group':
      // The answer lists the members of the group, of which none is needed.
      return (await unlessNoEntity(iam.send(new GetGroupCommand({ GroupName: name, MaxItems: 1 }))))?.Group
        ?.Arn;
    case 'role':
      return (await unlessNoEntity(iam.send(new GetRoleCommand({ RoleName: name }))))?.Role?.Arn;
  }
}

/** Puts the policy of a grant. Safe to repeat. @throws NoSuchEntity if the principal does not exist */
export async function putPolicy(
  { type, name }: Principal,
  policy: PolicyDocument,
  { clients: { iam } }: Clients,
): Promise<void> {
  const PolicyDocument = JSON.stringify(policy);
  switch (type) {
    case 'user':
      await iam.send(new PutUserPolicyCommand({ UserName: name, PolicyName, PolicyDocument }));
      return;
    case 'group':
      await iam.send(new PutGroupPolicyCommand({ GroupName: name, PolicyName, PolicyDocument }));
      return;
    case 'role':
      await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName, PolicyDocument }));
      return;
  }
}

/** Deletes the policy of a grant, if it exists. */
export async function deletePolicy({ type, name }: Principal, { clients: { iam } }: Clients): Promise<void> {
  const remove = async () => {
    switch (type) {
      case 'user':
        return iam.send(new DeleteUserPolicyCommand({ UserName: name, PolicyName }));
      case 'group':
        return iam.send(new DeleteGroupPolicyCommand({ GroupName: name, PolicyName }));
      case 'role':
        return iam.send(new DeleteRolePolicyCommand({ RoleName: name, PolicyName }));
    }
  };
  await unlessNoEntity(remove());
}
