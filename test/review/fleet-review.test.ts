import {
  GetAccountAuthorizationDetailsCommand,
  type GetAccountAuthorizationDetailsCommandInput,
  IAMClient,
} from '@aws-sdk/client-iam';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it, jest } from '@jest/globals';
import { kinds } from '../../controllers/kinds/index.ts';
import { reviewHandler } from '../../controllers/review/review.ts';
import { sweepHandler } from '../../controllers/sweep/sweep.ts';
import type { Access } from '../../shared/aws/access.ts';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { patience } from '../../shared/aws/patience.ts';
import { watch } from '../../shared/aws/watch.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { AccessDenied } from '../../shared/domain/errors.ts';
import type { Review } from '../../shared/domain/review.ts';
import { REVIEW_RECEIVES, ReviewMessage, SWEEP_RECEIVES, SweepMessage } from '../../shared/domain/work.ts';
import { accountKey } from '../../shared/store/accounts.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { NOW, systemClock, useTestTime } from '../kit/clock.ts';
import { aBaselineItem, aConfig, aRecord } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { aMessage, batch, secondsLeft, silentLogger, silentMetrics } from '../kit/lambda.ts';
import { memoryReviewBucket, noBucket } from '../kit/review-bucket.ts';
import { answering, answeringAttempts, awsError, on } from '../kit/sdk.ts';

const ACCOUNTS = 300;
/** The accounts that one Query reads. */
const PAGE = 50;
/** What main-stack.ts gives the function that reviews: accounts at once. */
const AT_ONCE = 5;
const ROLES = 1_000;
/** The fewest that IAM shows in a page, whatever was asked for. */
const ROLES_A_PAGE = 100;
/** Calls a second that IAM answers in an account; it refuses all others with `Throttling`. */
const RATE = 1;
/** How long a call of IAM takes. */
const CALL_MS = 100;

const id = (index: number) => String(100_000_000_000 + index);
const BIG = id(7);
const SHUT = id(11);
const config = aConfig();
const cause = { source: 'orgkeeper.request', detailType: 'AccessReviewRequested', id: 'event-1' };
const task = { task: 'review', unusedDays: 90, cause, requestedAt: NOW.toISOString() };

