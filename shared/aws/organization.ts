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
  /** One account; undefined if it is not in the organization. */
  describe(accountId: string): Promise<OrganizationAccount | undefined>;
  /** The tags of an account; empty if it is not, or no longer, in the organization. */
  tags(accountId: string): Promise<Record<string, string>>;
  /** The place of an account or of a unit; undefined if it is not in the organization. Units are cached for ten minutes. */
  place(id: string, known?: readonly string[]): Promise<Place | undefined>;
  /** All accounts, 20 a page, starting at `token`; each page has the token of the next one. */
  pages(token?: string): AsyncGenerator<{ accounts: OrganizationAccount[]; next?: string }>;
}

/** Concurrency of the intake function: each instance has its own rate limits, while AWS's limit is for all together. */
export const INTAKE_CONCURRENCY = 2;

/**
 * Calls per second and burst, for one process. Two instances of intake, two of create-account and one of sweep together
 * stay below AWS's limits for the organization, which others share.
 * https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
 */
export const RATES = {
  list: { perSecond: 6, burst: 10 },
  describe: { perSecond: 5, burst: 5 },
  tree: { perSecond: 2, burst: 2 },
} as const;

/** Every call is rate-limited for this process. */
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

/** A client that is created again only for new credentials. */
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
