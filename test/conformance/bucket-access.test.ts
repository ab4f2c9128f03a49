import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  ListBucketsCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3';
import { bucketAccess } from '../../controllers/kinds/bucket-access/kind.ts';
import { describeKind, type Tampering } from './suite.ts';
import type { Member } from './support.ts';

const READER = 'arn:aws:iam::210987654321:role/analysis/reader';
const WRITER = 'arn:aws:iam::210987654321:role/writer';
const LAKE = 'lake-${account.id}-${region}';
const LOGS = 'logs-${account.id}-${region}';
const read = { name: 'Readers', bucket: LAKE, roles: [READER, WRITER], access: 'read' } as const;
const write = { name: 'Writers', bucket: LAKE, roles: ['${roles.writer.arn}'], access: 'readWrite' } as const;
const allow = {
  name: 'Auditors',
  bucket: LOGS,
  roles: [READER],
  allow: { bucket: [], objects: ['s3:GetObject', 's3:GetObjectVersion'] },
};
const section = [read, write, allow];

const bucketOf = (name: string, { account: { accountId, region } }: Member) =>
  name.replace('${account.id}', accountId).replace('${region}', region);

async function make(name: string, member: Member) {
  const { region } = member.account;
  await member.clients.s3.send(
    new CreateBucketCommand({
      Bucket: bucketOf(name, member),
      ...(region !== 'us-east-1' && {
        CreateBucketConfiguration: { LocationConstraint: region as 'eu-west-1' },
      }),
    }),
  );
}

async function textOf(name: string, member: Member) {
  const command = new GetBucketPolicyCommand({ Bucket: bucketOf(name, member) });
  return (await member.clients.s3.send(command).catch(() => undefined))?.Policy;
}

interface Statement {
  readonly Sid?: string;
  readonly [element: string]: unknown;
}

async function statements(name: string, member: Member): Promise<Statement[]> {
  const policy = await textOf(name, member);
  return policy === undefined ? [] : JSON.parse(policy).Statement;
}

const put = async (name: string, member: Member, Policy: string) =>
  void (await member.clients.s3.send(new PutBucketPolicyCommand({ Bucket: bucketOf(name, member), Policy })));

/** Changes the statements by hand. */
async function change(name: string, member: Member, by: (all: Statement[]) => Statement[]) {
  const Statement = by(await statements(name, member));
  await put(name, member, JSON.stringify({ Version: '2012-10-17', Statement }));
}

const replace = (sid: string, by: object) => (all: Statement[]) =>
  all.map((one) => (one.Sid === sid ? { ...one, ...by } : one));

const statement = (name: string, sid: string) => async (member: Member) =>
  (await statements(name, member)).filter(({ Sid }) => Sid === sid);

const theirs = (member: Member) =>
  `{"Sid" : "Theirs", "Effect":"Deny","Principal":"*", "Action":"s3:*",\n  "Resource":"arn:aws:s3:::${bucketOf(LAKE, member)}",` +
  ' "Condition":{"NumericLessThan":{"s3:TlsVersion":1.20}}}';
const theirPolicy = (member: Member) =>
  `{ "Id":"of-others",\n "Statement":[ ${theirs(member)} ], "Version":"2008-10-17"}`;

const tamperings: readonly Tampering[] = [
  {
    name: 'a statement that somebody opened to a whole account',
    tamper: (member) =>
      change(LAKE, member, replace('OrgkeeperReadersBucket', { Principal: { AWS: '210987654321' } })),
    read: statement(LAKE, 'OrgkeeperReadersBucket'),
    difference: { path: 'OrgkeeperReadersBucket', action: 'updated' },
  },
  {
    name: 'a role that was deleted, and of which the policy shows the unique id',
    tamper: (member) =>
      change(
        LAKE,
        member,
        replace('OrgkeeperWritersBucket', { Principal: { AWS: 'AROA1234567890ABCDEFG' } }),
      ),
    read: statement(LAKE, 'OrgkeeperWritersBucket'),
    difference: { path: 'OrgkeeperWritersBucket', action: 'updated' },
  },
  {
    name: 'an action that somebody added',
    tamper: (member) => change(LAKE, member, replace('OrgkeeperReadersObjects', { Action: 's3:*' })),
    read: statement(LAKE, 'OrgkeeperReadersObjects'),
    difference: { path: 'OrgkeeperReadersObjects', action: 'updated' },
  },
  {
    name: 'a statement that was taken out',
    tamper: (member) =>
      change(LAKE, member, (all) => all.filter(({ Sid }) => Sid !== 'OrgkeeperWritersObjects')),
    read: statement(LAKE, 'OrgkeeperWritersObjects'),
    difference: { path: 'OrgkeeperWritersObjects', action: 'created' },
  },
  {
    name: 'a statement that is there twice',
    tamper: (member) =>
      change(LOGS, member, (all) => [...all, ...all.filter(({ Sid }) => Sid === 'OrgkeeperAuditorsObjects')]),
    read: statement(LOGS, 'OrgkeeperAuditorsObjects'),
    difference: { path: 'OrgkeeperAuditorsObjects', action: 'updated' },
  },
  {
    name: 'a policy that was deleted',
    alone: true,
    tamper: async (member) =>
      void (await member.clients.s3.send(new DeleteBucketPolicyCommand({ Bucket: bucketOf(LAKE, member) }))),
    read: statement(LAKE, 'OrgkeeperReadersObjects'),
    difference: { path: 'OrgkeeperReadersBucket', action: 'created' },
  },
];

