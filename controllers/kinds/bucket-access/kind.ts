import type { Kind } from '../kind.ts';
import { apply, remove } from './apply.ts';
import { compare } from './compare.ts';
import { type ActualBuckets, bucketsOf, observe } from './observe.ts';
import { outputName, recordedOutputs, recordOf } from './ownership.ts';
import { type BucketAccess, BucketAccessSection, bucketsOfOneRegion, render } from './section.ts';

/** Statements in the policies of buckets that others own: which roles may read or write there. The buckets themselves are theirs. */
export const bucketAccess: Kind<BucketAccessSection, BucketAccess, ActualBuckets> = {
  name: 'bucketAccess',
  scope: 'regional',
  section: BucketAccessSection,
  permissions: {
    read: ['s3:GetBucketOwnershipControls', 's3:GetBucketPolicy'],
    write: ['s3:DeleteBucketPolicy', 's3:PutBucketPolicy'],
    resources: (wanted, { partition }, recorded) =>
      bucketsOf(wanted, { recorded }).map((bucket) => `arn:${partition}:s3:::${bucket}`),
  },
  // By Sid: each statement is written by itself, and lets somebody in.
  exceptions: { fields: { '*': 'knowingly' } },
  outputNames: () => [],
  render,
  access: ({ grants }) => ({
    buckets: grants.map(({ bucket, statements }) => ({
      name: bucket,
      policy: { Version: '2012-10-17', Statement: statements },
    })),
  }),
  parts: { problems: ({ grants }) => grants.flatMap(({ problems }) => problems) },
  ofOneRegion: bucketsOfOneRegion,
  observe,
  outputs: ({ buckets }) =>
    Object.fromEntries(
      Object.entries(buckets).flatMap(([bucket, found]) => {
        const sids = found.state === 'there' ? recordOf([...found.ours.keys()]) : undefined;
        return sids ? [[outputName(bucket), sids]] : [];
      }),
    ),
  diff: compare,
  apply,
  remove,
  made: recordedOutputs,
};
