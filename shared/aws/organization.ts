import {
  type Account,
  DescribeAccountCommand,
  ListAccountsCommand,
  ListTagsForResourceCommand,
  type OrganizationsClient,
} from '@aws-sdk/client-organizations';
import type { AwsCredentialIdentity } from '@smithy/types';
import type { Config } from '../deployment/config.ts';
import type { OrganizationAccount, Place } from '../domain/organization.ts';
import type { Access } from './access.ts';
import { organizationsClient } from './main-clients.ts';
import { createUnits } from './organizational-units.ts';
import { pagesOf } from './pages.ts';
import { createPace } from './rate-limit.ts';
import { isNotInOrganization } from './translate-error.ts';

/** The organization, read through the organization role. */
export interface Organization {
  /** One account; undefined when it is not in the organization. */
  describe(accountId: string): Promise<OrganizationAccount | undefined>;
  /** The tags of an account of the organization; none when it is not in it, or no longer. */
  tags(accountId: string): Promise<Record<string, string>>;
  /** Where an account is, or a unit; undefined when it is not in the organization. Units are read once in a while. */
  place(id: string, known?: readonly string[]): Promise<Place | undefined>;
  /** All accounts, 20 a page, from `token` on; each page comes with the token of the next. */
  pages(token?: string): AsyncGenerator<{ accounts: OrganizationAccount[]; next?: string }>;
}

/** So many intake functions run at once: each has paces of its own, and AWS's limits are for all of them together. */
export const INTAKE_CONCURRENCY = 2;

/**
 * Turns a second and at once, of one process. With two of intake, two that create accounts and one that lists, all stay
 * below AWS's limits for the whole organization, since others call it, too.
 * https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
 */
export const RATES = {
  list: { perSecond: 6, burst: 10 },
  describe: { perSecond: 5, burst: 5 },
  tree: { perSecond: 2, burst: 2 },
} as const;

/** Each call waits for its turn; the paces are this process's own. */
export function createOrganization(config: Config, access: Pick<Access, 'organization'>): Organization {
  const client = oneClient(config, () => access.organization('orgkeeper-organization'));
  const pace = {
    list: createPace(RATES.list),
    describe: createPace(RATES.describe),
    tree: createPace(RATES.tree),
  };
  return {
    place: createUnits(client, pace.tree).place,
    async describe(accountId) {
      try {
        await pace.describe();
        const { Account: account } = await (await client()).send(
          new DescribeAccountCommand({ AccountId: accountId }),
        );
        return account && toAccount(account);
      } catch (error) {
        if (isNotInOrganization(error)) return undefined;
        throw error;
      }
    },
    async tags(accountId) {
      const tags: Record<string, string> = {};
      await pace.tree();
      const organizations = await client();
      const pages = pagesOf(
        (NextToken) =>
          organizations.send(
            new ListTagsForResourceCommand({ ResourceId: accountId, ...(NextToken && { NextToken }) }),
          ),
        ({ NextToken }) => NextToken,
      );
      try {
        for await (const { Tags = [] } of pages)
          for (const { Key = '', Value = '' } of Tags) tags[Key] = Value;
        return tags;
      } catch (error) {
        if (isNotInOrganization(error)) return {};
        throw error;
      }
    },
    async *pages(token) {
      const page = async (NextToken: string | undefined) => {
        await pace.list();
        return (await client()).send(
          new ListAccountsCommand({ MaxResults: 20, ...(NextToken && { NextToken }) }),
        );
      };
      for await (const { Accounts = [], NextToken: next } of pagesOf(
        page,
        ({ NextToken }) => NextToken,
        token,
      ))
        yield { accounts: Accounts.map(toAccount), ...(next && { next }) };
    },
  };
}

/** One client for as long as its credentials are the same. */
function oneClient(config: Config, get: () => Promise<AwsCredentialIdentity | undefined>) {
  let held: { credentials: AwsCredentialIdentity | undefined; client: OrganizationsClient } | undefined;
  return async () => {
    const credentials = await get();
    if (held?.credentials !== credentials) held = undefined;
    held ??= { credentials, client: organizationsClient(config, credentials) };
    return held.client;
  };
}

const GONE = new Set(['SUSPENDED', 'PENDING_CLOSURE', 'CLOSED']);

/**
 * `State` took the place of `Status` in 2026; an endpoint that does not know it yet still answers `Status`.
 * https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
 */
function toAccount(account: Account): OrganizationAccount {
  const state = account.State ?? account.Status ?? 'ACTIVE';
  return {
    accountId: account.Id ?? '',
    name: account.Name ?? account.Id ?? '',
    ...(account.Email && { email: account.Email }),
    active: !GONE.has(state),
    state,
    joinedAt: (account.JoinedTimestamp ?? new Date(0)).toISOString(),
    joinedBy: account.JoinedMethod === 'INVITED' ? 'joined' : 'created',
    ...(account.Paths?.[0] && { units: account.Paths[0].split('/').filter((id) => /^(r|ou)-/.test(id)) }),
  };
}