describeKind(bucketAccess, {
  section,
  values: { 'roles.writer.arn': WRITER },
  memberValues: ({ account }) => ({ 'account.id': account.accountId }),
  predecessor: { output: 'roles.writer.arn', value: WRITER, section: [write] },
  async prepare(member) {
    await make(LAKE, member);
    await make(LOGS, member);
  },
  async inventory(member) {
    const found: string[] = [];
    for (const { Name = '' } of (await member.clients.s3.send(new ListBucketsCommand({}))).Buckets ?? []) {
      if (!Name.endsWith(member.account.region)) continue;
      const all = await statements(Name, member);
      const kind = Name.split('-')[0];
      found.push(
        ...all.map((one) => `${kind} ${JSON.stringify(one).replaceAll(member.account.accountId, 'ID')}`),
      );
    }
    return found;
  },
  tamperings,
  foreign: [
    {
      name: 'a policy that the owner had written, to the letter',
      when: 'before',
      plant: (member) => put(LAKE, member, theirPolicy(member)),
      read: async (member) => {
        const [text = '', written] = [await textOf(LAKE, member), theirs(member)];
        return (
          text.includes(`{ "Id":"of-others",\n "Statement":[ ${written}`) &&
          text.endsWith(' ], "Version":"2008-10-17"}')
        );
      },
      outcome: 'beside',
    },
    {
      name: 'a statement that the owner adds between ours',
      when: 'after',
      plant: (member) =>
        change(LAKE, member, ([first, ...more]) => [
          ...(first ? [first] : []),
          JSON.parse(theirs(member)),
          ...more,
        ]),
      read: statement(LAKE, 'Theirs'),
      outcome: 'beside',
    },
    {
      name: 'a statement with a Sid like ours that no run has made',
      when: 'after',
      plant: (member) =>
        change(LAKE, member, (all) => [
          ...all,
          { ...JSON.parse(theirs(member)), Sid: 'OrgkeeperTheirsBucket' },
        ]),
      read: statement(LAKE, 'OrgkeeperTheirsBucket'),
      outcome: 'reported',
    },
    {
      name: 'a statement of others that has the Sid of ours',
      when: 'before',
      plant: (member) => put(LAKE, member, theirPolicy(member).replace('Theirs', 'OrgkeeperReadersBucket')),
      read: statement(LAKE, 'OrgkeeperReadersBucket'),
      outcome: 'beside',
    },
  ],
  harmless: [
    {
      name: 'a policy in which AWS wrote ours another way',
      tamper: (member) =>
        change(LAKE, member, (all) =>
          all.toReversed().map((one) => ({
            ...one,
            Action: [one.Action].flat().toReversed(),
            Resource: [one.Resource],
          })),
        ),
    },
    {
      name: 'ACLs that are disabled while nothing is to be written',
      tamper: async (member) =>
        void (await member.clients.s3.send(
          new PutBucketOwnershipControlsCommand({
            Bucket: bucketOf(LAKE, member),
            OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
          }),
        )),
    },
  ],
  blocked: [
    {
      name: 'a bucket that is gone',
      tamper: async (member) =>
        void (await member.clients.s3.send(new DeleteBucketCommand({ Bucket: bucketOf(LOGS, member) }))),
      reason: 'BucketMissing',
    },
    {
      name: 'a policy that would be too large',
      tamper: (member) => {
        const each = JSON.parse(theirs(member));
        const length = Math.floor(20_000 / (JSON.stringify(each).length + 5));
        return change(LAKE, member, () =>
          Array.from({ length }, (_, at) => ({ ...each, Sid: `Theirs${at}` })),
        );
      },
      reason: 'PolicyTooLarge',
    },
    {
      name: 'a policy with two lists of statements',
      tamper: (member) => put(LAKE, member, '{"Statement":[],"Statement":[]}'),
      reason: 'PolicyUnreadable',
    },
  ],
  revisions: [
    {
      name: 'a grant to an import that nobody exports is taken out, and waits',
      section: [read, { ...write, roles: ['${imports.writers}'] }, allow],
      difference: { path: 'OrgkeeperWritersObjects', action: 'removed' },
      read: async (member) => (await statements(LAKE, member)).map(({ Sid }) => Sid),
      wanted: ['OrgkeeperReadersBucket', 'OrgkeeperReadersObjects'],
    },
    {
      name: 'a grant that it no longer names is taken out',
      section: [read, allow],
      difference: { path: 'OrgkeeperWritersObjects', action: 'removed' },
      read: async (member) => (await statements(LAKE, member)).map(({ Sid }) => Sid),
      wanted: ['OrgkeeperReadersBucket', 'OrgkeeperReadersObjects'],
    },
    {
      name: 'the policy of a bucket that it no longer names is what the owner wrote',
      plant: (member) => put(LAKE, member, theirPolicy(member)),
      section: [allow],
      difference: { path: 'OrgkeeperReadersBucket', action: 'removed' },
      read: async (member) => (await textOf(LAKE, member)) === theirPolicy(member),
      wanted: true,
    },
    {
      name: 'a bucket that had no policy has none when no grant names it',
      section: [read, write],
      difference: { path: 'OrgkeeperAuditorsObjects', action: 'removed' },
      read: (member) => textOf(LOGS, member),
      wanted: undefined,
    },
  ],
});
