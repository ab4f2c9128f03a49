import { randomInt } from 'node:crypto';
import {
  CreateAccountCommand,
  CreateOrganizationCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import type { Gateway } from './gateway/gateway.ts';
import { organizationOf } from './gateway/organization.ts';
import { openAccessRole } from './gateway/shims/access-role.ts';

/** The account that a new local organization holds before Orgkeeper is deployed. README and tutorial register it by this id. */
export const OLD_ACCOUNT = { id: '456788506630', name: 'chemistry' } as const;

/** The emulator invents the ids of accounts. After this seed, the first is that of OLD_ACCOUNT. */
const SEED = 322_625;

/**
 * Creates the organization with one account in it, unless there is an organization. Nothing hears of the account: it existed before.
 * Resolves with its id; undefined if nothing was made.
 */
export async function makeOldAccount(
  { upstream }: Pick<Gateway, 'upstream'>,
  management: string,
): Promise<string | undefined> {
  if (await organizationOf(upstream, management)) return undefined;
  const organizations = upstream.client(OrganizationsClient, { account: management, region: 'us-east-1' });
  await organizations.send(new CreateOrganizationCommand({ FeatureSet: 'ALL' }));
  const seed = (number: number) =>
    fetch(`${upstream.endpoint()}/moto-api/seed?a=${number}`, { method: 'POST' });
  await seed(SEED);
  const { name } = OLD_ACCOUNT;
  const { CreateAccountStatus: created } = await organizations.send(
    new CreateAccountCommand({ AccountName: name, Email: `${name}@example.com` }),
  );
  await seed(randomInt(2 ** 31));
  const id = created?.AccountId;
  if (id) await openAccessRole(upstream, id);
  return id;
}
