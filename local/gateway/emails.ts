import { remembered } from './iam.ts';
import type { Upstream } from './upstream.ts';
import { type Call, isObject, parseObject, type Reply, text } from './wire.ts';

/** The emails that accounts have: on AWS an account keeps its own for good, and no other gets it. */
export interface Emails {
  /** Makes an account with the email that the call names; undefined, and nothing made, when another has it. */
  unlessTaken(call: Call, account: string, make: () => Promise<Reply>): Promise<Reply | undefined>;
}

/** Knows the accounts that are there when the first one is made, and those that are made after it, here. */
export function createEmails(upstream: Upstream): Emails {
  const taken = new Map<string, Promise<Set<string> | undefined>>();

  return {
    async unlessTaken(call, account, make) {
      const emails = (await remembered(taken, account, () => list(upstream, account))) ?? new Set();
      const email = text(call.params, 'Email')?.toLowerCase() ?? '';
      if (emails.has(email)) return undefined;
      emails.add(email);
      let reply: Reply | undefined;
      try {
        reply = await make();
        return reply;
      } finally {
        if (reply?.status !== 200) emails.delete(email);
      }
    },
  };
}

/** Undefined while there is no account: there is no organization yet. */
async function list(upstream: Upstream, account: string): Promise<Set<string> | undefined> {
  const emails = new Set<string>();
  let next: unknown;
  do {
    const reply = await upstream.json(
      'AWSOrganizationsV20161128.ListAccounts',
      next === undefined ? {} : { NextToken: next },
      { account, region: 'us-east-1', service: 'organizations' },
    );
    const { Accounts: accounts, NextToken } = parseObject(reply.body) ?? {};
    for (const one of Array.isArray(accounts) ? accounts.filter(isObject) : [])
      emails.add(String(one.Email).toLowerCase());
    next = NextToken;
  } while (next);
  return emails.size > 0 ? emails : undefined;
}
