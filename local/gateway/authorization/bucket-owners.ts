import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import type { KnownCall } from '../shim.ts';
import type { Upstream } from '../upstream.ts';
import { isRead } from '../wire.ts';
import type { Listener } from './reader.ts';

/** The accounts of buckets, which their ARNs do not name. */
export interface BucketOwners {
  /** The account that has the bucket of this ARN, or of an object in it; undefined for other ARNs, and where there is no such bucket. */
  of(arn: string): Promise<string | undefined>;
}

/** Lists the buckets of each account that may have made one, and caches them until a call may have changed them. */
export function createBucketOwners(upstream: Upstream): BucketOwners & Listener {
  const makers = new Set<string>();
  let known: Promise<ReadonlyMap<string, string>> | undefined;

  async function bucketsOf(account: string): Promise<(readonly [string, string])[]> {
    const client = upstream.client(S3Client, { account, region: 'us-east-1' });
    const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
    return Buckets.map(({ Name = '' }) => [Name, account] as const);
  }

  async function read(): Promise<ReadonlyMap<string, string>> {
    return new Map((await Promise.all([...makers].map(bucketsOf))).flat());
  }

  return {
    async of(arn) {
      const bucket = /^arn:[^:]+:s3:::([^/*?]+)(?:\/|$)/.exec(arn)?.[1];
      if (bucket === undefined) return undefined;
      known ??= read();
      return (await known).get(bucket);
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
