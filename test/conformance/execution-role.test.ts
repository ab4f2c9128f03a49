import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  CreateInstanceProfileCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DetachRolePolicyCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  ListRolesCommand,
  PutRolePermissionsBoundaryCommand,
  TagRoleCommand,
  UntagRoleCommand,
} from '@aws-sdk/client-iam';
import { executionRole } from '../../controllers/kinds/execution-role/kind.ts';
import type { KindAccount } from '../../controllers/kinds/kind.ts';
import { allow, policyArn, roleByHand } from './role-by-hand.ts';
import { sharedTamperings } from './shared-tamperings.ts';
import { describeKind, type Tampering } from './suite.ts';
import type { Member } from './support.ts';

const RoleName = 'orgkeeper-execution';
const RUNNER = 'arn:aws:iam::345678901234:role/orgkeeper-WorkflowLoopRunnerRole';

const section = {
  name: RoleName,
  description: 'Runs analytics',
  maxSessionDuration: 7200,
  trustPolicy: trust('${main.runnerRole}', '${account.externalId}'),
  inlinePolicies: {
    analytics: {
      Version: '2012-10-17',
      Statement: [{ Sid: 'S3', Effect: 'Allow', Action: ['s3:Get*', 's3:List*'], Resource: '*' }],
    },
    reading: allow('ssm:GetParameter'),
  },
  managedPolicies: ['arn:${partition}:iam::${account.id}:policy/kept'],
  permissionsBoundary: 'arn:aws:iam::${account.id}:policy/boundary',
  tags: { team: 'genomics' },
};

/** Without what only a role of ours can have. */
const given = { ...section, managedPolicies: [], permissionsBoundary: undefined };

const {
  role,
  inlineOf,
  inline,
  trustOf,
  boundaryOf,
  tagsOf,
  attachedOf,
  putTrust,
  putInline,
  deleteRole,
  moveRole,
} = roleByHand(RoleName);

/** What only this section shows: a boundary, managed policies, tags of its own. */
const tamperings: readonly Tampering[] = [
  {
    name: 'a trust policy that no longer asks for the ExternalId',
    tamper: async (member) => {
      const [statement] = trust(RUNNER, 'x').Statement;
      await putTrust(member, { Version: '2012-10-17', Statement: [{ ...statement, Condition: undefined }] });
    },
    read: trustOf,
    difference: { path: 'trustPolicy' },
  },
  {
    name: 'a trust policy whose principal was deleted, and shows as a unique id',
    tamper: async (member) => void (await putTrust(member, trust('AROAEXAMPLEID123456789', 'e'.repeat(32)))),
    read: trustOf,
    difference: { path: 'trustPolicy' },
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
    name: 'a permissions boundary that was taken off',
    tamper: async ({ clients }) =>
      void (await clients.iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }))),
    read: boundaryOf,
    difference: { path: 'permissionsBoundary', action: 'created' },
  },
  {
    name: 'a permissions boundary that was replaced',
    tamper: async (member) => {
      const PermissionsBoundary = policyArn(member, 'other');
      await member.clients.iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }));
    },
    read: boundaryOf,
    difference: { path: 'permissionsBoundary', action: 'updated' },
  },
  {
    name: 'a tag with another value',
    tamper: async ({ clients }) =>
      void (await clients.iam.send(new TagRoleCommand({ RoleName, Tags: [{ Key: 'team', Value: 'x' }] }))),
    read: tagsOf,
    difference: { path: 'tags.team', desired: 'genomics', actual: 'x', action: 'updated' },
  },
  {
    name: 'a role that lost all its tags, those of its owner too',
    tamper: async ({ clients }) => {
      const TagKeys = ['team', 'orgkeeper:owner', 'orgkeeper:name'];
      await clients.iam.send(new UntagRoleCommand({ RoleName, TagKeys }));
    },
    read: tagsOf,
    difference: { path: 'tags.orgkeeper:owner', action: 'created' },
  },
  {
    name: 'a role that was deleted, with its boundary and all its policies',
    alone: true,
    tamper: deleteRole,
    read: async (member) =>
      (await role(member)) && [
        await trustOf(member),
        await boundaryOf(member),
        await inlineOf(member),
        await attachedOf(member),
      ],
    difference: { path: '', action: 'created' },
  },
];

