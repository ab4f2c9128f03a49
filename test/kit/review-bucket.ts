import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { ReviewBucket } from '../../shared/aws/review-bucket.ts';
import { aConfig } from './factories.ts';
import { answering, on } from './sdk.ts';

/** The bucket of the reviews and the pages, in memory, and its objects by their keys. */
export function memoryReviewBucket(): {
  readonly bucket: ReviewBucket;
  readonly objects: Map<string, string>;
} {
  const objects = new Map<string, string>();
  const s3 = answering(
    new S3Client({ region: 'eu-west-1' }),
    on(PutObjectCommand, ({ Key = '', Body }) => void objects.set(Key, String(Body))),
    on(GetObjectCommand, ({ Key = '' }) => ({
      Body: { transformToString: async () => objects.get(Key) ?? '' } as never,
    })),
  );
  return { bucket: { name: 'reviews', owner: aConfig().mainAccountId, s3 }, objects };
}

/** For a function that is not expected to make a page. */
export function noBucket(): Promise<ReviewBucket> {
  return Promise.reject(new Error('nobody expected a page'));
}
