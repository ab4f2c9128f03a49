import { Duration, RemovalPolicy, aws_s3 as s3, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { REPORTS } from '../../shared/deployment/names.ts';

/** How long a nightly page is kept. */
const PAGE_DAYS = 90;

/**
 * The bucket in which reviews of access are kept, an object for each account and review. They say who may enter what, so the bucket is
 * private; they are evidence, so no review is deleted by itself, an overwritten one stays for a year, and the bucket outlives the stack.
 * The nightly pages are kept beside them, for 90 days.
 */
export function reviews(scope: Construct, bucketName: string): s3.Bucket {
  const bucket = new s3.Bucket(scope, 'Reviews', {
    bucketName,
    encryption: s3.BucketEncryption.S3_MANAGED,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    versioned: true,
    lifecycleRules: [
      { noncurrentVersionExpiration: Duration.days(365) },
      {
        prefix: REPORTS,
        expiration: Duration.days(PAGE_DAYS),
        noncurrentVersionExpiration: Duration.days(1),
      },
    ],
    removalPolicy: RemovalPolicy.RETAIN,
  });
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Only the review function and operators read it; CloudTrail can log who reads which review or page.',
  });
  return bucket;
}
