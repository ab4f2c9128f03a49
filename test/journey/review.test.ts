import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateBucketCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Review, ReviewedFinding } from '../../shared/domain/review.ts';
import { putAcceptance } from '../../shared/store/reviews.ts';
import { type Listener, listen } from '../kit/journey/bus.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { retrust } from '../kit/journey/roles.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';

const STRANGER = '999999999999';
/** An account that is in no organization; Orgkeeper enters it by the role of its owner. */
const INVITED = '611111111111';
const EXTERNAL_ID = 'agreed-with-the-owner-by-phone';

let runtime: TestRuntime;
let fleet: Fleet;
let bus: Listener;
let id: string;
let other: string;

beforeAll(async () => {
  runtime = await startTestRuntime();
  fleet = fleetOf(runtime);
  bus = await listen(runtime);
  [id, other] = [await fleet.createAccount('genomics'), await fleet.createAccount('physics')];
  await invite();
  await fleet.untilReady(id, other, INVITED);
  const iam = new IAMClient(runtime.as(id));
  const give = (RoleName: string, statement: object) =>
    iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'some', PolicyDocument: document(statement) }));
  await iam.send(new CreateRoleCommand({ RoleName: 'vendor', AssumeRolePolicyDocument: trusting(STRANGER) }));
  await iam.send(new CreateRoleCommand({ RoleName: 'boss', AssumeRolePolicyDocument: trusting(other) }));
  await give('boss', { Action: '*', Resource: '*' });
  const elsewhere = (name: string) => `arn:aws:iam::${other}:role/${name}`;
  const Resource = ['orgkeeper-execution', 'long-gone'].map(elsewhere);
  await give('vendor', { Action: 'sts:AssumeRole', Resource });
  await openBucket(`lake-${id}`);
}, 240_000);
afterAll(() => runtime?.stop());

function document(statement: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
}

function trusting(account: string): string {
  return document({ Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'sts:AssumeRole' });
}

/** Registers an account whose owner made the execution role. */
async function invite(): Promise<void> {
  const iam = new IAMClient(runtime.as(INVITED));
  const RoleName = 'orgkeeper-execution';
  const ours = (name: string) => `arn:aws:iam::${runtime.accounts.main}:role/orgkeeper-${name}`;
  const AssumeRolePolicyDocument = document({
    Principal: {
      AWS: [ours('WorkflowLoopRunnerRole'), ours('ApiHandlerRole'), `arn:aws:iam::${INVITED}:root`],
    },
    Action: 'sts:AssumeRole',
    Condition: { StringEquals: { 'sts:ExternalId': EXTERNAL_ID } },
  });
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess';
  await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
  const executionRoleArn = `arn:aws:iam::${INVITED}:role/${RoleName}`;
  const registration = { accountId: INVITED, name: 'invited', executionRoleArn, externalId: EXTERNAL_ID };
  await fleet.put('AccountRegistrationRequested', registration);
}

