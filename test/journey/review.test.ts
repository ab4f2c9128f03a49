import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateRoleCommand, DeleteRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
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
  await fleet.untilReady(id, other);
  const iam = new IAMClient(runtime.as(id));
  await iam.send(new CreateRoleCommand({ RoleName: 'vendor', AssumeRolePolicyDocument: trusting(STRANGER) }));
  await iam.send(new CreateRoleCommand({ RoleName: 'boss', AssumeRolePolicyDocument: trusting(other) }));
  const everything = document({ Action: '*', Resource: '*' });
  await iam.send(
    new PutRolePolicyCommand({ RoleName: 'boss', PolicyName: 'all', PolicyDocument: everything }),
  );
  await openBucket(`lake-${id}`);
}, 240_000);
afterAll(() => runtime?.stop());

function document(statement: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
}

function trusting(account: string): string {
  return document({ Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'sts:AssumeRole' });
}

async function openBucket(Bucket: string): Promise<void> {
  const client = new S3Client({ ...runtime.as(id), forcePathStyle: true });
  const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' } as const;
  await client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
  const Principal = { AWS: `arn:aws:iam::${STRANGER}:root` };
  const Policy = document({ Principal, Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` });
  await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
}

/** The review of the one account, by the command line. */
async function reviewed(...options: string[]): Promise<Review> {
  const { code, stdout, stderr } = await fleet.orgkeeper('review', id, '--json', ...options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
  const [review] = JSON.parse(stdout) as Review[];
  if (!review) throw new Error('no review was printed');
  return review;
}

const shown = ({ subject, flags }: ReviewedFinding) => `${subject.split(/[/:]/).at(-1)} ${flags.join(' ')}`;
const unintended = ({ findings }: Review) => findings.filter(({ intended }) => !intended).map(shown);
const named = ({ findings }: Review, subject: string, kind = 'RoleTrust') =>
  findings.find((one) => one.subject.endsWith(subject) && one.kind === kind);

describe('a review of access, over the local runtime,', () => {
  it('shows the outsider, the administrator and the open bucket, and what the baseline says as intended', async () => {
    await runtime.clearCalls();
    const review = await reviewed();
    expect(unintended(review).toSorted()).toEqual([
      // The user by whom tests work in the account.
      'administrator Administrator',
      'boss Administrator',
      'boss Administrator',
      `lake-${id} OutsideOrganization`,
      'vendor OutsideOrganization NoExternalId',
    ]);
    const role = named(review, 'role/orgkeeper-execution');
    expect(role).toMatchObject({ externalId: true, intended: { by: 'baseline' } });
    expect(JSON.stringify(review)).not.toContain((await fleet.record(id))?.externalId);
    expect(named(review, 'OrganizationAccountAccessRole')).toMatchObject({ intended: { by: 'baseline' } });
    const calls = await runtime.calls({ account: id });
    const inside = calls.filter(({ session }) => session?.startsWith('review-'));
    expect(inside.length).toBeGreaterThanOrEqual(3);
    expect(inside.filter(({ access }) => access !== 'read')).toEqual([]);
    const { detail } = await bus.hear(
      'AccessReviewCompleted',
      (one) => one['detail-type'] === 'AccessReviewCompleted',
    );
    expect(detail).toMatchObject({ accountId: id, unintended: 5, flagged: 5, new: 5 });
  }, 120_000);

  it('takes an accepted finding as intended, until the acceptance ends', async () => {
    const finding = named(await reviewed(), 'role/vendor')?.id ?? '';
    const accept = (...args: string[]) => fleet.orgkeeper('review', 'accept', id, ...args);
    const until = new Date(Date.now() + 86_400_000).toISOString();
    expect(await accept('0123456789ab', '--until', until, '--because', 'audit')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has no finding 0123456789ab'),
    });
    expect(await accept(finding, '--until', '2020-01-01', '--because', 'audit')).toMatchObject({ code: 1 });
    expect(await accept(finding, '--until', until, '--because', 'audit')).toMatchObject({ code: 0 });
    expect(named(await reviewed(), 'role/vendor')?.intended).toEqual({
      by: 'acceptance',
      until,
      because: 'audit',
    });
    // As on the day after: the time of the acceptance is over.
    const documents = DynamoDBDocumentClient.from(new DynamoDBClient(runtime.as(runtime.accounts.main)));
    const over = { finding, until: '2026-01-01T00:00:00Z', because: 'audit', acceptedAt: until };
    await putAcceptance({ documents, name: 'orgkeeper' }, id, over);
    expect(unintended(await reviewed())).toContain('vendor OutsideOrganization NoExternalId');
  }, 240_000);

  it('says what appeared and what is gone since the review before', async () => {
    const iam = new IAMClient(runtime.as(id));
    await iam.send(new DeleteRoleCommand({ RoleName: 'vendor' }));
    await iam.send(new CreateRoleCommand({ RoleName: 'anyone', AssumeRolePolicyDocument: trusting(other) }));
    await reviewed();
    const { code, stdout } = await fleet.orgkeeper('review', 'diff', id);
    expect(code).toBe(2);
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(new RegExp(`^\\+ [0-9a-f]{12} RoleTrust arn:aws:iam::${id}:role/anyone AWS `)),
      expect.stringMatching(new RegExp(`^- [0-9a-f]{12} RoleTrust arn:aws:iam::${id}:role/vendor AWS `)),
    ]);
  }, 120_000);

  it('of every account is one CSV', async () => {
    const { code, stdout } = await fleet.orgkeeper('review', '--all', '--csv', '--unused', '30d');
    expect(code).toBe(0);
    const [head = '', ...lines] = stdout.trim().split(/\r?\n/);
    expect(head).toMatch(/^account,name,reviewedAt,finding,kind,subject,other,party,flags,intended,/);
    expect(new Set(lines.map((line) => line.split(',')[0]))).toEqual(new Set([id, other]));
  }, 120_000);

  it('of an account that cannot be entered says why, and the other is reviewed', async () => {
    const mend = await retrust(runtime.as(id), 'OrganizationAccountAccessRole', () => []);
    const { code, stdout, stderr } = await fleet.orgkeeper('review', id, other, '--json').finally(mend);
    expect(code).toBe(1);
    expect(stderr).toContain(`1 of 2 reviews failed: account ${id}: AccessRoleDenied: `);
    const reviews = JSON.parse(stdout) as Review[];
    expect(reviews.map(({ failure, findings }) => [failure?.reason, findings.length > 0])).toEqual([
      ['AccessRoleDenied', false],
      [undefined, true],
    ]);
  }, 120_000);
});