/** An organization of 300 accounts, of which one has a thousand roles, in memory. */
function fleet({
  accounts = ACCOUNTS,
  lifecycle = () => 'managed',
}: {
  accounts?: number;
  lifecycle?: (index: number) => AccountRecord['lifecycle'];
} = {}) {
  const fake = fakeMain([
    aBaselineItem(),
    ...Array.from({ length: accounts }, (_, index) => ({
      ...aRecord({ accountId: id(index), name: `account-${index}`, lifecycle: lifecycle(index) }),
      ...accountKey(id(index)),
      ...{ collection: 'account', collectionKey: id(index) },
    })),
  ]);
  fake.store.page = PAGE;
  const { bucket, objects } = memoryReviewBucket();
  const iam = throttlingIam();
  /** As the real one: the credentials say which account they are of. */
  const access: Access = {
    async enter({ accountId }) {
      if (accountId === SHUT)
        throw new AccessDenied('No role of the account can be assumed.', {
          reason: 'AccessRoleDenied',
          remedy: 'Make the role again.',
        });
      return { accessKeyId: accountId, secretAccessKey: 'x' };
    },
    evict: () => undefined,
    organization: async () => undefined,
    tryRole: () => Promise.reject(new Error('nobody tries a role here')),
  };
  const s3 = answering(
    new S3Client({ region: 'eu-west-1' }),
    on(ListBucketsCommand, () => ({ Buckets: [] })),
  );
  const { logger } = silentLogger();
  const now = () => new Date();
  const sweep = sweepHandler({
    ...{ config, main: fake.main, logger, loadMetrics: async () => silentMetrics(), now },
    bucket: noBucket,
    organization: undefined as never,
  });
  const review = reviewHandler({
    ...{ config, main: fake.main, bucket, access, kinds, logger, now },
    loadBaseline: ({ name, version }) => getBaseline(fake.main.table, name, version),
    clients: ({ credentials, until }) => {
      const { accessKeyId } = credentials as { accessKeyId: string };
      return { iam: iam.client(accessKeyId, until), s3 } as unknown as MemberClients;
    },
  });

  /** Works off a queue as SQS and Lambda do: what failed comes again. Returns the number of invocations. */
  async function workOff<T>(
    queue: string,
    schema: { parse(value: unknown): T },
    handler: typeof sweep,
    { atOnce, receives, seconds }: Record<'atOnce' | 'receives' | 'seconds', number>,
  ): Promise<number> {
    let next = 0;
    let invocations = 0;
    const worker = async () => {
      for (let message = fake.sentTo(queue)[next++]; message; message = fake.sentTo(queue)[next++]) {
        for (let received = 1; received <= receives; received += 1) {
          invocations += 1;
          const event = batch(aMessage(schema.parse(message), { receives: received }));
          const { batchItemFailures } = await handler(event, secondsLeft(seconds));
          if (batchItemFailures.length === 0) break;
        }
      }
    };
    await passing(Promise.all(Array.from({ length: atOnce }, worker)));
    return invocations;
  }

  return {
    ...fake,
    iam,
    /** Makes SQS fail once, at the n-th batch of messages. */
    failSending: (batchNumber: number) => {
      let batches = 0;
      fake.main.review.sqs.middlewareStack.add(
        (next, { commandName }) =>
          async (args) => {
            if (commandName === 'SendMessageBatchCommand') batches += 1;
            if (batches !== batchNumber) return next(args);
            batches += 1;
            throw new Error('SQS is gone');
          },
        { step: 'initialize' },
      );
    },
    /** Sends the task, and carries it out with those that the function hands over to itself. */
    requestAll: () => {
      fake.sent.push({ queue: 'sweep', message: task, delaySeconds: 0 });
      return workOff('sweep', SweepMessage, sweep, { atOnce: 1, receives: SWEEP_RECEIVES, seconds: 20 });
    },
    reviewAll: () =>
      workOff('review', ReviewMessage, review, { atOnce: AT_ONCE, receives: REVIEW_RECEIVES, seconds: 300 }),
    requested: () => fake.sentTo('review').map((message) => ReviewMessage.parse(message).accountId),
    kept: () => [...objects.values()].map((text) => JSON.parse(text) as Review),
  };
}

/** Time passes until the work is done. */
async function passing<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  while (!isDone) await jest.advanceTimersByTimeAsync(CALL_MS);
  return done;
}

/** The IAM of every account, which refuses what comes faster than its rate. */
function throttlingIam() {
  const figures = { calls: 0, answered: 0, refused: 0, mostAtOnce: { inAnAccount: 0, inAll: 0 } };
  const refilled = new Map<string, number>();
  const running: string[] = [];
  const roles = Array.from({ length: ROLES }, (_, index) => `r${index}`);
  const detail = (accountId: string, name: string) => ({
    RoleName: name,
    Arn: `arn:aws:iam::${accountId}:role/${name}`,
    CreateDate: NOW,
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Principal: { AWS: '999999999999' }, Action: 'sts:AssumeRole' },
    }),
  });
  const answer = (accountId: string, { Marker }: GetAccountAuthorizationDetailsCommandInput) => {
    figures.calls += 1;
    const since = refilled.get(accountId);
    if (since !== undefined && Date.now() - since < 1_000 / RATE) {
      figures.refused += 1;
      throw awsError('Throttling', 'Rate exceeded');
    }
    figures.answered += 1;
    refilled.set(accountId, Date.now());
    const all = accountId === BIG ? roles : ['r0'];
    const from = Number(Marker ?? 0);
    const next = from + ROLES_A_PAGE;
    const IsTruncated = next < all.length;
    return {
      RoleDetailList: all.slice(from, next).map((name) => detail(accountId, name)),
      ...{ IsTruncated, ...(IsTruncated && { Marker: String(next) }) },
    };
  };
  const client = (accountId: string, until: Date | undefined) => {
    const iam = new IAMClient({
      region: 'us-east-1',
      credentials: { accessKeyId: accountId, secretAccessKey: 'x' },
      retryStrategy: patience({ until }),
    });
    const command = on(
      GetAccountAuthorizationDetailsCommand,
      async (input: GetAccountAuthorizationDetailsCommandInput) => {
        const most = figures.mostAtOnce;
        running.push(accountId);
        most.inAll = Math.max(most.inAll, running.length);
        most.inAnAccount = Math.max(most.inAnAccount, running.filter((one) => one === accountId).length);
        await systemClock.pause(CALL_MS);
        running.splice(running.indexOf(accountId), 1);
        return answer(accountId, input);
      },
    );
    return watch(answeringAttempts(iam, command), { name: 'iam' });
  };
  return { client, figures };
}

