import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteGroupPolicyCommand,
  DeleteRolePolicyCommand,
  GetGroupPolicyCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  IAMClient,
  ListGroupPoliciesCommand,
  PutGroupPolicyCommand,
} from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { blocksOf, page } from '../docs/pages.ts';
import { type Fleet, fleetOf, runCli } from '../kit/journey/fleet.ts';
import { retrust } from '../kit/journey/roles.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';
import { openShell, type Shell } from '../kit/journey/shell.ts';

/** The stories of docs/stories: the commands of the pages as they stand there, and plain calls of AWS. */

type Settings = ReturnType<TestRuntime['as']>;

const NAMES = ['lake-consumer', 'lake-owner', 'trusting', 'trusted'] as const;
const BUCKET = 'acme-lake';
const THEIRS =
  '{"Sid": "Theirs","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::210987654321:root"},  "Action":"s3:GetObject","Resource":"arn:aws:s3:::acme-lake/public/*"}';

let runtime: TestRuntime;
let fleet: Fleet;
let shell: Shell;
const ids = {} as Record<(typeof NAMES)[number], string>;
/** Users of the trusted account: one of the group, and one who is not. */
const people = {} as Record<'alice' | 'outsider', Settings>;

/** The account of a page that each of ours is. */
const ON_PAGE = {
  'lake-consumer': '111122223333',
  'lake-owner': '444455556666',
  trusted: '111122223333',
  trusting: '444455556666',
} as const;
const LAKE = ['lake-consumer', 'lake-owner'] as const;
const PEOPLE = ['trusted', 'trusting'] as const;

/** The blocks of commands under a heading of a page, with our accounts in place of the page's. */
function commands(file: string, heading: string, of: readonly (keyof typeof ON_PAGE)[]): string[] {
  const found = blocksOf(page(`docs/stories/${file}`), '')
    .filter((block) => block.heading === heading && /^(aws|orgkeeper|eval) /.test(block.text))
    .map(({ text }) => of.reduce((lines, name) => lines.replaceAll(ON_PAGE[name], ids[name]), text));
  if (found.length === 0) throw new Error(`${file} has no commands under ${heading}.`);
  return found;
}

/** Runs lines of `orgkeeper`, each as a user in Main with the permissions that are documented for it. */
async function asOperators(lines: string, ...more: readonly string[]): Promise<void> {
  for (const line of lines.trim().split('\n')) {
    const [, ...words] = line.split(' ');
    expect([line, await fleet.orgkeeper(...words, ...more)]).toEqual([
      line,
      expect.objectContaining({ code: 0 }),
    ]);
  }
}

/** Runs lines in a shell as these principals; returns what they printed. */
async function inShell(lines: string, { credentials }: Settings): Promise<string> {
  const { sessionToken } = credentials as { sessionToken?: string };
  const { code, stdout, stderr } = await shell.run(lines, {
    ...runtime.environment(runtime.accounts.main),
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...(sessionToken && { AWS_SESSION_TOKEN: sessionToken }),
  });
  expect([lines, code, code === 0 ? '' : stderr]).toEqual([lines, 0, '']);
  return stdout;
}

beforeAll(async () => {
  runtime = await startTestRuntime({ context: { defaultBaseline: 'plain' } });
  fleet = fleetOf(runtime);
  shell = await openShell();
  await publish('name: plain\nroles: {}\n');
  for (const name of NAMES) ids[name] = await fleet.createAccount(name);
  await makeBucket();
  await makePeople();
  await fleet.untilReady(...Object.values(ids));
  const [group = '', ...others] = commands('people.md', 'Setting it up', PEOPLE);
  await inShell(group, runtime.as(ids.trusted));
  for (const lines of [...commands('lake.md', 'Setting it up', LAKE), ...others]) await asOperators(lines);
  await fleet.untilAccounts(
    'have their baselines, and are ready',
    Object.values(ids),
    ({ ready, baseline, name }) => ready && baseline?.name !== 'plain' && name !== undefined,
  );
}, 300_000);
afterAll(() => runtime?.stop());

