import {
  AWSOrganizationsNotInUseException,
  DescribeOrganizationCommand,
  type Organization,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import type { Upstream } from './upstream.ts';

/** The organization of the account; undefined if it is in none. */
export async function organizationOf(upstream: Upstream, account: string): Promise<Organization | undefined> {
  try {
    const client = upstream.client(OrganizationsClient, { account, region: 'us-east-1' });
    return (await client.send(new DescribeOrganizationCommand({}))).Organization;
  } catch (error) {
    if (error instanceof AWSOrganizationsNotInUseException) return undefined;
    throw error;
  }
}