const times = (all: readonly string[]) => new Set(all).size;

describe('a review of three hundred accounts', () => {
  useTestTime();

  it('is handed over page by page when an invocation has no time for them all, and requests each account once', async () => {
    const { requestAll, requested, sentTo } = fleet({
      lifecycle: (index) => (index % 100 === 3 ? 'retired' : 'managed'),
    });
    const invocations = await requestAll();
    expect(invocations).toBe(ACCOUNTS / PAGE + 1);
    expect(sentTo('sweep').map((message) => SweepMessage.parse(message))).toEqual([
      task,
      ...Array.from({ length: ACCOUNTS / PAGE }, (_, page) => ({
        ...task,
        after: id((page + 1) * PAGE - 1),
      })),
    ]);
    const managed = Array.from({ length: ACCOUNTS }, (_, index) => index).filter((one) => one % 100 !== 3);
    expect(requested()).toEqual(managed.map(id));
  });

  it('misses no account if SQS fails or the function stops half-way through a page', async () => {
    const { requestAll, requested, failSending } = fleet();
    // The 8th batch is in the second page.
    failSending(8);
    expect(await requestAll()).toBe(ACCOUNTS / PAGE + 2);
    expect(times(requested())).toBe(ACCOUNTS);
    // What the failed invocation had sent of that page: the batches of a page are sent at once, and one of five failed.
    expect(requested()).toHaveLength(ACCOUNTS + 40);
  });

  it('has a result for each account, once, however often IAM says to slow down', async () => {
    const { requestAll, reviewAll, iam, kept, put } = fleet();
    await requestAll();
    await reviewAll();
    const { calls, answered, refused, mostAtOnce } = iam.figures;
    // One page of each account that can be entered, and ten of the big one.
    expect(answered).toBe(ACCOUNTS - 2 + ROLES / ROLES_A_PAGE);
    expect(refused).toBeGreaterThan(ROLES / ROLES_A_PAGE - 2);
    expect(calls).toBe(answered + refused);
    expect(mostAtOnce).toEqual({ inAnAccount: 1, inAll: AT_ONCE });
    const reviews = kept();
    expect(times(reviews.map(({ accountId }) => accountId))).toBe(ACCOUNTS);
    expect(reviews).toHaveLength(ACCOUNTS);
    const big = reviews.find(({ accountId }) => accountId === BIG);
    expect(times(big?.findings.map(({ subject }) => subject) ?? [])).toBe(ROLES);
    expect(put.filter(({ detailType }) => detailType === 'AccessReviewCompleted')).toHaveLength(ACCOUNTS);
  }, 30_000);

  it('says of the one account that cannot be entered why, and what to do, and reviews all others', async () => {
    const { requestAll, reviewAll, kept, put } = fleet({ accounts: 20 });
    await requestAll();
    await reviewAll();
    const failure = {
      reason: 'AccessRoleDenied',
      message: 'No role of the account can be assumed.',
      remedy: 'Make the role again.',
    };
    const failed = kept().filter((one) => one.failure);
    expect(failed).toMatchObject([{ accountId: SHUT, findings: [], unread: [], failure }]);
    expect(kept().filter(({ findings }) => findings.length > 0)).toHaveLength(19);
    const said = put.filter(({ detail }) => detail.accountId === SHUT);
    expect(said).toMatchObject([{ detail: { findings: 0, gone: 0, failure } }]);
  });
});
