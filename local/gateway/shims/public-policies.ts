import { GetPublicAccessBlockCommand, S3Client } from '@aws-sdk/client-s3';
import { operationOf } from '../authorization/operations.ts';
import type { Deviation, Shim } from '../shim.ts';
import type { Upstream } from '../upstream.ts';
import { errorReply, isObject, parseObject } from '../wire.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'stores a public policy of a bucket whose public access block has `BlockPublicPolicy`',
  here: 'PutBucketPolicy is refused then as AccessDenied; the public access block of the account is not looked at, and a new bucket has none',
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html */
export function publicPoliciesShim(upstream: Upstream): Shim {
  return {
    services: ['s3'],
    async answer(call, next) {
      const { name, params } = operationOf(call);
      if (name !== 'PutBucketPolicy' || !isPublic(parseObject(call.body))) return next(call);
      const { account } = call.caller;
      const client = upstream.client(S3Client, { account, region: call.region });
      const Bucket = String(params.Bucket);
      const block = await client.send(new GetPublicAccessBlockCommand({ Bucket })).catch((error: Error) => {
        if (/^NoSuch(PublicAccessBlockConfiguration|Bucket)$/.test(error.name)) return undefined;
        throw error;
      });
      if (!block?.PublicAccessBlockConfiguration?.BlockPublicPolicy) return next(call);
      const message =
        `User: ${call.caller.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::${Bucket}" because ` +
        'public policies are blocked by the BlockPublicPolicy block public access setting.';
      return errorReply(call, 403, 'AccessDenied', message);
    },
  };
}

/** Keys whose condition, with a fixed value, makes a statement for everybody not public. */
const FIXED =
  /^(aws:(Source(Ip|Arn|Vpc|Vpce|Owner|Account)|PrincipalOrgID|userid)|s3:DataAccessPoint(Arn|Account))$/i;

/** True if a statement allows everybody something, under no condition that names who. */
function isPublic(policy: Record<string, unknown> | undefined): boolean {
  return [policy?.Statement].flat().some((statement: unknown) => {
    if (!isObject(statement) || statement.Effect !== 'Allow') return false;
    const { Principal, Condition } = statement;
    const named = isObject(Principal) ? [Principal.AWS].flat() : [Principal];
    if (!named.includes('*')) return false;
    const keys = isObject(Condition)
      ? Object.values(Condition).flatMap((one) => (isObject(one) ? Object.keys(one) : []))
      : [];
    return !keys.some((key) => FIXED.test(key));
  });
}
