import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AddUserToGroupCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreateUserCommand,
  DeleteGroupPolicyCommand,
  DeleteRolePolicyCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fleet, fleetOf, runCli } from '../kit/journey/fleet.ts';
import { retrust } from '../kit/journey/roles.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';

/** The stories of docs/stories, with the baselines that ship and plain calls of AWS. */

type Settings = ReturnType<TestRuntime['as']>;

const NAMES = ['lake-consumer', 'lake-owner', 'trusting', 'trusted'] as const;
const BUCKET = 'acme-lake';
const THEIRS =
  '{"Sid": "Theirs","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::210987654321:root"},  "Action":"s3:GetObject","Resource":"arn:aws:s3:::acme-lake/public/*"}';

let runtime: TestRuntime;
let fleet: Fleet;
const ids = {} as Record<(typeof NAMES)[number], string>;
/** Users of the trusted account: one of the group, and one who is not. */
const people = {} as Record<'member' | 'outsider', Settings>;

beforeAll(async () => {
  runtime = await startTestRuntime();
  fleet = fleetOf(runtime);
  const rules = join(await mkdtemp(join(tmpdir(), 'orgkeeper-')), 'rules.yaml');
  const each = NAMES.map((name) => `  - { name: ${name}, baseline: ${name} }`).join('\n');
  await writeFile(rules, `description: One account of each\nrules:\n${each}\ndefault: analytics\n`);
  expect(await fleet.orgkeeper('rules', 'publish', rules)).toMatchObject({ code: 0 });
  for (const name of NAMES) ids[name] = await fleet.createAccount(name);
  await makeBucket();
  await makePeople();
  await fleet.untilAccounts('have had a run', Object.values(ids), ({ lastPass }) => lastPass !== undefined);
  await fleet.put('AccountRegistrationRequested', {
    accountId: ids['lake-owner'],
    name: 'lake-owner',
    baseline: 'lake-owner',
    values: { lakeBucket: BUCKET },
  });
  await fleet.sweep(ids.trusted);
  await fleet.untilReady(...Object.values(ids));
}, 300_000);
afterAll(() => runtime?.stop());

async function makeBucket() {
  const s3 = bucketClient(runtime.as(ids['lake-owner']));
  await s3.send(
    new CreateBucketCommand({
      Bucket: BUCKET,
      CreateBucketConfiguration: { LocationConstraint: runtime.region as 'eu-west-1' },
    }),
  );
  const Policy = `{ "Version":"2012-10-17", "Statement":[ ${THEIRS} ] }`;
  await s3.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy }));
}

async function makePeople() {
  const iam = new IAMClient(runtime.as(ids.trusted));
  await iam.send(new CreateGroupCommand({ GroupName: 'partners' }));
  for (const UserName of ['member', 'outsider'] as const) {
    await iam.send(new CreateUserCommand({ UserName }));
    const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    const credentials = { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
    people[UserName] = { ...runtime.as(ids.trusted), credentials };
  }
  await iam.send(new AddUserToGroupCommand({ GroupName: 'partners', UserName: 'member' }));
}

const bucketClient = (settings: Settings) => new S3Client({ ...settings, forcePathStyle: true });
const consumer = () => `arn:aws:iam::${ids['lake-consumer']}:role/lake-consumer`;
const lake = () => `arn:aws:iam::${ids['lake-owner']}:role/lake-access`;
const partner = () => `arn:aws:iam::${ids.trusting}:role/partner-access`;

/** Client settings of a session of the role. @throws what STS answers */
async function assume(by: Settings, RoleArn: string): Promise<Settings> {
  const { Credentials: given } = await new STSClient(by).send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'story' }),
  );
  const credentials = {
    accessKeyId: given?.AccessKeyId ?? '',
    secretAccessKey: given?.SecretAccessKey ?? '',
    sessionToken: given?.SessionToken ?? '',
  };
  return { ...by, credentials };
}

