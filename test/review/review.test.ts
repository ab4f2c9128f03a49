import {
  GetAccountAuthorizationDetailsCommand,
  type GetAccountAuthorizationDetailsCommandInput,
  GetRoleCommand,
  IAMClient,
  type RoleDetail,
} from '@aws-sdk/client-iam';
import { GetBucketPolicyCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { kinds } from '../../controllers/kinds/index.ts';
import { reviewHandler } from '../../controllers/review/review.ts';
import type { Access, Session } from '../../shared/aws/access.ts';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { AccessDenied, Throttled } from '../../shared/domain/errors.ts';
import type { Review } from '../../shared/domain/review.ts';
import { REVIEW_RECEIVES } from '../../shared/domain/work.ts';
import { accountKey } from '../../shared/store/accounts.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { putAcceptance } from '../../shared/store/reviews.ts';
import { aBaselineItem, aConfig, aRecord, MANAGEMENT, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { aMessage, batch, secondsLeft, silentLogger } from '../kit/lambda.ts';
import { memoryReviewBucket } from '../kit/review-bucket.ts';
import { answering, awsError, on } from '../kit/sdk.ts';

const OTHER = '567890123456';
const STRANGER = '999999999999';
const config = aConfig();
const arnOf = (name: string) => `arn:aws:iam::${MEMBER}:role/${name}`;

function roleOf(name: string, principal: string, condition: object = {}): RoleDetail {
  const Statement = {
    Effect: 'Allow',
    Principal: { AWS: principal },
    Action: 'sts:AssumeRole',
    Condition: condition,
  };
  return {
    RoleName: name,
    Arn: arnOf(name),
    CreateDate: new Date('2026-11-01T00:00:00Z'),
    RoleLastUsed: { LastUsedDate: new Date('2026-11-27T00:00:00Z'), Region: 'eu-west-1' },
    AssumeRolePolicyDocument: encodeURIComponent(JSON.stringify({ Version: '2012-10-17', Statement })),
    RolePolicyList: [],
    AttachedManagedPolicies: [],
  };
}

interface Account {
  roles: RoleDetail[];
  /** By bucket: its policy, or the error of reading it. */
  buckets: Record<string, string | Error>;
  /** By command: what it throws. */
  fails: Record<string, Error>;
  /** The ARNs of the roles that exist in other accounts, by name. */
  elsewhere: Record<string, string>;
}

/** The function with an account in memory, whose IAM answers with so many roles a page. */
function reviewing({
  record = {},
  other = {},
  perPage = 100,
}: {
  record?: Partial<AccountRecord>;
  other?: Partial<AccountRecord>;
  perPage?: number;
} = {}) {
  const collection = { collection: 'account', collectionKey: MEMBER };
  const items = [aRecord(record), aRecord({ accountId: OTHER, name: 'other', ...other })];
  const fake = fakeMain([
    aBaselineItem(),
    ...items.map((one) => ({ ...one, ...accountKey(one.accountId), ...collection })),
  ]);
  const account: Account = { roles: [], buckets: {}, fails: {}, elsewhere: {} };
  const { bucket, objects } = memoryReviewBucket();
  const sessions: Session[] = [];
  const calls: string[] = [];
  const called = (name: string) => {
    calls.push(name);
    const error = account.fails[name];
    if (error) throw error;
  };
  const iam = answering(
    new IAMClient({ region: 'us-east-1' }),
    on(GetAccountAuthorizationDetailsCommand, ({ Marker }: GetAccountAuthorizationDetailsCommandInput) => {
      called('details');
      const from = Number(Marker ?? 0);
      const next = from + perPage;
      const IsTruncated = next < account.roles.length;
      return {
        RoleDetailList: account.roles.slice(from, next),
        IsTruncated,
        ...(IsTruncated && { Marker: String(next) }),
      };
    }),
    on(GetRoleCommand, ({ RoleName = '' }) => {
      called(`role ${RoleName}`);
      const Arn = account.elsewhere[RoleName];
      if (!Arn) throw awsError('NoSuchEntityException');
      return { Role: { RoleName, Arn, RoleId: 'AROA', Path: '/', CreateDate: new Date(0) } };
    }),
  );
  const s3In = (region: string) =>
    answering(
      new S3Client({ region }),
      on(ListBucketsCommand, () => {
        called('buckets');
        return { Buckets: Object.keys(account.buckets).map((Name) => ({ Name, BucketRegion: 'us-west-2' })) };
      }),
      on(GetBucketPolicyCommand, ({ Bucket = '' }) => {
        called(`policy ${Bucket} in ${region}`);
        const Policy = account.buckets[Bucket];
        if (Policy instanceof Error) throw Policy;
        return { Policy };
      }),
    );
  const access: Access = {
    async enter({ accountId }, session) {
      sessions.push(session);
      called(accountId === MEMBER ? 'enter' : `enter ${accountId}`);
      return { accessKeyId: 'x', secretAccessKey: 'x' };
    },
    evict: () => undefined,
    organization: async () => undefined,
    tryRole: () => Promise.reject(new Error('nobody tries a role here')),
  };
  const { logger, lines } = silentLogger();
  let time = Date.parse('2026-11-28T00:00:00Z');
  const handler = reviewHandler({
    config,
    main: fake.main,
    bucket,
    access,
    kinds,
    loadBaseline: ({ name, version }) => getBaseline(fake.main.table, name, version),
    clients: ({ region }) => ({ iam, s3: s3In(region) }) as unknown as MemberClients,
    logger,
    now: () => new Date(time),
  });
  const review = async (id: string, { receives = 1, accountId = MEMBER } = {}) => {
    const requestedAt = new Date(time).toISOString();
    const cause = { source: 'orgkeeper.request', detailType: 'AccessReviewRequested', id };
    const message = aMessage({ accountId, cause, requestedAt, unusedDays: 90 }, { receives });
    return handler(batch(message), secondsLeft(300));
  };
  return {
    ...fake,
    account,
    sessions,
    calls,
    lines,
    review,
    wait: (milliseconds: number) => {
      time += milliseconds;
    },
    kept: objects,
    objects: () => [...objects].sort().map(([, text]) => JSON.parse(text) as Review),
    announced: () => fake.put.filter(({ detailType }) => detailType === 'AccessReviewCompleted'),
  };
}
const done = { batchItemFailures: [] };
const DAY = 86_400_000;

describe('reviewHandler', () => {
  it('reads with a session that allows nothing but the reads of a review', async () => {
    const { review, sessions } = reviewing();
    expect(await review('event-1')).toEqual(done);
    expect(sessions).toEqual([{ name: 'review-event-1', policy: expect.any(String), own: true }]);
    expect(JSON.parse(sessions[0]?.policy ?? '')).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['iam:GetAccountAuthorizationDetails', 's3:ListAllMyBuckets', 's3:GetBucketPolicy'],
          Resource: '*',
        },
      ],
    });
  });

  it('reads a thousand roles page by page, and finds who may enter each', async () => {
    const { review, account, calls, objects } = reviewing({ perPage: 64 });
    account.roles = Array.from({ length: 1_000 }, (_, index) => roleOf(`r${index}`, STRANGER));
    await review('event-1');
    expect(calls.filter((name) => name === 'details')).toHaveLength(16);
    const [kept] = objects();
    expect(new Set(kept?.findings.map(({ subject }) => subject)).size).toBe(1_000);
    expect(kept?.findings).toHaveLength(1_000);
  });

  it('knows the members of the organization, and the access role as intended', async () => {
    const { review, account, objects } = reviewing();
    account.roles = [
      roleOf('OrganizationAccountAccessRole', `arn:aws:iam::${MANAGEMENT}:root`),
      roleOf('for-other', OTHER),
      roleOf('for-stranger', STRANGER),
    ];
    await review('event-1');
    const found = objects()[0]?.findings.map(({ subject, party, intended }) => [
      subject.split('/')[1],
      party,
      intended?.by,
    ]);
    expect(found).toEqual([
      ['for-stranger', 'outside', undefined],
      ['OrganizationAccountAccessRole', 'organization', 'baseline'],
      ['for-other', 'organization', undefined],
    ]);
  });

  it('masks ExternalIds in what it keeps', async () => {
    const { review, account, objects } = reviewing();
    const secret = 'Zx4vJ0m1Qn7aTt9yWk2rBd5sLh8uEc3g';
    account.roles = [roleOf('r', STRANGER, { StringEquals: { 'sts:ExternalId': secret } })];
    await review('event-1');
    expect(objects()[0]?.findings[0]).toMatchObject({ externalId: true });
    expect(JSON.stringify(objects())).not.toContain(secret);
  });

  it('reads the policy of a bucket in its region, and names one that cannot be read', async () => {
    const { review, account, calls, objects } = reviewing();
    const Statement = {
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::open/*',
    };
    account.buckets = {
      open: JSON.stringify({ Version: '2012-10-17', Statement }),
      plain: awsError('NoSuchBucketPolicy'),
      shut: new AccessDenied('s3:GetBucketPolicy was denied.'),
    };
    await review('event-1');
    expect(calls).toContain('policy open in us-west-2');
    expect(objects()[0]).toMatchObject({
      findings: [{ kind: 'BucketAccess', subject: 'arn:aws:s3:::open', flags: ['Wildcard'] }],
      unread: [{ subject: 'arn:aws:s3:::shut', why: 's3:GetBucketPolicy was denied.' }],
    });
  });

  it('announces what is new and what is gone since the review before', async () => {
    const { review, account, announced, wait } = reviewing();
    account.roles = [roleOf('a', STRANGER), roleOf('b', OTHER)];
    await review('event-1');
    account.roles = [roleOf('b', OTHER), roleOf('c', STRANGER)];
    wait(DAY);
    await review('event-2');
    expect(announced().map(({ detail }) => detail)).toMatchObject([
      {
        accountId: MEMBER,
        findings: 2,
        unintended: 2,
        flagged: 1,
        new: 2,
        gone: 0,
        cause: { id: 'event-1' },
      },
      {
        new: 1,
        gone: 1,
        newFindings: [{ subject: arnOf('c'), flags: ['OutsideOrganization', 'NoExternalId'] }],
      },
    ]);
  });

  it('replaces its result if the same request is delivered again, and compares it with the one before', async () => {
    const { review, account, announced, objects } = reviewing();
    account.roles = [roleOf('a', STRANGER)];
    await review('event-1');
    await review('event-1', { receives: 2 });
    expect(objects()).toHaveLength(1);
    expect(announced().map(({ detail }) => detail.new)).toEqual([1, 1]);
  });

  it('compares with earlier requests alone, although a later one was answered before', async () => {
    const { review, account, announced, wait } = reviewing();
    account.roles = [roleOf('a', STRANGER)];
    await review('event-2');
    wait(-DAY);
    await review('event-1');
    wait(2 * DAY);
    await review('event-3');
    expect(announced().map(({ detail }) => detail.new)).toEqual([1, 1, 0]);
  });

  it.each([
    ['is cut', '{"cut'],
    ['has another form', '{}'],
    ['was deleted', undefined],
  ])('is kept although the review before %s, and says so', async (_, text) => {
    const { review, account, announced, kept, lines, wait } = reviewing();
    account.roles = [roleOf('a', STRANGER)];
    await review('event-1');
    const [key = ''] = kept.keys();
    if (text === undefined) kept.delete(key);
    else kept.set(key, text);
    wait(DAY);
    expect(await review('event-2')).toEqual(done);
    expect(announced().at(-1)?.detail).toMatchObject({ findings: 1, new: 1, gone: 0 });
    expect(lines).toContain('warn the review before cannot be read, every finding counts as new');
  });

  it('takes an accepted finding as intended until the acceptance ends', async () => {
    const { review, account, main, objects, wait } = reviewing();
    account.roles = [roleOf('a', STRANGER)];
    await review('event-1');
    const finding = objects()[0]?.findings[0]?.id ?? '';
    const acceptedAt = '2026-11-28T00:00:00Z';
    await putAcceptance(main.table, MEMBER, {
      finding,
      until: '2026-11-30T00:00:00Z',
      because: 'audit',
      acceptedAt,
    });
    wait(DAY);
    await review('event-2');
    wait(DAY);
    await review('event-3');
    const intended = objects().map(({ findings }) => findings[0]?.intended?.by);
    expect(intended).toEqual([undefined, 'acceptance', undefined]);
  });

  describe('a role elsewhere that may be assumed', () => {
    const elsewhere = (name: string) => `arn:aws:iam::${OTHER}:role/${name}`;
    /** A review of an account with a role that may assume these. */
    async function reviewedWith(resources: readonly string[], given: Partial<Account> = {}, record = {}) {
      const world = reviewing({ other: record });
      const statement = { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: resources };
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statement });
      const role = roleOf('r', OTHER);
      Object.assign(world.account, given);
      world.account.roles = [{ ...role, RolePolicyList: [{ PolicyName: 'p', PolicyDocument }] }];
      expect(await world.review('event-1')).toEqual(done);
      const [kept] = world.objects();
      const ways = kept?.findings.filter(({ kind }) => kind === 'AssumesElsewhere') ?? [];
      return { ...world, kept, flags: Object.fromEntries(ways.map(({ other, flags }) => [other, flags])) };
    }

    it('is flagged if it does not exist, as its account says in a session that allows nothing but to look', async () => {
      const names = { here: elsewhere('here'), moved: elsewhere('team/moved') };
      const resources = ['here', 'moved', 'gone'].map(elsewhere);
      const { flags, calls, sessions, kept } = await reviewedWith(resources, { elsewhere: names });
      expect(flags).toEqual({
        [elsewhere('here')]: [],
        // Its path is part of the ARN: who may assume `moved` may not assume `team/moved`.
        [elsewhere('moved')]: ['PrincipalGone'],
        [elsewhere('gone')]: ['PrincipalGone'],
      });
      expect(kept).toMatchObject({ findings: [{ party: 'gone' }, { party: 'gone' }, {}, {}], unread: [] });
      expect(calls.filter((name) => name === `enter ${OTHER}`)).toHaveLength(1);
      expect(JSON.parse(sessions[1]?.policy ?? '').Statement).toEqual([
        { Effect: 'Allow', Action: ['iam:GetRole'], Resource: '*' },
      ]);
    });

    it('keeps the id of its finding, and is announced as changed, when it is deleted', async () => {
      const resources = [elsewhere('here')];
      const { account, review, wait, objects, announced } = await reviewedWith(resources, {
        elsewhere: { here: elsewhere('here') },
      });
      account.elsewhere = {};
      wait(DAY);
      await review('event-2');
      const [before, after] = objects().map(({ findings }) =>
        findings.find(({ other }) => other === resources[0]),
      );
      expect(after?.id).toBe(before?.id);
      expect(announced()[1]).toMatchObject({ detail: { new: 0, gone: 0, changed: 1 } });
    });

    it.each([
      ['a pattern', [`arn:aws:iam::${OTHER}:role/lake-*`]],
      ['of an account outside the organization', [`arn:aws:iam::${STRANGER}:role/r`]],
      ['of the management account', [`arn:aws:iam::${MANAGEMENT}:role/r`]],
    ])('is not looked up if it is %s', async (_, resources) => {
      const { calls, flags } = await reviewedWith(resources);
      expect(calls.filter((name) => /^(role|enter \d)/.test(name))).toEqual([]);
      expect(Object.values(flags).flat()).not.toContain('PrincipalGone');
    });

    it('is not looked up in an account that is not managed', async () => {
      const { calls } = await reviewedWith([elsewhere('r')], {}, { lifecycle: 'unmanaged' });
      expect(calls).not.toContain(`enter ${OTHER}`);
    });

    it.each([
      [`enter ${OTHER}`, new AccessDenied('No role can be assumed.'), ['a', 'b']],
      ['role b', new Throttled('Rate exceeded.'), ['b']],
    ])('counts as existing, and is named, if %s fails', async (command, error, left) => {
      const { flags, kept } = await reviewedWith([elsewhere('a'), elsewhere('b')], {
        elsewhere: { a: elsewhere('a'), b: elsewhere('b') },
        fails: { [command]: error },
      });
      expect(flags).toEqual({ [elsewhere('a')]: [], [elsewhere('b')]: [] });
      expect(kept?.failure).toBeUndefined();
      expect(kept?.unread).toEqual(
        left.map((name) => ({
          subject: elsewhere(name),
          why: `Whether the role exists could not be looked up: ${error.message}`,
        })),
      );
    });
  });

  describe('an account that cannot be reviewed', () => {
    it('has a result with the reason and the remedy', async () => {
      const { review, account, objects, announced } = reviewing();
      account.fails.enter = new AccessDenied('No role can be assumed.', {
        reason: 'AccessRoleDenied',
        remedy: 'Check the role.',
      });
      expect(await review('event-1')).toEqual(done);
      const failure = {
        reason: 'AccessRoleDenied',
        message: 'No role can be assumed.',
        remedy: 'Check the role.',
      };
      expect(objects()).toMatchObject([{ findings: [], failure }]);
      expect(announced()).toMatchObject([{ detail: { findings: 0, new: 0, failure } }]);
    });

    it('is told which actions its role lacks', async () => {
      const { review, account, objects } = reviewing();
      account.fails.details = new AccessDenied('denied');
      account.fails.buckets = new AccessDenied('denied');
      await review('event-1');
      expect(objects()[0]?.failure).toEqual({
        reason: 'ReviewNotPermitted',
        message:
          'The role by which the account is entered does not allow iam:GetAccountAuthorizationDetails, s3:ListAllMyBuckets.',
        remedy: expect.stringContaining('iam:GetAccountAuthorizationDetails, s3:ListAllMyBuckets'),
      });
    });

    it('is compared with its last review that did not fail', async () => {
      const { review, account, announced, wait } = reviewing();
      account.roles = [roleOf('a', STRANGER)];
      await review('event-1');
      account.fails.enter = new AccessDenied('denied');
      wait(DAY);
      await review('event-2');
      account.fails = {};
      wait(DAY);
      await review('event-3');
      expect(announced().map(({ detail }) => [detail.new, detail.gone])).toEqual([
        [1, 0],
        [0, 0],
        [0, 0],
      ]);
    });

    it('is read again while AWS asks to slow down, and the last time says so', async () => {
      const { review, account, objects, hidden } = reviewing();
      account.fails.details = new Throttled('Rate exceeded.');
      expect(await review('event-1')).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-1' }] });
      expect(objects()).toEqual([]);
      expect(hidden).toHaveLength(1);
      expect(await review('event-1', { receives: REVIEW_RECEIVES })).toEqual(done);
      expect(objects()).toMatchObject([{ failure: { reason: 'Throttled' } }]);
    });

    it('is left alone if it is no longer managed', async () => {
      const { review, calls, objects } = reviewing({ record: { lifecycle: 'retired' } });
      expect(await review('event-1')).toEqual(done);
      expect([calls, objects()]).toEqual([[], []]);
    });
  });
});
