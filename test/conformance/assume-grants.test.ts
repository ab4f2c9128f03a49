import {
  CreateGroupCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  GetGroupPolicyCommand,
  GetRolePolicyCommand,
  GetUserPolicyCommand,
  ListGroupPoliciesCommand,
  ListRolePoliciesCommand,
  ListUserPoliciesCommand,
  PutGroupPolicyCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { assumeGrants } from '../../controllers/kinds/assume-grants/kind.ts';
import { describeKind, type Tampering } from './suite.ts';
import { MAIN, type Member } from './support.ts';

const PolicyName = 'orgkeeper-assume';
const READER = 'arn:aws:iam::999999999999:role/lake/reader';
const KEEPER = 'arn:aws:iam::888888888888:role/keeper';

const section = [
  { user: 'ann', assume: [READER] },
  { group: 'analysts', assume: [KEEPER, READER] },
  { role: 'analysis-a', assume: [READER], passRole: true },
];

const document = (text: string | undefined) => JSON.parse(decodeURIComponent(text ?? 'null'));
const ofUser = async ({ clients }: Member, name = PolicyName) =>
  clients.iam
    .send(new GetUserPolicyCommand({ UserName: 'ann', PolicyName: name }))
    .then(({ PolicyDocument }) => document(PolicyDocument))
    .catch(() => undefined);
const ofGroup = async ({ clients }: Member) =>
  clients.iam
    .send(new GetGroupPolicyCommand({ GroupName: 'analysts', PolicyName }))
    .then(({ PolicyDocument }) => document(PolicyDocument))
    .catch(() => undefined);
const ofRole = async ({ clients }: Member, name = PolicyName) =>
  clients.iam
    .send(new GetRolePolicyCommand({ RoleName: 'analysis-a', PolicyName: name }))
    .then(({ PolicyDocument }) => document(PolicyDocument))
    .catch(() => undefined);
const putUser = async ({ clients }: Member, name: string, policy: unknown) => {
  const PolicyDocument = JSON.stringify(policy);
  await clients.iam.send(new PutUserPolicyCommand({ UserName: 'ann', PolicyName: name, PolicyDocument }));
};
const putRole = async ({ clients }: Member, name: string, policy: unknown) => {
  const PolicyDocument = JSON.stringify(policy);
  await clients.iam.send(
    new PutRolePolicyCommand({ RoleName: 'analysis-a', PolicyName: name, PolicyDocument }),
  );
};
const deleteUserPolicy = async ({ clients }: Member, name = PolicyName) => {
  await clients.iam.send(new DeleteUserPolicyCommand({ UserName: 'ann', PolicyName: name }));
};

const tamperings: readonly Tampering[] = [
  {
    name: 'a grant of a user that was deleted',
    tamper: (member) => deleteUserPolicy(member),
    read: (member) => ofUser(member),
    difference: { resource: 'user ann', path: `inlinePolicies.${PolicyName}`, action: 'created' },
  },
  {
    name: 'a grant of a group that somebody widened',
    tamper: async ({ clients }) => {
      const PolicyDocument = JSON.stringify(allow('sts:AssumeRole', '*'));
      const input = { GroupName: 'analysts', PolicyName, PolicyDocument };
      await clients.iam.send(new PutGroupPolicyCommand(input));
    },
    read: ofGroup,
    difference: { resource: 'group analysts', path: `inlinePolicies.${PolicyName}`, action: 'updated' },
  },
  {
    name: 'a grant of a role that may pass any role since somebody edited it',
    tamper: async (member) => {
      const { Version, Statement } = await ofRole(member);
      const [assume, pass] = Statement;
      await putRole(member, PolicyName, { Version, Statement: [assume, { ...pass, Resource: '*' }] });
    },
    read: (member) => ofRole(member),
    difference: { resource: 'role analysis-a', action: 'updated' },
  },
];

describeKind(assumeGrants, {
  section,
  async prepare({ clients }) {
    await clients.iam.send(new CreateUserCommand({ UserName: 'ann', Path: '/people/' }));
    await clients.iam.send(new CreateGroupCommand({ GroupName: 'analysts' }));
    const AssumeRolePolicyDocument = JSON.stringify({
      Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    });
    const input = { RoleName: 'analysis-a', Path: '/analysis/', AssumeRolePolicyDocument };
    await clients.iam.send(new CreateRoleCommand(input));
  },
  async inventory({ clients, account }) {
    const all = await Promise.all([
      clients.iam.send(new ListUserPoliciesCommand({ UserName: 'ann' })).catch(() => undefined),
      clients.iam.send(new ListGroupPoliciesCommand({ GroupName: 'analysts' })),
      clients.iam.send(new ListRolePoliciesCommand({ RoleName: 'analysis-a' })),
    ]);
    const role = await ofRole({ clients, account });
    return [
      ...all.flatMap((found, at) => (found?.PolicyNames ?? []).map((name) => `${at} ${name}`)),
      ...(role ? [JSON.stringify(role).replaceAll(account.accountId, 'ACCOUNT')] : []),
    ];
  },
  tamperings,
  predecessor: {
    output: 'vpc.id',
    value: 'analysis-a',
    section: [{ role: '${vpc.id}', assume: [READER] }],
  },
  foreign: [
    {
      name: 'other policies of the principal',
      when: 'before',
      plant: (member) => putRole(member, 'theirs', allow('s3:GetObject', '*')),
      read: (member) => ofRole(member, 'theirs'),
      outcome: 'beside',
    },
    {
      name: 'a policy of that name that somebody else put there, and writes the other grants',
      when: 'before',
      plant: (member) => putUser(member, PolicyName, allow('sts:AssumeRole', '*')),
      read: (member) => ofUser(member),
      outcome: 'beside',
    },
    {
      name: 'a policy of that name of another Orgkeeper',
      when: 'before',
      plant: (member) => {
        const { Version, Statement } = allow('sts:AssumeRole', READER);
        const [statement] = Statement;
        const other = { ...statement, Sid: 'Orgkeeper777777777777Assume' };
        return putUser(member, PolicyName, { Version, Statement: [other] });
      },
      read: (member) => ofUser(member),
      outcome: 'beside',
    },
  ],
  harmless: [
    {
      name: 'a grant that is written differently and means the same',
      tamper: (member) =>
        putUser(member, PolicyName, {
          Version: '2012-10-17',
          Statement: {
            Resource: READER,
            Action: ['STS:assumeRole'],
            Sid: `Orgkeeper${MAIN}Assume`,
            Effect: 'Allow',
          },
        }),
    },
  ],
  blocked: [
    {
      name: 'a user that does not exist',
      reason: 'PrincipalMissing',
      async tamper(member) {
        await deleteUserPolicy(member);
        await member.clients.iam.send(new DeleteUserCommand({ UserName: 'ann' }));
      },
    },
  ],
  revisions: [
    {
      name: 'a principal that it no longer names loses its grant, and nothing else',
      plant: (member) => putUser(member, 'theirs', allow('s3:GetObject', '*')),
      section: section.slice(1),
      difference: { resource: 'user ann', path: `inlinePolicies.${PolicyName}`, action: 'removed' },
      read: async (member) => [await ofUser(member), await ofUser(member, 'theirs')],
      wanted: [undefined, allow('s3:GetObject', '*')],
    },
    {
      name: 'a principal may assume exactly the roles that it names now',
      section: [{ user: 'ann', assume: [KEEPER] }, ...section.slice(1)],
      difference: { resource: 'user ann', action: 'updated' },
      read: async (member) => (await ofUser(member))?.Statement,
      wanted: [
        { Sid: `Orgkeeper${MAIN}Assume`, Effect: 'Allow', Action: 'sts:AssumeRole', Resource: [KEEPER] },
      ],
    },
  ],
});

function allow(Action: string, Resource: string) {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource }] };
}
