import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { ReviewBucket } from '../../shared/aws/review-bucket.ts';
import { watch } from '../../shared/aws/watch.ts';
import { aConfig } from './factories.ts';
import { answering, awsError, on } from './sdk.ts';

/** The bucket of the reviews and the pages, in memory, and its objects by their keys. */
export function memoryReviewBucket(): {
  readonly bucket: ReviewBucket;
  readonly objects: Map<string, string>;
} {
  const objects = new Map<string, string>();
  const s3 = answering(
    new S3Client({ region: 'eu-west-1' }),
    on(PutObjectCommand, ({ Key = '', Body }) => void objects.set(Key, String(Body))),
    on(GetObjectCommand, ({ Key = '' }) => {
      const text = objects.get(Key);
      // S3 tells only those who may list the bucket that there is no such key.
      if (text === undefined) throw awsError('AccessDenied');
      return { Body: { transformToString: async () => text } as never };
    }),
  );
  const bucket = { name: 'reviews', owner: aConfig().mainAccountId, s3: watch(s3, { name: 's3' }) };
  return { bucket, objects };
}

/** For a function that is not expected to make a page. */
export function noBucket(): Promise<ReviewBucket> {
  return Promise.reject(new Error('nobody expected a page'));
}
