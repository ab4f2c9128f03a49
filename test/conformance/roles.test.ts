import { RunInstancesCommand } from '@aws-sdk/client-ec2';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetInstanceProfileCommand,
  ListInstanceProfilesCommand,
  ListRolesCommand,
  PutRolePermissionsBoundaryCommand,
  RemoveRoleFromInstanceProfileCommand,
  TagInstanceProfileCommand,
  TagRoleCommand,
  UntagInstanceProfileCommand,
  UntagRoleCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import { roles } from '../../controllers/kinds/roles/kind.ts';
import { allow, policyArn, roleByHand } from './role-by-hand.ts';
import { describeKind, type Tampering } from './suite.ts';
import { inRegion, MAIN, type Member } from './support.ts';

/** The role that the tests change by hand; the other one shows that it is left alone meanwhile. */
const RoleName = 'data-reader';
/** The other region of the account. */
const ELSEWHERE = 'us-east-1';
const CONSUMER = 'arn:aws:iam::999999999999:role/consumer';

const reader = {
  path: '/analysis/',
  description: 'Reads the lake',
  maxSessionDuration: 7200,
  trustPolicy: trust('${values.consumer}'),
  inlinePolicies: { lake: allow('s3:GetObject'), listing: allow('s3:ListBucket') },
  managedPolicies: ['arn:${partition}:iam::${account.id}:policy/kept'],
  permissionsBoundary: 'arn:aws:iam::${account.id}:policy/boundary',
  tags: { team: 'genomics' },
  instanceProfile: true,
};
const plain = { name: 'plain-${account.id}', trustPolicy: trust(CONSUMER) };
const section = { [RoleName]: reader, plain };

const { role, inlineOf, inline, trustOf, boundaryOf, tagsOf, attachedOf, putTrust, putInline, moveRole } =
  roleByHand(RoleName);
const profileOf = async ({ clients }: Member, InstanceProfileName = RoleName) => {
  const command = new GetInstanceProfileCommand({ InstanceProfileName });
  const found = (await clients.iam.send(command).catch(() => undefined))?.InstanceProfile;
  return found && [found.Path, ...(found.Roles ?? []).map((held) => held.RoleName)];
};

const putBoundary = async (member: Member, name: string) => {
  const PermissionsBoundary = policyArn(member, name);
  await member.clients.iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }));
};
const held = { InstanceProfileName: RoleName, RoleName };

