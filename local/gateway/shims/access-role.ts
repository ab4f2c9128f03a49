import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { ADMINISTRATOR_ACCESS } from '../authorization/administrators.ts';
import type { Deviation, Shim } from '../shim.ts';
import type { Upstream } from '../upstream.ts';
import { isObject, parseObject, text } from '../wire.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'makes the access role of a new account without a policy',
  here: "it is the account's administrator, by a policy of its own",
};

/** The role by which the management account enters the accounts that it creates, unless CreateAccount names another. */
const ACCESS_ROLE = 'OrganizationAccountAccessRole';

/** Gives the access role of a new account its policy. */
export function accessRoleShim(upstream: Upstream): Shim {
  return {
    services: ['organizations'],
    actions: ['CreateAccount'],
    async answer(call, next) {
      const reply = await next(call);
      const status = parseObject(reply.body)?.CreateAccountStatus;
      const account = isObject(status) ? text(status, 'AccountId') : undefined;
      if (reply.status === 200 && account) {
        await openAccessRole(upstream, account, text(call.params, 'RoleName') ?? ACCESS_ROLE);
      }
      return reply;
    },
  };
}

/** Makes the role an administrator of its account. */
export async function openAccessRole(
  upstream: Upstream,
  account: string,
  RoleName = ACCESS_ROLE,
): Promise<void> {
  const { name: PolicyName, document: PolicyDocument } = ADMINISTRATOR_ACCESS;
  const iam = upstream.client(IAMClient, { account, region: 'us-east-1' });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
}
