import { Duration, RemovalPolicy, aws_s3 as s3, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { TEMPLATE_DAYS } from '../../shared/deployment/config.ts';

/**
 * The bucket into which `orgkeeper template member` puts templates for the owners of accounts, since CloudFormation reads the template
 * of a quick-create link from S3 only. A template contains its account's ExternalId, so the bucket is private, is read by signed
 * links, and deletes each template when its link expires.
 */
export function templates(scope: Construct, bucketName: string): s3.Bucket {
  const bucket = new s3.Bucket(scope, 'Templates', {
    bucketName,
    encryption: s3.BucketEncryption.S3_MANAGED,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    lifecycleRules: [{ expiration: Duration.days(TEMPLATE_DAYS) }],
    removalPolicy: RemovalPolicy.RETAIN,
  });
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Templates are deleted after a week and are read by their signed links; CloudTrail can log who reads them.',
  });
  return bucket;
}
