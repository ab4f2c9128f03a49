import { DeleteBucketPolicyCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import {
  AccessDenied,
  Conflict,
  ControllerError,
  ForeignResource,
  InvalidDesiredState,
  NotYetConsistent,
} from '../../../shared/domain/errors.ts';
import { PolicyError } from '../../../shared/policy/index.ts';
import { forEachResource } from '../failures.ts';
import type { Change, KindContext, WritingContext } from '../kind.ts';
import { changesOf, tooLarge } from './compare.ts';
import { type ActualBuckets, bucketsOf, readPolicy, unreadable, wantedOf } from './observe.ts';
import { findOurs, outputName, recordedSids, recordOf } from './ownership.ts';
import { edited, statementsIn } from './policy-text.ts';
import type { BucketAccess, Statement } from './section.ts';

/** See Kind. Writes one bucket after the other; one that fails does not stop the others. */
export async function apply(
  { wanted, differences }: Change<BucketAccess, ActualBuckets>,
  context: WritingContext,
): Promise<void> {
  const todo = differences.filter(({ action }) => action !== 'reported');
  await forEachResource([...new Set(todo.map(({ resource }) => resource))], async (bucket) => {
    const changes = changesOf(bucket, wanted, todo);
    const write = () => writePolicy(bucket, changes, wantedOf(bucket, wanted), context);
    // A role that was made a moment ago is no principal yet. Each attempt reads the policy again.
    const written = await context.eventually(write);
    if (written === 'missing') throw new Conflict(`The bucket ${bucket} was deleted at the same moment.`);
    context.wrote(todo.filter(({ resource }) => resource === bucket));
  });
}

/** See Kind. Takes our statements out of every policy; a policy of which nothing is left is deleted. */
export async function remove(wanted: BucketAccess, context: KindContext): Promise<void> {
  await forEachResource(bucketsOf(wanted, context), async (bucket) => {
    const statements = wantedOf(bucket, wanted);
    const sids = [...recordedSids(bucket, context.recorded), ...statements.map(({ Sid }) => Sid)];
    await writePolicy(bucket, new Map(sids.map((sid) => [sid, undefined])), statements, context);
    context.record({ [outputName(bucket)]: undefined });
  });
}

/**
 * Puts or removes (undefined) statements by Sid, and leaves all else as it was written. S3 writes a policy as a whole and on no
 * condition, so the policy is read immediately before; nothing is written if it is right already.
 * @throws Conflict if somebody else's statement has one of the Sids by now
 */
async function writePolicy(
  bucket: string,
  changes: ReadonlyMap<string, Statement | undefined>,
  wanted: readonly Statement[],
  context: KindContext,
): Promise<'written' | 'missing'> {
  const { account, clients } = context;
  const read = await readPolicy(bucket, context);
  if (read.state !== 'there') return 'missing';
  const recorded = recordedSids(bucket, context.recorded);
  const { ours, taken } = readable(bucket, () => findOurs(read.policy, wanted, recorded));
  const puts = [...changes].flatMap(([sid, statement]) => (statement ? [sid] : []));
  const stolen = puts.filter((sid) => taken.includes(sid));
  if (stolen.length > 0) {
    throw new Conflict(
      `The policy of the bucket ${bucket} changed at the same moment: ${stolen.join(', ')}.`,
    );
  }
  const allowed = [...changes].filter(([sid, statement]) => statement !== undefined || ours.has(sid));
  const policy = edited(read.policy, new Map(allowed));
  const message = tooLarge(bucket, policy);
  if (message && puts.length > 0) throw new InvalidDesiredState(message, [], { reason: 'PolicyTooLarge' });
  const call = { Bucket: bucket, ExpectedBucketOwner: account.accountId };
  try {
    if (policy === undefined && read.policy !== undefined) {
      await clients.s3.send(new DeleteBucketPolicyCommand(call));
    } else if (policy !== undefined && policy !== read.policy) {
      await clients.s3.send(new PutBucketPolicyCommand({ ...call, Policy: policy }));
    }
  } catch (error) {
    throw explain(bucket, read.policy, puts, error);
  }
  const left = [...ours.keys()].filter((sid) => !changes.has(sid));
  context.record({ [outputName(bucket)]: recordOf([...left, ...puts]) });
  return 'written';
}

/** @throws ForeignResource for a policy that cannot be read */
function readable<T>(bucket: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new ForeignResource(unreadable(bucket, error), { cause: error, reason: 'PolicyUnreadable' });
  }
}

/** Why S3 refuses a policy, where it depends on what others have in it. */
function explain(
  bucket: string,
  policy: string | undefined,
  puts: readonly string[],
  error: unknown,
): unknown {
  if (!(error instanceof Error)) return error;
  const others = (policy === undefined ? [] : statementsIn(policy)).filter(
    ({ sid }) => sid === undefined || !puts.includes(sid),
  );
  if (error instanceof NotYetConsistent && error.reason === 'PrincipalMissing') {
    const stale = others.some(({ text }) => /"A(ROA|IDA)[A-Z0-9]{12,}"/.test(text));
    const message = stale
      ? `S3 takes no policy of the bucket ${bucket} while another statement in it names a principal that was deleted.`
      : `A role that is granted access to the bucket ${bucket} does not exist.`;
    const remedy = stale
      ? 'Its owner takes the principal that begins with AROA or AIDA out of the policy.'
      : 'Make the role, or take it out of the baseline.';
    return new NotYetConsistent(message, { cause: error, reason: error.reason, remedy });
  }
  if (error instanceof AccessDenied) {
    const isPublic = others.some(({ text }) => /"(AWS"\s*:\s*\[?\s*"\*|Principal"\s*:\s*"\*)"/.test(text));
    if (!isPublic && !/BlockPublicPolicy|public polic/i.test(error.message)) return error;
    const message =
      `Block Public Access takes no policy of the bucket ${bucket}, because a statement of others in it is public: ` +
      error.message;
    const remedy =
      'Its owner takes the statement for everybody out of the policy; those of Orgkeeper are never public.';
    return new AccessDenied(message, { cause: error, reason: 'PublicPolicyBlocked', remedy });
  }
  if (error instanceof ControllerError || error.name !== 'MalformedPolicy') return error;
  return new InvalidDesiredState(
    `S3 does not take the policy of the bucket ${bucket}: ${error.message}`,
    [],
    {
      cause: error,
      reason: 'MalformedPolicy',
      remedy: 'Correct the actions of the grants in the baseline, or what others have in the policy.',
    },
  );
}
