import {
  AWSOrganizationsNotInUseException,
  OrganizationsClient,
  paginateListAccounts,
} from '@aws-sdk/client-organizations';
import { remembered } from '../iam.ts';
import type { Deviation, Shim } from '../shim.ts';
import type { Upstream } from '../upstream.ts';
import { type Reply, text } from '../wire.ts';
import type { Creations } from './account-creation.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'accepts one email for two accounts',
  here: 'the second fails as `EMAIL_ALREADY_EXISTS`',
};

/**
 * On AWS, no two accounts ever have the same email. Knows the accounts that exist when the first one is created here, and all that
 * are created later.
 */
export function uniqueEmailsShim(upstream: Upstream, creations: Pick<Creations, 'fail' | 'willFail'>): Shim {
  const taken = new Map<string, Promise<Set<string> | undefined>>();

  return {
    services: ['organizations'],
    actions: ['CreateAccount'],
    async answer(call, next) {
      if (creations.willFail(call)) return next(call);
      const { account } = call.caller;
      const emails = (await remembered(taken, account, () => list(upstream, account))) ?? new Set();
      const email = text(call.params, 'Email')?.toLowerCase() ?? '';
      if (emails.has(email)) return creations.fail(call, 'EMAIL_ALREADY_EXISTS');
      emails.add(email);
      let reply: Reply | undefined;
      try {
        reply = await next(call);
        return reply;
      } finally {
        if (reply?.status !== 200) emails.delete(email);
      }
    },
  };
}

/** Undefined before the first account: there is no organization yet. */
async function list(upstream: Upstream, account: string): Promise<Set<string> | undefined> {
  const client = upstream.client(OrganizationsClient, { account, region: 'us-east-1' });
  const emails = new Set<string>();
  try {
    for await (const { Accounts = [] } of paginateListAccounts({ client }, {}))
      for (const { Email } of Accounts) if (Email) emails.add(Email.toLowerCase());
  } catch (error) {
    if (!(error instanceof AWSOrganizationsNotInUseException)) throw error;
  }
  return emails.size > 0 ? emails : undefined;
}
