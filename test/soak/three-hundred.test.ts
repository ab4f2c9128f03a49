import { isDeepStrictEqual } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateVpcCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pLimit from 'p-limit';
import { ROLE } from '../../local/account-world.ts';
import type { AccountView } from '../../shared/domain/account-view.ts';
import { countFindings, type Review } from '../../shared/domain/review.ts';
import { reviewEntries } from '../../shared/store/reviews.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { deleteRole } from '../kit/journey/roles.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';
import { until } from '../kit/wait.ts';
import { type MemberCalls, simulatedMemberCalls } from '../simulation/member-calls.ts';

/** How many accounts come at once, beside those that cannot be made ready. */
const HEALTHY = 290;
/** How many of them are swept in the simulation, too. */
const SIMULATED = 50;

/** The roles of one of them, by others than Orgkeeper. */
const ROLES = 1_000;

let runtime: TestRuntime;
let fleet: Fleet;
let simulated: MemberCalls;
const healthy = new Set<string>();

beforeAll(async () => {
  // Before anything else runs: the simulation replaces the clock and the clients of the process while it lasts.
  simulated = await simulatedMemberCalls(SIMULATED);
  process.env.MOTO_IAM_LOAD_MANAGED_POLICIES = 'false';
  runtime = await startTestRuntime();
  fleet = fleetOf(runtime);
}, 240_000);
afterAll(() => runtime?.stop());

const failing = (service: string, action: string | undefined, code: string) => (account: string) =>
  runtime.fault({
    account,
    service,
    ...(action && { action }),
    count: 'all',
    effect: { kind: 'error', code, message: 'planned by the test', status: 400 },
  });

