import { requestHandler } from '../shared/aws/connections.ts';
import { Failure } from './failure.ts';

/** An object of S3. */
export interface S3Object {
  readonly bucket: string;
  readonly key: string;
}

/** The object that `s3://bucket/key` names; undefined for the name of a file. @throws Failure if bucket or key is missing */
export function s3ObjectOf(text: string): S3Object | undefined {
  if (!/^s3:/i.test(text)) return undefined;
  const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.*[^/])$/s.exec(text) ?? [];
  if (bucket !== undefined && key !== undefined) return { bucket, key };
  throw new Failure(`'${text}' names no object: write s3://bucket/key, such as s3://reports/orgkeeper.html.`);
}

/**
 * Puts a text into S3 with the caller's credentials, replacing what the object held. The bucket may be in any region.
 * @throws Failure if there is no such bucket
 */
export async function putS3Object(
  { bucket: Bucket, key: Key }: S3Object,
  Body: string,
  { region, contentType: ContentType }: { readonly region: string; readonly contentType: string },
): Promise<void> {
  // Loaded only for this, so that other commands start faster.
  const [{ PutObjectCommand }, { s3Client }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('../shared/aws/s3-client.ts'),
  ]);
  const s3 = s3Client({ region, requestHandler });
  s3.config.followRegionRedirects = true;
  await s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentType })).catch((error: Error) => {
    if (error.name !== 'NoSuchBucket') throw error;
    throw new Failure(`There is no bucket ${Bucket}.`);
  });
}