/** A session of the role of the lake, by way of the application's role. */
const enterLake = async () => assume(await assume(runtime.as(ids['lake-consumer']), consumer()), lake());

/** `allowed`, or the code of the error with its message. */
async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'allowed';
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message}`;
  }
}

async function policyStatements(): Promise<{ Sid?: string }[]> {
  const s3 = bucketClient(runtime.as(ids['lake-owner']));
  const { Policy = '' } = await s3.send(new GetBucketPolicyCommand({ Bucket: BUCKET }));
  return JSON.parse(Policy).Statement;
}

async function takeStatement(sid: string) {
  const Statement = (await policyStatements()).filter(({ Sid }) => Sid !== sid);
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await bucketClient(runtime.as(ids['lake-owner'])).send(
    new PutBucketPolicyCommand({ Bucket: BUCKET, Policy }),
  );
}

const takePolicy = (account: string, RoleName: string, PolicyName: string) =>
  new IAMClient(runtime.as(account)).send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));

describe('The lake: an application of one account uses a bucket of another', () => {
  it('lets role A assume role B, and B find, read and write the bucket', async () => {
    const s3 = bucketClient(await enterLake());
    const [Bucket, Key] = [BUCKET, 'reports/today'];
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'rain' }));
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(await Body?.transformToString()).toBe('rain');
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    expect(Contents.map((one) => one.Key)).toEqual([Key]);
    expect((await s3.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBe(runtime.region);
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    expect(Buckets.map(({ Name }) => Name)).toEqual([BUCKET]);
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'sun' }));
  });

  it('keeps the statement of others in the policy of the bucket to the letter', async () => {
    const s3 = bucketClient(runtime.as(ids['lake-owner']));
    const { Policy } = await s3.send(new GetBucketPolicyCommand({ Bucket: BUCKET }));
    expect(Policy).toContain(`{ "Version":"2012-10-17", "Statement":[ ${THEIRS},{`);
  });

  const parts = [
    {
      part: "A's grant",
      account: 'lake-consumer',
      take: () => takePolicy(ids['lake-consumer'], 'lake-consumer', 'orgkeeper-assume'),
      use: enterLake,
      denied: /^AccessDenied: .*sts:AssumeRole.*role\/lake-access/,
    },
    {
      part: "B's trust",
      account: 'lake-owner',
      take: () => retrust(runtime.as(ids['lake-owner']), 'lake-access', () => []),
      use: enterLake,
      denied: /^AccessDenied: .*sts:AssumeRole.*role\/lake-access/,
    },
    {
      part: "B's permission",
      account: 'lake-owner',
      take: () => takePolicy(ids['lake-owner'], 'lake-access', 'lake'),
      use: async () => bucketClient(await enterLake()).send(new ListBucketsCommand({})),
      denied: /^AccessDenied: .*s3:ListAllMyBuckets/,
    },
    {
      part: "the bucket's statement about its objects",
      account: 'lake-owner',
      take: () => takeStatement('OrgkeeperLakeObjects'),
      use: async () =>
        bucketClient(await enterLake()).send(new GetObjectCommand({ Bucket: BUCKET, Key: 'kept' })),
      denied: /^AccessDenied: .*s3:GetObject/,
    },
    {
      part: "the bucket's statement about itself",
      account: 'lake-owner',
      take: () => takeStatement('OrgkeeperLakeBucket'),
      use: async () => bucketClient(await enterLake()).send(new ListObjectsV2Command({ Bucket: BUCKET })),
      denied: /^AccessDenied: .*s3:ListBucket/,
    },
  ] as const;

  it.each(parts)(
    'is denied without $part, and the next run gives it back',
    async ({ account, take, use, denied }) => {
      expect(await outcome(use())).toBe('allowed');
      await take();
      expect(await outcome(use())).toMatch(denied);
      const [view] = await fleet.sweep(ids[account]);
      expect(view?.lastPass).toMatchObject({ result: 'corrected' });
      expect(await outcome(use())).toBe('allowed');
    },
    60_000,
  );

  it('never lets the application into the bucket by its own role', async () => {
    const a = bucketClient(await assume(runtime.as(ids['lake-consumer']), consumer()));
    const read = a.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'kept' }));
    expect(await outcome(read)).toMatch(/^AccessDenied: /);
  });
});

describe('People: a group of one account enters another', () => {
  it('lets users of the group assume the role, and no others', async () => {
    const session = await assume(people.member, partner());
    expect((await new STSClient(session).send(new GetCallerIdentityCommand({}))).Arn).toBe(
      `arn:aws:sts::${ids.trusting}:assumed-role/partner-access/story`,
    );
    expect(await outcome(assume(people.outsider, partner()))).toMatch(/^AccessDenied: .*user\/outsider/);
    // Of another account, even an administrator.
    const stranger = runtime.as(ids['lake-consumer']);
    expect(await outcome(assume(stranger, partner()))).toMatch(/^AccessDenied: /);
  });

  const halves = [
    {
      half: 'the grant of the trusted account',
      account: 'trusted',
      take: () =>
        new IAMClient(runtime.as(ids.trusted)).send(
          new DeleteGroupPolicyCommand({ GroupName: 'partners', PolicyName: 'orgkeeper-assume' }),
        ),
    },
    {
      half: 'the trust of the trusting account',
      account: 'trusting',
      take: () => retrust(runtime.as(ids.trusting), 'partner-access', () => []),
    },
  ] as const;

  it.each(halves)(
    'is denied without $half, and the next run gives it back',
    async ({ account, take }) => {
      await take();
      expect(await outcome(assume(people.member, partner()))).toMatch(
        /^AccessDenied: .*sts:AssumeRole.*role\/partner-access/,
      );
      await fleet.sweep(ids[account]);
      expect(await outcome(assume(people.member, partner()))).toBe('allowed');
    },
    60_000,
  );

  describe('credentials ID --role NAME', () => {
    const environmentOf = ({ credentials }: Settings) => ({
      ...runtime.environment(ids.trusted),
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    });
    const credentials = (who: Settings, format: string) =>
      runCli(
        ['credentials', ids.trusting, '--role', 'partner-access', '--format', format],
        environmentOf(who),
      );

    it('gives a member of the group the same credentials as environment, JSON and credential_process, by one call', async () => {
      await runtime.clearCalls();
      const { stdout: lines } = await credentials(people.member, 'env');
      const variables = Object.fromEntries(
        [...lines.matchAll(/^export (\w+)='?([^'\n]*)'?$/gm)].map(([, name, value]) => [name, value]),
      );
      const json = JSON.parse((await credentials(people.member, 'json')).stdout);
      expect(json).toMatchObject({
        AccessKeyId: variables.AWS_ACCESS_KEY_ID,
        SecretAccessKey: variables.AWS_SECRET_ACCESS_KEY,
        SessionToken: variables.AWS_SESSION_TOKEN,
      });
      const process = JSON.parse((await credentials(people.member, 'process')).stdout);
      expect(process).toEqual({ Version: 1, ...json });
      const hour = Date.parse(json.Expiration) - Date.now();
      expect(hour).toBeGreaterThan(3_500_000);
      expect(hour).toBeLessThanOrEqual(3_600_000);
      const made = await runtime.calls({ action: 'AssumeRole', account: ids.trusted });
      expect(made.map(({ params }) => params.RoleArn)).toEqual([partner()]);
      const session = {
        ...people.member,
        credentials: {
          accessKeyId: json.AccessKeyId,
          secretAccessKey: json.SecretAccessKey,
          sessionToken: json.SessionToken,
        },
      };
      expect(await outcome(bucketClient(session).send(new ListBucketsCommand({})))).toBe('allowed');
    });

    it('gives nobody else any, and says what is lacking', async () => {
      const { code, stdout, stderr } = await credentials(people.outsider, 'env');
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain(`Your credentials cannot assume ${partner()}`);
    });
  });
});
