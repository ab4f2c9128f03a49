import { GetBucketOwnershipControlsCommand, GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import { isGone, unlessGone } from '../../../shared/aws/gone.ts';
import { AccessDenied } from '../../../shared/domain/errors.ts';
import { PolicyError } from '../../../shared/policy/index.ts';
import type { KindContext, Observation } from '../kind.ts';
import { type Found, findOurs, isAsWanted, outputName, recordedBuckets, recordedSids } from './ownership.ts';
import type { BucketAccess, Statement } from './section.ts';

/** What the buckets that are wanted, or known, have: by name. */
export interface ActualBuckets {
  readonly buckets: Readonly<Record<string, ActualBucket>>;
}

/** A bucket, as far as the account shows it. */
export type ActualBucket =
  | ({
      readonly state: 'there';
      /** Absent if the bucket has none. */
      readonly policy?: string;
      /** True if the bucket's policy is to allow PutObjectAcl, and the bucket has no ACLs. Not read if nothing differs. */
      readonly hasNoAcls: boolean;
    } & Found)
  | { readonly state: 'missing' }
  | { readonly state: 'elsewhere' }
  /** Its policy cannot be read: AWS refuses, or it is not what Orgkeeper knows. */
  | { readonly state: 'unreadable'; readonly reason: string; readonly message: string };

/** The statements that are wanted of a bucket. Pure. */
export function wantedOf(bucket: string, { grants }: BucketAccess): Statement[] {
  return grants.flatMap((grant) => (grant.hasBucket && grant.bucket === bucket ? grant.statements : []));
}

/** The buckets that are wanted, or known from earlier runs. Pure. */
export function bucketsOf({ grants }: BucketAccess, { recorded }: Pick<KindContext, 'recorded'>): string[] {
  const wanted = grants.flatMap(({ bucket, hasBucket }) => (hasBucket ? [bucket] : []));
  return [...new Set([...wanted, ...recordedBuckets(recorded)])];
}

/** See Kind. One call a bucket, all at once; of a bucket that differs a second one. */
export async function observe(
  wanted: BucketAccess,
  context: KindContext,
): Promise<Observation<ActualBuckets>> {
  const names = bucketsOf(wanted, context);
  const found = await Promise.allSettled(names.map((name) => observeOne(name, wanted, context)));
  const failed = found.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  const [error] = failed;
  // One bucket may refuse; if all do, the session may be what is refused.
  if (failed.length > 0 && (failed.length === found.length || !failed.every(isDenial))) throw error;
  const seen = names.map((name, at) => [name, orUnreadable(found[at])] as const);
  for (const [name, bucket] of seen) {
    const isGone = bucket.state === 'missing' || (bucket.state === 'there' && bucket.ours.size === 0);
    if (isGone) context.record({ [outputName(name)]: undefined });
  }
  const isBare = (bucket: ActualBucket) =>
    bucket.state === 'there' && bucket.policy === undefined && !bucket.hasNoAcls;
  if (seen.every(([, bucket]) => isBare(bucket))) return { state: 'absent' };
  return { state: 'present', actual: { buckets: Object.fromEntries(seen) } };
}

function isDenial(error: unknown): error is AccessDenied {
  return error instanceof AccessDenied;
}

function orUnreadable(result: PromiseSettledResult<ActualBucket> | undefined): ActualBucket {
  if (result?.status === 'fulfilled') return result.value;
  const { reason } = result ?? {};
  if (!isDenial(reason)) throw reason;
  const remedy = 'Let the execution or access role read it, or take the bucket out of the baseline.';
  return { state: 'unreadable', reason: reason.reason, message: `${reason.message} ${remedy}` };
}

async function observeOne(name: string, wanted: BucketAccess, context: KindContext): Promise<ActualBucket> {
  const read = await readPolicy(name, context);
  if (read.state !== 'there') return read;
  const { policy } = read;
  const statements = wantedOf(name, wanted);
  try {
    const found = findOurs(policy, statements, recordedSids(name, context.recorded));
    const isRight = (one: Statement) => {
      const [only, ...more] = found.ours.get(one.Sid) ?? [];
      return only !== undefined && more.length === 0 && isAsWanted(only, one);
    };
    const grantsAcls = statements.some(({ Action }) => Action.includes('s3:PutObjectAcl'));
    const asks = grantsAcls && !statements.every(isRight);
    return { ...read, ...found, hasNoAcls: asks && (await areAclsDisabled(name, context)) };
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return { state: 'unreadable', reason: 'PolicyUnreadable', message: unreadable(name, error) };
  }
}

/** What to say of a policy that cannot be read. Pure. */
export function unreadable(bucket: string, { message }: PolicyError): string {
  return (
    `The policy of the bucket ${bucket} cannot be read, so it stays as it is: ${message} ` +
    'Its owner writes it as one JSON object with one list of statements.'
  );
}

/** A bucket's policy as written, from a bucket of this account and region. @throws AccessDenied … */
export async function readPolicy(
  Bucket: string,
  { clients, account }: KindContext,
): Promise<
  { readonly state: 'there'; readonly policy?: string } | { readonly state: 'missing' | 'elsewhere' }
> {
  try {
    const command = new GetBucketPolicyCommand({ Bucket, ExpectedBucketOwner: account.accountId });
    const { Policy } = (await unlessGone('bucket policy', () => clients.s3.send(command))) ?? {};
    return { state: 'there', ...(Policy && { policy: Policy }) };
  } catch (error) {
    if (isGone('bucket', error)) return { state: 'missing' };
    if (isElsewhere(error)) return { state: 'elsewhere' };
    throw error;
  }
}

/** What S3 says of a bucket of another region. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const ELSEWHERE = new Set([
  'PermanentRedirect',
  'TemporaryRedirect',
  'Redirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);

/** True if the bucket of a call is in another region than the call was sent to. */
export function isElsewhere(error: unknown): boolean {
  return error instanceof Error && ELSEWHERE.has(error.name);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html */
async function areAclsDisabled(Bucket: string, { clients, account }: KindContext): Promise<boolean> {
  const command = new GetBucketOwnershipControlsCommand({ Bucket, ExpectedBucketOwner: account.accountId });
  const answer = await unlessGone('ownership controls', () => clients.s3.send(command));
  const rules = answer?.OwnershipControls?.Rules ?? [];
  return rules.some(({ ObjectOwnership }) => ObjectOwnership === 'BucketOwnerEnforced');
}
