import { type Account, DescribeAccountCommand, paginateListAccounts } from '@aws-sdk/client-organizations';
import type { Access } from './access.ts';
import { organizationsClient } from './aws/main-clients.ts';
import type { Config } from './config.ts';

/** An account as Organizations shows it. */
export interface OrganizationAccount {
  readonly accountId: string;
  readonly name: string;
  readonly email?: string;
  /** False while it is suspended, closing or closed. */
  readonly active: boolean;
  /** `SUSPENDED`, `CLOSED` …, as AWS says it. */
  readonly state: string;
  readonly joinedAt: string;
  readonly joinedBy: 'created' | 'joined';
}

/** The organization, read through the organization role. */
export interface Organization {
  /** One account; undefined when it is not in the organization. */
  describe(accountId: string): Promise<OrganizationAccount | undefined>;
  /** All accounts, 20 a page, from `token` on; each page comes with the token of the next. */
  pages(token?: string): AsyncGenerator<{ accounts: OrganizationAccount[]; next?: string }>;
}

export function createOrganization(config: Config, access: Pick<Access, 'organization'>): Organization {
  const client = async () => organizationsClient(config, await access.organization('orgkeeper-organization'));
  return {
    async describe(accountId) {
      try {
        const { Account: account } = await (await client()).send(
          new DescribeAccountCommand({ AccountId: accountId }),
        );
        return account && toAccount(account);
      } catch (error) {
        if (error instanceof Error && error.name === 'AccountNotFoundException') return undefined;
        throw error;
      }
    },
    async *pages(token) {
      const start = token ? { startingToken: token } : {};
      for await (const page of paginateListAccounts({ client: await client(), pageSize: 20, ...start }, {})) {
        const next = page.NextToken;
        yield { accounts: (page.Accounts ?? []).map(toAccount), ...(next && { next }) };
      }
    },
  };
}

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
    active: state === 'ACTIVE',
    state,
    joinedAt: (account.JoinedTimestamp ?? new Date(0)).toISOString(),
    joinedBy: account.JoinedMethod === 'INVITED' ? 'joined' : 'created',
  };
}