describeKind(executionRole, {
  section,
  values: {
    'main.runnerRole': RUNNER,
    'main.apiRole': 'arn:aws:iam::345678901234:role/orgkeeper-ApiHandlerRole',
    'account.externalId': 'e'.repeat(32),
    partition: 'aws',
  },
  memberValues: ({ account }) => ({ 'account.id': account.accountId }),
  async prepare({ clients }) {
    for (const PolicyName of ['kept', 'other', 'boundary']) {
      const PolicyDocument = JSON.stringify(allow('s3:Get*'));
      await clients.iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument }));
    }
  },
  async inventory(member) {
    const { Roles = [] } = await member.clients.iam.send(new ListRolesCommand());
    const ours = Roles.some((found) => found.RoleName === RoleName);
    return [
      ...Roles.map((found) => `role ${found.Path}${found.RoleName}`),
      ...(ours ? (await inlineOf(member)).map((name) => `inline ${name}`) : []),
      ...(ours ? ((await attachedOf(member)) ?? []).map((name) => `attached ${name}`) : []),
    ];
  },
  tamperings: [...tamperings, ...sharedTamperings('executionRole')],
  foreign: [
    {
      name: 'a role of that name that somebody else made',
      when: 'before',
      plant: (member) => plantRole(member, RoleName),
      read: (member) => role(member),
      outcome: 'stands-aside',
    },
    {
      name: 'another role in the account',
      when: 'after',
      plant: (member) => plantRole(member, 'orgkeeper-execution-2'),
      read: async ({ clients }) =>
        (await clients.iam.send(new GetRoleCommand({ RoleName: 'orgkeeper-execution-2' }))).Role,
      outcome: 'beside',
    },
  ],
  harmless: [
    {
      name: 'policies that are written differently and mean the same',
      async tamper(member) {
        await putTrust(member, {
          Statement: {
            Condition: { StringEquals: { 'STS:ExternalID': ['e'.repeat(32)] } },
            Action: ['sts:AssumeRole'],
            Principal: { AWS: [RUNNER, RUNNER] },
            Effect: 'Allow',
          },
          Version: '2012-10-17',
        });
        const Statement = [{ Sid: 'S3', Effect: 'Allow', Action: ['S3:list*', 's3:get*'], Resource: ['*'] }];
        await putInline(member, 'analytics', { Version: '2012-10-17', Statement });
      },
    },
  ],
  blocked: [
    {
      name: 'a role that was made again under another path',
      reason: 'NeedsReplacement',
      async tamper(member) {
        await moveRole(member, section.inlinePolicies);
      },
    },
  ],
  given: [
    {
      name: "the owner's role, which covers the baseline",
      account: entered,
      section: given,
      plant: (member) => plantGiven(member, 's3:*', 'ssm:*', 'iam:*'),
      read: everythingOf,
      lacks: [],
    },
    {
      name: "the owner's role, which lacks some of it",
      account: entered,
      section: given,
      plant: (member) => plantGiven(member, 's3:Get*', 'iam:*'),
      read: everythingOf,
      lacks: ['permissions.s3:List* on *', 'permissions.ssm:GetParameter on *'],
    },
    {
      name: "the owner's role, whose boundary takes some of it back",
      account: entered,
      section: given,
      async plant(member) {
        await plantGiven(member, '*');
        const PermissionsBoundary = policyArn(member, 'boundary');
        await member.clients.iam.send(
          new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }),
        );
      },
      read: everythingOf,
      lacks: [
        `permissions.iam:GetRole on arn:aws:iam::ACCOUNT:role/${RoleName}`,
        'permissions.s3:List* on *',
        'permissions.ssm:GetParameter on *',
      ],
    },
    {
      name: "the owner's role, which does not trust Main",
      account: entered,
      section: given,
      async plant(member) {
        await plantGiven(member, '*');
        await putTrust(member, trust('arn:aws:iam::999999999999:root', 'e'.repeat(32)));
      },
      read: everythingOf,
      lacks: [`trustPolicy.sts:AssumeRole by AWS ${RUNNER}`],
    },
  ],
  inUse: [
    {
      name: 'an instance profile holds it',
      async plant({ clients }) {
        const InstanceProfileName = 'cluster';
        await clients.iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }));
        await clients.iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }));
      },
      read: async (member) => [
        (await member.clients.iam.send(new GetInstanceProfileCommand({ InstanceProfileName: 'cluster' })))
          .InstanceProfile?.Roles?.length,
        await inlineOf(member),
        await attachedOf(member),
      ],
      names: /instance profile cluster/,
    },
  ],
});

/** Everything of the role that a pass could change. */
async function everythingOf(member: Member): Promise<unknown> {
  const names = await inlineOf(member);
  const documents = await Promise.all(names.map((name) => inline(member, name)));
  return [await role(member), names, documents, await attachedOf(member)];
}

/** An account that is entered by the role of that name. */
function entered(account: KindAccount): KindAccount {
  const roleArn = `arn:aws:iam::${account.accountId}:role/${RoleName}`;
  const required = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'iam:GetRole', Resource: roleArn }],
  };
  const caller = { runnerRoleArn: RUNNER, organizationId: 'o-exampleorg1', stsRegion: account.region };
  const asked = { ...caller, externalId: 'e'.repeat(32) };
  const aboutRegions = ['account:GetRegionOptStatus'];
  const forReviews = ['iam:GetAccountAuthorizationDetails', 's3:GetBucketPolicy', 's3:ListAllMyBuckets'];
  const entry = { roleArn, ...asked, policy: required, required, aboutRegions, forReviews };
  return { ...account, entry };
}

/** A role as its owner would make it by hand: one inline policy, one attached. */
async function plantGiven(member: Member, first: string, ...others: string[]): Promise<void> {
  const { iam } = member.clients;
  const AssumeRolePolicyDocument = JSON.stringify(trust(RUNNER, 'e'.repeat(32)));
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  await putInline(member, 'mine', allow(first));
  const Statement = [{ Effect: 'Allow', Action: others.length > 0 ? others : [first], Resource: '*' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.send(new CreatePolicyCommand({ PolicyName: 'theirs', PolicyDocument }));
  await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: policyArn(member, 'theirs') }));
}

async function plantRole({ clients }: Member, name: string): Promise<void> {
  const AssumeRolePolicyDocument = JSON.stringify(trust('arn:aws:iam::999999999999:root', 'x'));
  await clients.iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
}

function trust(principal: string, externalId: string) {
  const Condition = { StringEquals: { 'sts:ExternalId': externalId } };
  const statement = { Effect: 'Allow', Principal: { AWS: principal }, Action: 'sts:AssumeRole', Condition };
  return { Version: '2012-10-17', Statement: [statement] };
}