/** What is wrong with an account, the condition that shows it, and the reason that it gives. */
const troubles: readonly [string, (account: string) => Promise<unknown>, string, string][] = [
  [
    'no-access-role',
    (id) => deleteRole(runtime.as(id), 'OrganizationAccountAccessRole'),
    'Access',
    'AccessRoleNotReady',
  ],
  ['no-ec2-yet', failing('ec2', undefined, 'OptInRequired'), 'Network', 'OptInRequired'],
  ['being-verified', failing('ec2', undefined, 'PendingVerification'), 'Network', 'PendingVerification'],
  ['no-vpc-left', failing('ec2', 'CreateVpc', 'VpcLimitExceeded'), 'Network', 'QuotaExceeded'],
  ['no-vpc-allowed', failing('ec2', 'CreateVpc', 'UnauthorizedOperation'), 'Network', 'AccessDenied'],
  ['no-role-allowed', failing('iam', 'CreateRole', 'AccessDenied'), 'ExecutionRole', 'AccessDenied'],
  ['no-role-left', failing('iam', 'CreateRole', 'LimitExceeded'), 'ExecutionRole', 'QuotaExceeded'],
  [
    'no-parameter-allowed',
    failing('ssm', 'PutParameter', 'AccessDeniedException'),
    'Parameters',
    'AccessDenied',
  ],
  [
    'role-of-somebody',
    (id) =>
      new IAMClient(runtime.as(id)).send(
        new CreateRoleCommand({
          RoleName: ROLE,
          AssumeRolePolicyDocument: JSON.stringify({
            Version: '2012-10-17',
            Statement: [
              { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
            ],
          }),
        }),
      ),
    'ExecutionRole',
    'ForeignResource',
  ],
  [
    'network-of-somebody',
    (id) =>
      new EC2Client(runtime.as(id)).send(
        new CreateVpcCommand({
          CidrBlock: '10.0.0.0/16',
          TagSpecifications: [
            {
              ResourceType: 'vpc',
              Tags: [
                { Key: 'orgkeeper:owner', Value: '999999999999' },
                { Key: 'orgkeeper:name', Value: 'vpc' },
              ],
            },
          ],
        }),
      ),
    'Network',
    'ForeignResource',
  ],
];

it('onboards 300 accounts, of which ten fail for ten reasons: 290 are ready, each of the ten says why', async () => {
  // Held until it is arranged what is wrong with each: an account is onboarded the moment that it is there.
  await fleet.orgkeeper('pause', '--fleet');
  const ids = new Map<string, string>();
  for (const [name] of troubles) ids.set(name, await fleet.createAccount(name));
  await fleet.untilAccounts('are held', [...ids.values()], ({ lastPass }) => lastPass?.result === 'drifted');
  for (const [name, cause] of troubles) await cause(ids.get(name) ?? '');
  await fleet.orgkeeper('resume', '--fleet');

  for (let at = 0; at < HEALTHY; at += 1) healthy.add(await fleet.createAccount(`healthy-${at}`));
  await fleet.put('DriftSweepRequested', { accountIds: [...ids.values()] });

  await fleet.untilManyReady([...healthy], 1_200);
  await fleet.untilQuiet();
  const seen = async () => {
    const { stdout } = await fleet.orgkeeper('accounts', '--json');
    return new Map((JSON.parse(stdout) as AccountView[]).map((view) => [view.accountId, view]));
  };
  const reasonsOf = (views: ReadonlyMap<string, AccountView>) =>
    troubles.map(([name, , type]) => {
      const conditions = views.get(ids.get(name) ?? '')?.conditions ?? [];
      return [name, conditions.find((condition) => condition.type === type)?.reason];
    });
  const expected = troubles.map(([name, , , reason]) => [name, reason]);
  // Some give another reason first: the session of a role that is deleted a moment later still enters once.
  let reasons: unknown;
  const views = await until(
    'each of the ten says why',
    async () => {
      const now = await seen();
      reasons = reasonsOf(now);
      return isDeepStrictEqual(reasons, expected) ? now : undefined;
    },
    { seconds: 120, everyMs: 3_000, seen: () => reasons },
  );
  expect([...views.values()].filter(({ ready }) => ready)).toHaveLength(HEALTHY);

  expect(await fleet.deadLetters()).toBe(0);
  for (const id of healthy) {
    const { Vpcs = [] } = await new EC2Client(runtime.as(id)).send(new DescribeVpcsCommand({}));
    expect([id, Vpcs.filter(({ IsDefault }) => !IsDefault).length]).toEqual([id, 1]);
  }
}, 1_800_000);

it('makes in a sweep of 50 accounts the calls into each that the simulation at scale makes', async () => {
  const ids = [...healthy].slice(0, SIMULATED);
  await runtime.clearCalls();
  await fleet.sweep(...ids);
  const calls = await runtime.calls();
  const written = (id: string) =>
    calls
      .filter(({ account, session }) => account === id && session !== undefined)
      .map(({ service, action }) => `${service}:${action}`)
      .sort();
  expect(ids.map(written)).toEqual(simulated.healthyRun);
}, 300_000);

it('reviews all 300, one of which has 1,000 roles, while IAM refuses 30 % of the calls: each has one result', async () => {
  const [big = ''] = healthy;
  const count = HEALTHY + troubles.length;
  const iam = new IAMClient(runtime.as(big));
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: { AWS: '999999999999' }, Action: 'sts:AssumeRole' },
  });
  const names = Array.from({ length: ROLES }, (_, at) => `vendor-${at}`);
  await pLimit(8).map(names, (RoleName) =>
    iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument })),
  );
  await runtime.clearFaults();
  await runtime.clearCalls();
  const action = 'GetAccountAuthorizationDetails';
  await runtime.fault({ action, rate: 0.3, count: 'all', effect: { kind: 'throttled' } });
  const { code, stdout, stderr } = await fleet.orgkeeper('review', '--all', '--json', '--timeout', '1200');
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining(`1 of ${count} reviews failed: account`),
  });
  const reviews = JSON.parse(stdout) as Review[];
  expect(new Set(reviews.map(({ accountId }) => accountId)).size).toBe(count);
  expect(reviews.filter(({ failure }) => failure)).toMatchObject([
    { accountName: 'no-access-role', failure: { reason: 'AccessRoleDenied' } },
  ]);
  const ofBig = reviews.find(({ accountId }) => accountId === big);
  const found = ofBig?.findings.filter(({ subject }) => subject.includes(':role/vendor-')) ?? [];
  expect(new Set(found.map(({ subject }) => subject)).size).toBe(ROLES);
  expect(new Set(found.flatMap(({ flags }) => flags))).toEqual(
    new Set(['OutsideOrganization', 'NoExternalId']),
  );

  const pages = await runtime.calls({ account: big, action });
  expect(pages.filter(({ errorCode }) => errorCode === undefined)).toHaveLength(2);
  const all = await runtime.calls({ action });
  expect(all.filter(({ errorCode }) => errorCode === 'Throttling').length).toBeGreaterThan(0);

  const main = runtime.as(runtime.accounts.main);
  const s3 = new S3Client({ ...main, forcePathStyle: true });
  const kept = await objectsOf(s3, `orgkeeper-reviews-${runtime.accounts.main}-${runtime.region}`);
  const table = { documents: DynamoDBDocumentClient.from(new DynamoDBClient(main)), name: 'orgkeeper' };
  expect([...kept.keys()].map((key) => key.split('/')[0]).toSorted()).toEqual(
    reviews.map(({ accountId }) => accountId).toSorted(),
  );
  expect([...kept.values()].find(({ accountId }) => accountId === big)).toEqual(ofBig);
  for (const review of reviews) {
    const entries = await reviewEntries(table, review.accountId);
    expect(entries.map(({ counts }) => counts)).toEqual([countFindings(review)]);
    expect(kept.get(entries[0]?.object ?? '')?.reviewedAt).toBe(review.reviewedAt);
  }
}, 1_500_000);

/** Every object of a bucket. */
async function objectsOf(s3: S3Client, Bucket: string): Promise<ReadonlyMap<string, Review>> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  const read = async ({ Key = '' }) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return [Key, JSON.parse((await Body?.transformToString()) ?? '') as Review] as const;
  };
  return new Map(await pLimit(8).map(Contents, read));
}