async function publish(text: string) {
  const file = join(await mkdtemp(join(tmpdir(), 'orgkeeper-')), 'baseline.yaml');
  await writeFile(file, text);
  expect(await fleet.orgkeeper('baseline', 'publish', file)).toMatchObject({ code: 0 });
}

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
  for (const UserName of ['alice', 'outsider'] as const) {
    await iam.send(new CreateUserCommand({ UserName }));
    const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    const credentials = { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
    people[UserName] = { ...runtime.as(ids.trusted), credentials };
  }
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
  it('lets role A assume role B, and B find, read and write the bucket, by the commands of the page', async () => {
    const [assumed = '', credentials = '', use = ''] = commands('lake.md', 'Trying it', LAKE);
    const a = await assume(runtime.as(ids['lake-consumer']), consumer());
    const { AssumedRoleUser } = JSON.parse(await inShell(assumed, a));
    expect(AssumedRoleUser.Arn).toBe(`arn:aws:sts::${ids['lake-owner']}:assumed-role/lake-access/try`);
    const [lines = '', json = '', process = '', logout = ''] = credentials.trim().split('\n');
    const printed = await inShell(`${lines}\n${json}\n${process}\n${logout}`, a);
    expect(printed).toMatch(/^export AWS_ACCESS_KEY_ID=/m);
    expect(printed).toContain('"Version": 1');
    await shell.file('report.csv', 'rain\n');
    const used = await inShell(`eval "$(${lines})"\n${use}`, a);
    expect(used.split('\n').filter((line) => / (acme-lake|report\.csv)$/.test(line))).toHaveLength(2);
    // A line of progress, which the AWS CLI overwrites, may be before it.
    expect(used).toMatch(/upload: .*report\.csv to s3:\/\/acme-lake\/reports\/report\.csv/);
    expect(used).toMatch(/^delete: s3:\/\/acme-lake\/reports\/report\.csv$/m);
    const s3 = bucketClient(await enterLake());
    expect((await s3.send(new GetBucketLocationCommand({ Bucket: BUCKET }))).LocationConstraint).toBe(
      runtime.region,
    );
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'kept', Body: 'sun' }));
  });

  it('gives role A an instance profile that holds it', async () => {
    const command = new GetInstanceProfileCommand({ InstanceProfileName: 'lake-consumer' });
    const { InstanceProfile } = await new IAMClient(runtime.as(ids['lake-consumer'])).send(command);
    expect(InstanceProfile).toMatchObject({ Path: '/', Roles: [{ RoleName: 'lake-consumer' }] });
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

describe('Ending the lake', () => {
  const iam = (name: keyof typeof ids) => new IAMClient(runtime.as(ids[name]));
  const trustOfLake = async () => {
    const { Role } = await iam('lake-owner').send(new GetRoleCommand({ RoleName: 'lake-access' }));
    return decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '');
  };

  it('by the commands of the page takes the roles and our statements away, and leaves the bucket and what others said of it', async () => {
    const [lines = ''] = commands('lake.md', 'Ending it', LAKE);
    const [ofA = '', ofB = ''] = lines.trim().split('\n');
    expect(await trustOfLake()).toContain(consumer());
    await asOperators(ofA, '--yes', '--wait');
    expect(
      await outcome(iam('lake-consumer').send(new GetRoleCommand({ RoleName: 'lake-consumer' }))),
    ).toMatch(/^NoSuchEntity/);
    const profile = new GetInstanceProfileCommand({ InstanceProfileName: 'lake-consumer' });
    expect(await outcome(iam('lake-consumer').send(profile))).toMatch(/^NoSuchEntity/);
    await fleet.untilAccounts(
      'have had the run that the export caused',
      [ids['lake-owner']],
      ({ lastPass }) => lastPass?.cause.detailType === 'Export',
    );
    expect(await trustOfLake()).not.toContain('lake-consumer');
    await asOperators(ofB, '--yes', '--wait');
    expect(await outcome(iam('lake-owner').send(new GetRoleCommand({ RoleName: 'lake-access' })))).toMatch(
      /^NoSuchEntity/,
    );
    const s3 = bucketClient(runtime.as(ids['lake-owner']));
    expect(await policyStatements()).toEqual([JSON.parse(THEIRS)]);
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    expect(Contents.map(({ Key }) => Key)).toEqual(['kept']);
  }, 120_000);
});

describe('A role that trusts a role of another account by its ARN', () => {
  it('waits for that role, and is made once it exists; the other roles of its account do not wait', async () => {
    const [owner, other] = [ids['lake-owner'], ids['lake-consumer']];
    const Statement = (names: string) =>
      `{ Version: "2012-10-17", Statement: [{ Effect: Allow, ${names} }] }`;
    const policy = Statement('Action: iam:GetRole, Resource: "*"');
    await publish(`
name: owner
roles:
  reader:
    trustPolicy: ${Statement(`Principal: { AWS: ["arn:aws:iam::${other}:role/analysis/reader"] }, Action: sts:AssumeRole`)}
    inlinePolicies: { one: ${policy}, two: ${policy}, three: ${policy} }
  people:
    trustPolicy: ${Statement(`Principal: { AWS: "${other}" }, Action: sts:AssumeRole`)}
`);
    const registration = { accountId: owner, name: 'owner', baseline: 'owner' };
    await fleet.put('AccountRegistrationRequested', registration);
    await fleet.untilAccounts('wait for the role of the other', [owner], ({ conditions }) =>
      conditions.some(({ type, reason }) => type === 'Roles' && reason === 'PrincipalMissing'),
    );
    const iam = new IAMClient(runtime.as(owner));
    const made = (RoleName: string) => outcome(iam.send(new GetRoleCommand({ RoleName })));
    expect([await made('reader'), await made('people')]).toEqual([
      expect.stringMatching(/^NoSuch/),
      'allowed',
    ]);
    const { conditions } = await fleet.view(owner);
    expect(conditions.find(({ type }) => type === 'Roles')?.message).toContain('role/analysis/reader');
    await new IAMClient(runtime.as(other)).send(
      new CreateRoleCommand({
        ...{ RoleName: 'reader', Path: '/analysis/' },
        AssumeRolePolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Principal: { AWS: other }, Action: 'sts:AssumeRole' }],
        }),
      }),
    );
    expect(await fleet.sweep(owner)).toMatchObject([{ ready: true }]);
    expect(await made('reader')).toBe('allowed');
    await runtime.clearCalls();
    expect(await fleet.sweep(owner)).toMatchObject([{ ready: true, lastPass: { result: 'unchanged' } }]);
    const reads = (await runtime.calls({ account: owner })).filter(({ session }) => session !== undefined);
    expect(reads.map(({ action }) => action).sort()).toEqual([
      'GetAccountAuthorizationDetails',
      'GetRole',
      'GetRole',
    ]);
  }, 120_000);
});

