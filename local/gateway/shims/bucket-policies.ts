import { operationOf } from '../authorization/operations.ts';
import type { Deviation, Shim } from '../shim.ts';
import { published, withheld } from '../withheld-policy.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'applies the policy of a bucket to calls about objects, without its conditions and principals',
  here: 'the gateway decides by the policy as a whole; the emulator holds its text in the `Id` of a policy without statements',
};

/** Keeps the policies of buckets from the emulator, which would deny whatever a condition should have left out. */
export const bucketPoliciesShim: Shim = {
  services: ['s3'],
  async answer(call, next) {
    switch (operationOf(call).name) {
      case 'PutBucketPolicy':
        return next({ ...call, body: Buffer.from(withheld(call.body.toString('utf8'))) });
      case 'GetBucketPolicy': {
        const reply = await next(call);
        if (reply.status !== 200) return reply;
        return { ...reply, body: Buffer.from(published(reply.body.toString('utf8'))) };
      }
      default:
        return next(call);
    }
  },
};
