import { ListAccountsCommand, OrganizationsClient } from '@aws-sdk/client-organizations';
import { HeadBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { organizationOf } from '../organization.ts';
import type { KnownCall } from '../shim.ts';
import type { Upstream } from '../upstream.ts';
import { isRead } from '../wire.ts';
import type { Listener } from './reader.ts';
import { UnknownAuthorization } from './unknown.ts';

/** The accounts of buckets, which their ARNs do not name. */
export interface BucketOwners {
  /**
   * The account that has the bucket of this ARN, or of an object in it; undefined for other ARNs, and where there is no such bucket.
   * @param account the account of whoever asks
   * @throws UnknownAuthorization for a bucket of an account that made none through this gateway and is in no organization with this one
   */
  of(arn: string, account: string): Promise<string | undefined>;
}

/** Lists the buckets of each account that may have made one, and caches them until a call may have changed them. */
export function createBucketOwners(upstream: Upstream): BucketOwners & Listener {
  const makers = new Set<string>();
  let known: Promise<ReadonlyMap<string, string>> | undefined;

  async function bucketsOf(account: string): Promise<(readonly [string, string])[]> {
    const { Buckets = [] } = await s3(account).send(new ListBucketsCommand({}));
    return Buckets.map(({ Name = '' }) => [Name, account] as const);
  }

  const s3 = (account: string) => upstream.client(S3Client, { account, region: 'us-east-1' });

  async function read(): Promise<ReadonlyMap<string, string>> {
    return new Map((await Promise.all([...makers].map(bucketsOf))).flat());
  }

  function look(accounts: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const before = makers.size;
    for (const account of accounts) makers.add(account);
    if (makers.size > before) known = undefined;
    known ??= read();
    return known;
  }

  async function exists(Bucket: string, account: string): Promise<boolean> {
    return s3(account)
      .send(new HeadBucketCommand({ Bucket }))
      .then(
        () => true,
        (error: Error) => {
          if (/^(NotFound|NoSuchBucket)$/.test(error.name)) return false;
          throw error;
        },
      );
  }

  async function accountsBeside(account: string): Promise<string[]> {
    const management = (await organizationOf(upstream, account))?.MasterAccountId;
    if (!management) return [];
    const client = upstream.client(OrganizationsClient, { account: management, region: 'us-east-1' });
    const ids: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await client.send(new ListAccountsCommand({ ...(NextToken && { NextToken }) }));
      ids.push(...(page.Accounts ?? []).flatMap(({ Id }) => Id ?? []));
      NextToken = page.NextToken;
    } while (NextToken);
    return ids;
  }

  return {
    async of(arn, account) {
      const bucket = /^arn:[^:]+:s3:::([^/*?]+)(?:\/|$)/.exec(arn)?.[1];
      if (bucket === undefined) return undefined;
      const owner = (await look([])).get(bucket);
      if (owner !== undefined || !(await exists(bucket, account))) return owner;
      // An emulator that is used again has buckets from before.
      const found = (await look([account, ...(await accountsBeside(account))])).get(bucket);
      if (found === undefined) throw new UnknownAuthorization(`Whose bucket ${bucket} is cannot be read.`);
      return found;
    },
    after(call: KnownCall) {
      if (isRead(call) || !mayMakeBuckets(call)) return;
      makers.add(call.caller.account);
      known = undefined;
    },
  };
}

function mayMakeBuckets({ service, url }: KnownCall): boolean {
  return service === 'cloudformation' || (service === 's3' && /^\/[^/?]+\/?$/.test(url.split('?')[0] ?? ''));
}