describe('A bucket that cannot be granted as it is', () => {
  const s3In = (region?: string) =>
    new S3Client({ ...runtime.as(ids['lake-owner'], region), forcePathStyle: true });
  const make = (Bucket: string, region: string) => {
    const CreateBucketConfiguration = { LocationConstraint: region as 'eu-west-1' };
    return s3In(region).send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
  };
  /** Grants a role access to a bucket of the account, and waits for the reason of the condition. */
  async function grant(bucket: string, reason: string, role = 'people'): Promise<string | undefined> {
    const accountId = ids['lake-owner'];
    const values = { bucket, role: `arn:aws:iam::${accountId}:role/${role}` };
    await fleet.put('AccountRegistrationRequested', { accountId, name: 'owner', baseline: 'bucket', values });
    let message: string | undefined;
    await fleet.untilAccounts(`say ${reason} of ${bucket}`, [accountId], ({ conditions }) => {
      const found = conditions.find(({ type }) => type === 'BucketAccess');
      message = found?.message;
      return found?.reason === reason && found.message.includes(bucket);
    });
    return message;
  }
  beforeAll(() =>
    publish(`
name: bucket
roles: {}
bucketAccess:
  - { name: Test, bucket: "\${values.bucket}", roles: ["\${values.role}"], access: read }
`),
  );

  it('because it does not exist says BucketMissing and looks again within the hour, and is granted once it is made', async () => {
    await grant('later-lake', 'BucketMissing');
    const due = Date.parse((await fleet.status(ids['lake-owner']))?.dueAt ?? '') - Date.now();
    expect(due).toBeGreaterThan(3_000_000);
    expect(due).toBeLessThanOrEqual(3_600_000);
    await make('later-lake', runtime.region);
    await fleet.sweep(ids['lake-owner']);
    const { Policy } = await s3In().send(new GetBucketPolicyCommand({ Bucket: 'later-lake' }));
    expect(Policy).toContain('OrgkeeperTestObjects');
  }, 60_000);

  it('because it is in another region says BucketElsewhere', async () => {
    await make('far-lake', 'us-west-2');
    expect(await grant('far-lake', 'BucketElsewhere')).toContain('The bucket far-lake is in another region');
  }, 60_000);

  it('because Block Public Access refuses what others have in its policy says PublicPolicyBlocked', async () => {
    const Bucket = 'open-lake';
    await make(Bucket, runtime.region);
    const Resource = `arn:aws:s3:::${Bucket}/*`;
    const Statement = [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource }];
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await s3In().send(new PutBucketPolicyCommand({ Bucket, Policy }));
    const block = { BlockPublicPolicy: true };
    await s3In().send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: block }));
    expect(await grant(Bucket, 'PublicPolicyBlocked')).toContain(
      'because a statement of others in it is public',
    );
    expect((await s3In().send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(Policy);
  }, 60_000);

  it('because the role does not exist says PrincipalMissing, and writes nothing', async () => {
    const Bucket = 'new-lake';
    await make(Bucket, runtime.region);
    await grant(Bucket, 'PrincipalMissing', 'nobody');
    const read = s3In().send(new GetBucketPolicyCommand({ Bucket }));
    expect(await outcome(read)).toMatch(/^NoSuchBucketPolicy/);
  }, 60_000);
});

