import {
  CreateUserCommand,
  EntityAlreadyExistsException,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { ADMINISTRATOR, type Caller } from '../callers.ts';
import { remembered } from '../iam.ts';
import type { Upstream } from '../upstream.ts';

/** The administrator that each account has at the local runtime: a user who is one by policy, as anybody's are. */
export interface Administrators {
  /** Creates the user, if the caller is one, before its first call is decided. */
  make(caller: Caller): Promise<void>;
}

/** The policy of an administrator, as AWS's AdministratorAccess. */
export const ADMINISTRATOR_ACCESS = {
  name: 'AdministratorAccess',
  document: JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  }),
};

/** An emulator that is used again has them already, with whatever policies they have been given since. */
export function createAdministrators(upstream: Upstream): Administrators {
  const made = new Map<string, Promise<true>>();

  async function makeIn(account: string): Promise<true> {
    const iam = upstream.client(IAMClient, { account, region: 'us-east-1' });
    try {
      await iam.send(new CreateUserCommand({ UserName: ADMINISTRATOR }));
    } catch (error) {
      if (error instanceof EntityAlreadyExistsException) return true;
      throw error;
    }
    const { name: PolicyName, document: PolicyDocument } = ADMINISTRATOR_ACCESS;
    await iam.send(new PutUserPolicyCommand({ UserName: ADMINISTRATOR, PolicyName, PolicyDocument }));
    return true;
  }

  return {
    async make({ arn, account }) {
      if (arn.endsWith(`:user/${ADMINISTRATOR}`)) await remembered(made, account, () => makeIn(account));
    },
  };
}
