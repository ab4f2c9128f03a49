import { operationOf } from '../authorization/operations.ts';
import type { Deviation, Shim } from '../shim.ts';
import { errorReply } from '../wire.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'answers for a bucket in every region',
  here: 'a call about a bucket that was made in another region is refused as `PermanentRedirect`, with the header that names its region',
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const MOVED =
  'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.';

/** Refuses calls about a bucket of another region. Knows the buckets that were made through the gateway. */
export function bucketRegionsShim(): Shim {
  const regions = new Map<string, string>();
  return {
    services: ['s3'],
    async answer(call, next) {
      const { service, name, params } = operationOf(call);
      const { Bucket } = params;
      if (service !== 's3' || typeof Bucket !== 'string' || name === 'GetBucketLocation') return next(call);
      const region = regions.get(Bucket);
      if (name !== 'CreateBucket' && region !== undefined && region !== call.region) {
        const reply = errorReply(call, 301, 'PermanentRedirect', MOVED);
        return { ...reply, headers: { ...reply.headers, 'x-amz-bucket-region': region } };
      }
      const reply = await next(call);
      if (reply.status >= 300) return reply;
      if (name === 'CreateBucket') regions.set(Bucket, call.region);
      if (name === 'DeleteBucket') regions.delete(Bucket);
      return reply;
    },
  };
}