const tamperings: readonly Tampering[] = [
  {
    name: 'a trust policy that admits somebody else',
    tamper: (member) => putTrust(member, trust('arn:aws:iam::888888888888:root')),
    read: trustOf,
    difference: { resource: RoleName, path: 'trustPolicy', action: 'updated' },
  },
  {
    name: 'an inline policy edited by hand',
    tamper: (member) => putInline(member, 'lake', allow('s3:*')),
    read: (member) => inline(member, 'lake'),
    difference: { resource: RoleName, path: 'inlinePolicies.lake', action: 'updated' },
  },
  {
    name: 'an inline policy edited by hand where roles are few enough to be read one by one',
    alone: true,
    section: { plain: { ...plain, name: RoleName, inlinePolicies: { lake: allow('s3:GetObject') } } },
    tamper: (member) => putInline(member, 'lake', allow('s3:*')),
    read: (member) => inline(member, 'lake'),
    difference: { resource: RoleName, path: 'inlinePolicies.lake', action: 'updated' },
  },
  {
    name: 'an inline policy that was deleted',
    tamper: async ({ clients }) =>
      void (await clients.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'listing' }))),
    read: (member) => inline(member, 'listing'),
    difference: { path: 'inlinePolicies.listing', action: 'created' },
  },
  {
    name: 'an inline policy that somebody added, called like a grant that was never given',
    tamper: (member) => putInline(member, 'orgkeeper-assume', allow('sts:AssumeRole')),
    read: (member) => inlineOf(member),
    difference: { path: 'inlinePolicies.orgkeeper-assume', action: 'removed' },
  },
  {
    name: 'a managed policy that was detached',
    tamper: async (member) => {
      const PolicyArn = policyArn(member, 'kept');
      await member.clients.iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
    },
    read: (member) => attachedOf(member),
    difference: { action: 'created' },
  },
  {
    name: 'a permissions boundary that was replaced',
    tamper: (member) => putBoundary(member, 'kept'),
    read: boundaryOf,
    difference: { path: 'permissionsBoundary', action: 'updated' },
  },
  {
    name: 'a permissions boundary that was taken off',
    alone: true,
    tamper: async ({ clients }) =>
      void (await clients.iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }))),
    read: boundaryOf,
    difference: { path: 'permissionsBoundary', action: 'created' },
  },
  {
    name: 'a permissions boundary that somebody put on',
    section: { ...section, [RoleName]: { ...reader, permissionsBoundary: undefined } },
    tamper: (member) => putBoundary(member, 'kept'),
    read: boundaryOf,
    difference: { path: 'permissionsBoundary', action: 'removed' },
  },
  {
    name: 'a session duration and a description changed by hand',
    tamper: async ({ clients }) =>
      void (await clients.iam.send(
        new UpdateRoleCommand({ RoleName, Description: 'mine', MaxSessionDuration: 43200 }),
      )),
    read: async (member) => {
      const { MaxSessionDuration, Description } = (await role(member)) ?? {};
      return [MaxSessionDuration, Description];
    },
    difference: { path: 'maxSessionDuration', desired: 7200, actual: 43200 },
  },
  {
    name: 'a tag that somebody added, and one with another value',
    tamper: async ({ clients }) => {
      const Tags = [
        { Key: 'mine', Value: '1' },
        { Key: 'team', Value: 'x' },
      ];
      await clients.iam.send(new TagRoleCommand({ RoleName, Tags }));
    },
    read: tagsOf,
    difference: { path: 'tags.mine', action: 'removed' },
  },
  {
    name: 'a role that lost all its tags, those of its owner too',
    alone: true,
    tamper: async ({ clients }) => {
      const TagKeys = ['team', 'orgkeeper:owner', 'orgkeeper:name'];
      await clients.iam.send(new UntagRoleCommand({ RoleName, TagKeys }));
    },
    read: tagsOf,
    difference: { path: 'tags.orgkeeper:owner', action: 'created' },
  },
  {
    name: 'an instance profile that was emptied',
    tamper: async ({ clients }) =>
      void (await clients.iam.send(new RemoveRoleFromInstanceProfileCommand(held))),
    read: (member) => profileOf(member),
    difference: { path: 'instanceProfile.role', action: 'created' },
  },
  {
    name: 'tags of an instance profile that somebody changed',
    tamper: async ({ clients: { iam } }) => {
      const Tags = [{ Key: 'mine', Value: '1' }];
      await iam.send(new TagInstanceProfileCommand({ InstanceProfileName: RoleName, Tags }));
      const TagKeys = ['team', 'orgkeeper:owner'];
      await iam.send(new UntagInstanceProfileCommand({ InstanceProfileName: RoleName, TagKeys }));
    },
    read: async ({ clients: { iam } }) => {
      const command = new GetInstanceProfileCommand({ InstanceProfileName: RoleName });
      const { Tags = [] } = (await iam.send(command)).InstanceProfile ?? {};
      return Tags.map(({ Key, Value }) => `${Key}=${Value}`).sort();
    },
    difference: { path: 'instanceProfile.tags.mine', action: 'removed' },
  },
  {
    name: 'an instance profile that holds another role',
    alone: true,
    tamper: async (member) => {
      await plantRole(member, 'other');
      await member.clients.iam.send(new RemoveRoleFromInstanceProfileCommand(held));
      await member.clients.iam.send(
        new AddRoleToInstanceProfileCommand({ InstanceProfileName: RoleName, RoleName: 'other' }),
      );
    },
    read: async (member) => {
      const found = await profileOf(member);
      await member.clients.iam.send(new DeleteRoleCommand({ RoleName: 'other' })).catch(() => undefined);
      return found;
    },
    difference: { path: 'instanceProfile.role', desired: RoleName, actual: 'other' },
  },
  {
    name: 'an instance profile that was deleted',
    alone: true,
    tamper: deleteProfile,
    read: (member) => profileOf(member),
    difference: { path: 'instanceProfile', action: 'created' },
  },
  {
    name: 'a role that was deleted, with its instance profile',
    alone: true,
    tamper: async (member) => {
      await deleteProfile(member);
      for (const PolicyName of await inlineOf(member)) {
        await member.clients.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
      }
      const PolicyArn = policyArn(member, 'kept');
      await member.clients.iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
      await member.clients.iam.send(new DeleteRoleCommand({ RoleName }));
    },
    read: async (member) => (await role(member))?.Arn,
    difference: { resource: RoleName, path: '', action: 'created' },
  },
];

