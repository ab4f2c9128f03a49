import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { AwsCredentialIdentity } from '@smithy/types';
import type { Config } from '../deployment/config.ts';
import { reviewsBucket } from '../deployment/names.ts';
import { requestHandler } from './connections.ts';
import { patience } from './patience.ts';
import { s3Client } from './s3-client.ts';
import { watch } from './watch.ts';

/** The bucket in Main in which reviews of access and the nightly pages are kept, and the client to it. */
export interface ReviewBucket {
  readonly s3: S3Client;
  readonly name: string;
  /** The account that must own the bucket: its name can be known to anybody. */
  readonly owner: string;
}

/** The bucket of the deployment, as the caller itself or with `credentials`. Makes no call. */
export function reviewBucket(config: Config, credentials?: AwsCredentialIdentity): ReviewBucket {
  const client = s3Client({
    region: config.region,
    requestHandler,
    retryStrategy: patience(),
    ...(credentials && { credentials }),
  });
  return { s3: watch(client, { name: 's3' }), name: reviewsBucket(config), owner: config.mainAccountId };
}

/** Puts a JSON document. Idempotent. */
export function putDocument(bucket: ReviewBucket, key: string, document: unknown): Promise<void> {
  return put(bucket, key, JSON.stringify(document), 'application/json');
}

/** Puts a page for a browser. Idempotent. */
export function putPage(bucket: ReviewBucket, key: string, html: string): Promise<void> {
  return put(bucket, key, html, 'text/html; charset=utf-8');
}

async function put(bucket: ReviewBucket, Key: string, Body: string, ContentType: string): Promise<void> {
  const { s3, name: Bucket, owner: ExpectedBucketOwner } = bucket;
  await s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentType, ExpectedBucketOwner }));
}

/** The document with this key; undefined if it is not JSON. @throws AccessDenied also if there is none: nobody may list the bucket */
export async function getDocument(bucket: ReviewBucket, key: string): Promise<unknown> {
  const { Body } = await bucket.s3.send(
    new GetObjectCommand({ Bucket: bucket.name, Key: key, ExpectedBucketOwner: bucket.owner }),
  );
  const text = (await Body?.transformToString()) ?? '';
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