async function openBucket(Bucket: string): Promise<void> {
  const client = new S3Client({ ...runtime.as(id), forcePathStyle: true });
  const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' } as const;
  await client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
  const Principal = { AWS: `arn:aws:iam::${STRANGER}:root` };
  const Policy = document({ Principal, Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` });
  await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
}

/** Reviews by the command line. */
async function reviewsOf(
  ...args: string[]
): Promise<{ code: number | null; stderr: string; reviews: Review[] }> {
  const { code, stdout, stderr } = await fleet.orgkeeper('review', ...args, '--json');
  return { code, stderr, reviews: JSON.parse(stdout) as Review[] };
}

/** The review of the one account. */
async function reviewed(): Promise<Review> {
  const { code, stderr, reviews } = await reviewsOf(id);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
  const [review] = reviews;
  if (!review) throw new Error('no review was printed');
  return review;
}

const shown = ({ subject, flags }: ReviewedFinding) => `${subject.split(/[/:]/).at(-1)} ${flags.join(' ')}`;
const unintended = ({ findings }: Review) => findings.filter(({ intended }) => !intended).map(shown);
const named = ({ findings }: Review, subject: string, kind = 'RoleTrust') =>
  findings.find((one) => one.subject.endsWith(subject) && one.kind === kind);

describe('a review of access, over the local runtime,', () => {
  let first: Review;

  it('shows outsider, administrator, open bucket and deleted role, and what the baseline says as intended', async () => {
    await runtime.clearCalls();
    first = await reviewed();
    expect(unintended(first).toSorted()).toEqual([
      // The user by whom tests work in the account.
      'administrator Administrator',
      'boss Administrator',
      'boss Administrator',
      `lake-${id} OutsideOrganization`,
      'vendor ',
      'vendor OutsideOrganization NoExternalId',
      'vendor PrincipalGone',
    ]);
    const role = named(first, 'role/orgkeeper-execution');
    expect(role).toMatchObject({ externalId: true, intended: { by: 'baseline' } });
    expect(JSON.stringify(first)).not.toContain((await fleet.record(id))?.externalId);
    expect(named(first, 'OrganizationAccountAccessRole')).toMatchObject({ intended: { by: 'baseline' } });
    const calls = [...(await runtime.calls({ account: id })), ...(await runtime.calls({ account: other }))];
    const inside = calls.filter(({ session }) => session?.startsWith('review-'));
    expect(inside.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['GetAccountAuthorizationDetails', 'GET /', `GET /lake-${id}/`, 'GetRole']),
    );
    expect(inside.filter(({ access }) => access !== 'read')).toEqual([]);
    const { detail } = await bus.hear(
      'AccessReviewCompleted',
      (one) => one['detail-type'] === 'AccessReviewCompleted',
    );
    expect(detail).toMatchObject({ accountId: id, unintended: 7, flagged: 6, new: 7 });
  }, 120_000);

  it('takes an accepted finding as intended, and says what appeared and is gone since the review before', async () => {
    const finding = named(first, 'role/vendor')?.id ?? '';
    const accept = (...args: string[]) => fleet.orgkeeper('review', 'accept', id, ...args);
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const [unknown, past] = await Promise.all([
      accept('0123456789ab', '--until', until, '--because', 'audit'),
      accept(finding, '--until', '2020-01-01', '--because', 'audit'),
    ]);
    expect(unknown).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has no finding 0123456789ab'),
    });
    expect(past).toMatchObject({ code: 1 });
    expect(await accept(finding, '--until', until, '--because', 'audit')).toMatchObject({ code: 0 });
    const iam = new IAMClient(runtime.as(id));
    await iam.send(new DeleteRolePolicyCommand({ RoleName: 'boss', PolicyName: 'some' }));
    await iam.send(new CreateRoleCommand({ RoleName: 'anyone', AssumeRolePolicyDocument: trusting(other) }));
    const intended = { by: 'acceptance', until, because: 'audit' };
    expect(named(await reviewed(), 'role/vendor')?.intended).toEqual(intended);
    const { code, stdout } = await fleet.orgkeeper('review', 'diff', id);
    expect(code).toBe(2);
    const line = (sign: string, kind: string, name: string) =>
      expect.stringMatching(new RegExp(`^\\${sign} [0-9a-f]{12} ${kind} arn:aws:iam::${id}:role/${name}\\b`));
    expect(stdout.trim().split('\n')).toEqual([
      line('+', 'RoleTrust', 'anyone'),
      line('-', 'Administrator', 'boss'),
      // Accepted.
      line('~', 'RoleTrust', 'vendor'),
      // No longer flagged as an administrator.
      line('~', 'RoleTrust', 'boss'),
    ]);
  }, 120_000);

  it('of every account is one CSV, in which an acceptance whose time is over no longer counts', async () => {
    const finding = named(first, 'role/vendor')?.id ?? '';
    // As on the day after: the time of the acceptance is over.
    const documents = DynamoDBDocumentClient.from(new DynamoDBClient(runtime.as(runtime.accounts.main)));
    const over = { until: '2026-01-01T00:00:00Z', because: 'audit', acceptedAt: '2025-12-01T00:00:00Z' };
    await putAcceptance({ documents, name: 'orgkeeper' }, id, { finding, ...over });
    const { code, stdout } = await fleet.orgkeeper('review', '--all', '--csv', '--unused', '30d');
    expect(code).toBe(0);
    const [head = '', ...lines] = stdout.trim().split(/\r?\n/);
    expect(head).toMatch(/^account,name,reviewedAt,finding,kind,subject,other,party,flags,intended,/);
    expect(new Set(lines.map((line) => line.split(',')[0]))).toEqual(new Set([id, other, INVITED]));
    const intendedColumn = head.split(',').indexOf('intended');
    expect(lines.find((line) => line.includes(finding))?.split(',')[intendedColumn]).toBe('no');
  }, 120_000);

  it('of an account that cannot be entered says why, and the others are reviewed, the invited one by the role of its owner', async () => {
    const mend = await retrust(runtime.as(id), 'OrganizationAccountAccessRole', () => []);
    const { code, stderr, reviews } = await reviewsOf(id, other, INVITED).finally(mend);
    expect(code).toBe(1);
    expect(stderr).toContain(`1 of 3 reviews failed: account ${id}: AccessRoleDenied: `);
    expect(reviews.map(({ failure, findings }) => [failure?.reason, findings.length > 0])).toEqual([
      ['AccessRoleDenied', false],
      [undefined, true],
      [undefined, true],
    ]);
    const [, , invited] = reviews;
    expect(invited?.unread).toEqual([]);
    expect(invited && named(invited, 'role/orgkeeper-execution')).toMatchObject({
      ...{ party: 'organization', otherAccount: runtime.accounts.main, externalId: true },
      intended: { by: 'baseline' },
    });
    expect(JSON.stringify(invited)).not.toContain(EXTERNAL_ID);
  }, 120_000);
});