describeKind(roles, {
  account: (account) => ({ ...account, otherRegions: [ELSEWHERE] }),
  section,
  values: { 'values.consumer': CONSUMER, partition: 'aws' },
  memberValues: ({ account }) => ({ 'account.id': account.accountId }),
  predecessor: {
    output: 'vpc.id',
    value: 'vpc-0123456789abcdef0',
    section: { [RoleName]: { ...reader, description: 'in ${vpc.id}', instanceProfile: false } },
  },
  async prepare({ clients }) {
    for (const PolicyName of ['kept', 'boundary']) {
      const PolicyDocument = JSON.stringify(allow('s3:Get*'));
      await clients.iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument }));
    }
  },
  async inventory(member) {
    const { Roles = [] } = await member.clients.iam.send(new ListRolesCommand());
    const { InstanceProfiles = [] } = await member.clients.iam.send(new ListInstanceProfilesCommand());
    const anyAccount = (name = '') => name.replace(member.account.accountId, 'ACCOUNT');
    const found = Roles.map(async ({ Path, RoleName: name = '' }) => [
      `role ${Path}${anyAccount(name)}`,
      ...(await inlineOf(member, name)).map((policy) => `inline ${anyAccount(name)} ${policy}`),
      ...(await attachedOf(member, name)).map((policy) => `attached ${anyAccount(name)} ${policy}`),
    ]);
    return [
      ...(await Promise.all(found)).flat(),
      ...InstanceProfiles.map(
        ({ Path, InstanceProfileName, Roles: held = [] }) =>
          `profile ${Path}${InstanceProfileName} ${held.map((one) => one.RoleName)}`,
      ),
    ];
  },
  tamperings,
  foreign: [
    {
      name: 'a role of that name that somebody else made, and writes the others',
      when: 'before',
      plant: (member) => plantRole(member, RoleName),
      read: (member) => role(member),
      outcome: 'beside',
    },
    {
      name: "the account's execution role, although it carries the tag of our owner",
      when: 'before',
      plant: async (member) => {
        await plantRole(member, RoleName);
        const Tags = [
          { Key: 'orgkeeper:owner', Value: MAIN },
          { Key: 'orgkeeper:name', Value: 'executionRole' },
        ];
        await member.clients.iam.send(new TagRoleCommand({ RoleName, Tags }));
      },
      read: (member) => role(member),
      outcome: 'beside',
    },
    {
      name: 'an instance profile of that name that somebody else made',
      when: 'before',
      plant: async ({ clients }) =>
        void (await clients.iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: RoleName }))),
      read: async (member) => (await profileOf(member))?.[0],
      outcome: 'beside',
    },
    {
      name: 'another role in the account',
      when: 'after',
      plant: (member) => plantRole(member, 'data-reader-2'),
      read: (member) => role(member, 'data-reader-2'),
      outcome: 'beside',
    },
  ],
  harmless: [
    {
      name: 'policies that are written differently and mean the same',
      async tamper(member) {
        const Statement = [{ Effect: 'Allow', Action: ['S3:getObject'], Resource: ['*'] }];
        await putInline(member, 'lake', { Version: '2012-10-17', Statement });
      },
    },
  ],
  blocked: [
    {
      name: 'a role under another path',
      reason: 'NeedsReplacement',
      async tamper(member) {
        const { iam } = member.clients;
        await iam.send(new RemoveRoleFromInstanceProfileCommand(held));
        await moveRole(member, reader.inlinePolicies);
        await iam.send(new AddRoleToInstanceProfileCommand(held));
      },
    },
    {
      name: 'an instance profile under another path',
      reason: 'NeedsReplacement',
      async tamper(member) {
        const { iam } = member.clients;
        const command = new GetInstanceProfileCommand({ InstanceProfileName: RoleName });
        const { Tags = [] } = (await iam.send(command)).InstanceProfile ?? {};
        await deleteProfile(member);
        await iam.send(
          new CreateInstanceProfileCommand({ InstanceProfileName: RoleName, Path: '/moved/', Tags }),
        );
        await iam.send(new AddRoleToInstanceProfileCommand(held));
      },
    },
  ],
  revisions: [
    {
      name: 'a role with another name is made, and the one with the old name stays',
      section: { [RoleName]: { ...reader, name: 'renamed' }, plain },
      difference: { resource: 'renamed', path: '', action: 'created' },
      read: async (member) => [
        await profileOf(member),
        await inlineOf(member),
        (await profileOf(member, 'renamed'))?.[1],
      ],
      wanted: [['/analysis/', RoleName], ['lake', 'listing'], 'renamed'],
    },
  ],
  inUse: [
    {
      name: 'an instance profile of somebody else holds it',
      async plant({ clients }) {
        const InstanceProfileName = 'theirs';
        await clients.iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }));
        await clients.iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }));
      },
      read: async (member) => [await profileOf(member, 'theirs'), await inlineOf(member)],
      names: /instance profile theirs/,
    },
    {
      name: 'an instance of another region of the account has it',
      async plant(member) {
        const command = new RunInstancesCommand({
          ...{ ImageId: 'ami-12c6146b', MinCount: 1, MaxCount: 1 },
          IamInstanceProfile: { Name: RoleName },
        });
        await inRegion(member, ELSEWHERE).clients.ec2.send(command);
      },
      read: async (member) => [await profileOf(member), await inlineOf(member)],
      names: /in use by instance i-\w+ \(us-east-1\)/,
    },
  ],
});

async function deleteProfile({ clients }: Member): Promise<void> {
  await clients.iam.send(new RemoveRoleFromInstanceProfileCommand(held));
  await clients.iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName: RoleName }));
}

async function plantRole({ clients }: Member, name: string): Promise<void> {
  const AssumeRolePolicyDocument = JSON.stringify(trust('arn:aws:iam::888888888888:root'));
  await clients.iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
}

function trust(principal: string) {
  const Statement = [{ Effect: 'Allow', Principal: { AWS: principal }, Action: 'sts:AssumeRole' }];
  return { Version: '2012-10-17', Statement };
}