describe('People: a group of one account enters another', () => {
  it('lets users of the group assume the role, by the commands of the page, and no others', async () => {
    const [assumed = '', credentials = ''] = commands('people.md', 'Trying it', PEOPLE);
    const { AssumedRoleUser } = JSON.parse(await inShell(assumed, people.alice));
    expect(AssumedRoleUser.Arn).toBe(`arn:aws:sts::${ids.trusting}:assumed-role/partner-access/alice`);
    expect(JSON.parse(await inShell(credentials, people.alice))).toHaveProperty('SessionToken');
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
      expect(await outcome(assume(people.alice, partner()))).toMatch(
        /^AccessDenied: .*sts:AssumeRole.*role\/partner-access/,
      );
      await fleet.sweep(ids[account]);
      expect(await outcome(assume(people.alice, partner()))).toBe('allowed');
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
      const { stdout: lines } = await credentials(people.alice, 'env');
      const variables = Object.fromEntries(
        [...lines.matchAll(/^export (\w+)='?([^'\n]*)'?$/gm)].map(([, name, value]) => [name, value]),
      );
      const json = JSON.parse((await credentials(people.alice, 'json')).stdout);
      expect(json).toMatchObject({
        AccessKeyId: variables.AWS_ACCESS_KEY_ID,
        SecretAccessKey: variables.AWS_SECRET_ACCESS_KEY,
        SessionToken: variables.AWS_SESSION_TOKEN,
      });
      const process = JSON.parse((await credentials(people.alice, 'process')).stdout);
      expect(process).toEqual({ Version: 1, ...json });
      const hour = Date.parse(json.Expiration) - Date.now();
      expect(hour).toBeGreaterThan(3_500_000);
      expect(hour).toBeLessThanOrEqual(3_600_000);
      const made = await runtime.calls({ action: 'AssumeRole', account: ids.trusted });
      expect(made.map(({ params }) => params.RoleArn)).toEqual([partner()]);
      const session = {
        ...people.alice,
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

  it('loses what is ours on the group when its account is retired, and leaves what others have there', async () => {
    const iam = new IAMClient(runtime.as(ids.trusted));
    const GroupName = 'partners';
    const Statement = [{ Effect: 'Allow', Action: 'iam:ListUsers', Resource: '*' }];
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.send(new PutGroupPolicyCommand({ GroupName, PolicyName: 'theirs', PolicyDocument }));
    await asOperators(`orgkeeper retire ${ids.trusted} --resources remove`, '--yes', '--wait');
    const { PolicyNames } = await iam.send(new ListGroupPoliciesCommand({ GroupName }));
    expect(PolicyNames).toEqual(['theirs']);
    const theirs = await iam.send(new GetGroupPolicyCommand({ GroupName, PolicyName: 'theirs' }));
    expect(decodeURIComponent(theirs.PolicyDocument ?? '')).toBe(PolicyDocument);
    expect(await outcome(assume(people.alice, partner()))).toMatch(/^AccessDenied: /);
  }, 120_000);
});
