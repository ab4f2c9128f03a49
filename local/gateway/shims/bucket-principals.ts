import { operationOf } from '../authorization/operations.ts';
import type { Iam } from '../iam.ts';
import type { Deviation, Shim } from '../shim.ts';
import { errorReply, parseObject } from '../wire.ts';
import { rolesNamedIn } from './trust-principals.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'stores a policy of a bucket that names roles which do not exist',
  here: 'PutBucketPolicy is refused as `MalformedPolicy` while a role that the policy names does not exist',
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
export function bucketPrincipalsShim(iam: Pick<Iam, 'role'>): Shim {
  return {
    services: ['s3'],
    async answer(call, next) {
      if (operationOf(call).name !== 'PutBucketPolicy') return next(call);
      const roles = await Promise.all(rolesNamedIn(parseObject(call.body)).map((arn) => iam.role(arn)));
      if (roles.every((role) => role !== undefined)) return next(call);
      return errorReply(call, 400, 'MalformedPolicy', 'Invalid principal in policy');
    },
  };
}
