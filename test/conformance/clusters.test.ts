import {
  AddTagsCommand,
  DescribeClusterCommand,
  ListClustersCommand,
  RemoveTagsCommand,
  RunJobFlowCommand,
} from '@aws-sdk/client-emr';
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListInstanceProfilesCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  RemoveRoleFromInstanceProfileCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { clusters } from '../../controllers/kinds/clusters/kind.ts';
import type { WantedCluster } from '../../shared/domain/clusters.ts';
import { describeKind } from './suite.ts';
import type { Member } from './support.ts';

const wanted = (name: string): WantedCluster => ({
  ...{ name, request: `request-of-${name}`, requester: 'ana@example.com', region: 'eu-west-1' },
  ...{ instanceType: 'm5.xlarge', count: 3, release: 'emr-7.5.0' },
  requestedAt: new Date().toISOString(),
  // Every pass of the suite takes place an hour after the one before.
  until: new Date(Date.now() + 1_000 * 3_600_000).toISOString(),
});

const live = async ({ clients }: Member) => {
  const ClusterStates = [
    'STARTING' as const,
    'BOOTSTRAPPING' as const,
    'RUNNING' as const,
    'WAITING' as const,
  ];
  const { Clusters = [] } = await clients.elasticmapreduce.send(new ListClustersCommand({ ClusterStates }));
  return Promise.all(
    Clusters.map(async ({ Id: ClusterId = '' }) => {
      const { Cluster = {} } = await clients.elasticmapreduce.send(new DescribeClusterCommand({ ClusterId }));
      return Cluster;
    }),
  );
};
const idOf = async (member: Member, name: string) =>
  (await live(member)).find(({ Name }) => Name === `orgkeeper-${name}`)?.Id ?? '';
const tagsOf = async (member: Member, name: string) => {
  const all = await live(member);
  const tags = all.find(({ Name }) => Name === `orgkeeper-${name}`)?.Tags ?? [];
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));
};

const role = (use: string, { account }: Member) => `analysis-clusters-${use}-${account.region}`;
/** The roles of this region with what hangs on them, since each region has its own. */
const roleLines = async (member: Member) => {
  const { clients, account } = member;
  const { Roles = [] } = await clients.iam.send(new ListRolesCommand({}));
  const names = Roles.map(({ RoleName = '' }) => RoleName)
    .filter((name) => name.endsWith(account.region))
    .sort();
  return Promise.all(
    names.map(async (RoleName) => {
      const [attached, inline, tags] = await Promise.all([
        clients.iam.send(new ListAttachedRolePoliciesCommand({ RoleName })),
        clients.iam.send(new ListRolePoliciesCommand({ RoleName })),
        clients.iam.send(new ListRoleTagsCommand({ RoleName })),
      ]);
      return JSON.stringify([
        RoleName,
        (attached.AttachedPolicies ?? []).map(({ PolicyArn }) => PolicyArn),
        inline.PolicyNames,
        (tags.Tags ?? []).map(({ Key }) => Key).sort(),
      ]);
    }),
  );
};
const policyLines = async (member: Member) => {
  const RoleName = role('instances', member);
  const { PolicyDocument = '' } = await member.clients.iam.send(
    new GetRolePolicyCommand({ RoleName, PolicyName: 'orgkeeper-clusters' }),
  );
  return decodeURIComponent(PolicyDocument);
};
const trustLines = async (member: Member) => {
  const command = new GetRoleCommand({ RoleName: role('instances', member) });
  return decodeURIComponent((await member.clients.iam.send(command)).Role?.AssumeRolePolicyDocument ?? '');
};
const boundaryOf = async (member: Member) => {
  const command = new GetRoleCommand({ RoleName: role('instances', member) });
  return (await member.clients.iam.send(command)).Role?.PermissionsBoundary?.PermissionsBoundaryArn;
};
const EMRS = 'arn:aws:iam::aws:policy/service-role/AmazonElasticMapReduceRole';
const LIMIT = 'arn:aws:iam::aws:policy/PowerUserAccess';
const profileLines = async ({ clients, account }: Member) => {
  const { InstanceProfiles = [] } = await clients.iam.send(new ListInstanceProfilesCommand({}));
  return InstanceProfiles.filter(({ InstanceProfileName }) => InstanceProfileName?.endsWith(account.region))
    .map(({ InstanceProfileName, Roles = [] }) =>
      JSON.stringify([InstanceProfileName, Roles.map(({ RoleName }) => RoleName)]),
    )
    .sort();
};
const clusterLines = async (member: Member) =>
  (await live(member)).map(({ Name, Tags = [], ServiceRole }) =>
    JSON.stringify([Name, ServiceRole, Tags.map(({ Key, Value }) => `${Key}=${Value}`).sort()]).replace(
      member.account.accountId,
      'ACCOUNT',
    ),
  );

const launchOther = (Name: string) => async (member: Member) =>
  void (await member.clients.elasticmapreduce.send(
    new RunJobFlowCommand({
      Name,
      ReleaseLabel: 'emr-7.5.0',
      Instances: { KeepJobFlowAliveWhenNoSteps: true, MasterInstanceType: 'm5.xlarge', InstanceCount: 1 },
    }),
  ));
const section = {
  most: 3,
  instanceTypes: ['m5.xlarge'],
  longest: '1001h',
  subnet: '${subnet.public.id}',
};

describeKind(clusters, {
  section,
  values: { 'subnet.public.id': 'subnet-0a1b2c3d4e5f60718' },
  account: (account) => ({ ...account, clusters: [wanted('nightly'), wanted('ad-hoc')] }),
  inventory: async (member) =>
    (await Promise.all([clusterLines(member), roleLines(member), profileLines(member)])).flat().sort(),
  tamperings: [
    {
      name: 'a cost tag that somebody changed',
      tamper: async (member) =>
        void (await member.clients.elasticmapreduce.send(
          new AddTagsCommand({
            ResourceId: await idOf(member, 'nightly'),
            Tags: [{ Key: 'orgkeeper:requester', Value: 'somebody' }],
          }),
        )),
      read: (member) => tagsOf(member, 'nightly'),
      difference: {
        resource: 'cluster nightly',
        path: 'tags.orgkeeper:requester',
        desired: 'ana@example.com',
        actual: 'somebody',
        action: 'updated',
      },
    },
    {
      name: 'the tags that were taken off a cluster',
      tamper: async (member) =>
        void (await member.clients.elasticmapreduce.send(
          new RemoveTagsCommand({
            ResourceId: await idOf(member, 'ad-hoc'),
            TagKeys: ['orgkeeper:owner', 'orgkeeper:request'],
          }),
        )),
      read: (member) => tagsOf(member, 'ad-hoc'),
      difference: { resource: 'cluster ad-hoc', path: 'tags.orgkeeper:owner', action: 'created' },
    },
    {
      name: 'a tag that was taken off a role',
      tamper: async (member) =>
        void (await member.clients.iam.send(
          new UntagRoleCommand({ RoleName: role('service', member), TagKeys: ['orgkeeper:account'] }),
        )),
      read: roleLines,
      difference: { path: 'tags.orgkeeper:account', action: 'created' },
    },
    {
      name: 'the policy of the instances that somebody widened',
      tamper: async (member) =>
        void (await member.clients.iam.send(
          new PutRolePolicyCommand({
            ...{ RoleName: role('instances', member), PolicyName: 'orgkeeper-clusters' },
            PolicyDocument: JSON.stringify({
              Version: '2012-10-17',
              Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
            }),
          }),
        )),
      read: policyLines,
      difference: { path: 'inlinePolicies.orgkeeper-clusters', action: 'updated' },
    },
    {
      name: 'the role of the instances, which now trusts everybody, too',
      tamper: async (member) =>
        void (await member.clients.iam.send(
          new UpdateAssumeRolePolicyCommand({
            RoleName: role('instances', member),
            PolicyDocument: JSON.stringify({
              Version: '2012-10-17',
              Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
            }),
          }),
        )),
      read: trustLines,
      difference: { path: 'trustPolicy', action: 'updated' },
    },
    {
      name: 'policies that somebody attached to the role of the instances, and put into the role of EMR',
      tamper: async (member) => {
        const PolicyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
        await member.clients.iam.send(
          new AttachRolePolicyCommand({ RoleName: role('instances', member), PolicyArn }),
        );
        await member.clients.iam.send(
          new PutRolePolicyCommand({
            ...{ RoleName: role('service', member), PolicyName: 'mine' },
            PolicyDocument: JSON.stringify({
              Version: '2012-10-17',
              Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
            }),
          }),
        );
      },
      read: roleLines,
      difference: { path: 'inlinePolicies.mine', action: 'removed' },
    },
    {
      name: 'the policy of AWS that was detached from the role of EMR',
      tamper: async (member) =>
        void (await member.clients.iam.send(
          new DetachRolePolicyCommand({ RoleName: role('service', member), PolicyArn: EMRS }),
        )),
      read: roleLines,
      difference: { path: `managedPolicies.${EMRS}`, action: 'created' },
    },
    {
      name: 'a boundary that somebody gave the role of the instances',
      tamper: async (member) =>
        void (await member.clients.iam.send(
          new PutRolePermissionsBoundaryCommand({
            RoleName: role('instances', member),
            PermissionsBoundary: LIMIT,
          }),
        )),
      read: boundaryOf,
      difference: { path: 'permissionsBoundary', action: 'removed' },
    },
    {
      name: 'a boundary of the baseline that was taken off',
      section: { ...section, permissionsBoundary: LIMIT },
      tamper: async (member) =>
        void (await member.clients.iam.send(
          new DeleteRolePermissionsBoundaryCommand({ RoleName: role('instances', member) }),
        )),
      read: boundaryOf,
      difference: { path: 'permissionsBoundary', action: 'created' },
    },
    {
      name: 'the role of EMR that was deleted',
      alone: true,
      tamper: async (member) => {
        const RoleName = role('service', member);
        const { AttachedPolicies = [] } = await member.clients.iam.send(
          new ListAttachedRolePoliciesCommand({ RoleName }),
        );
        for (const { PolicyArn } of AttachedPolicies)
          await member.clients.iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
        await member.clients.iam.send(new DeleteRoleCommand({ RoleName }));
      },
      read: roleLines,
      difference: { path: '', action: 'created' },
    },
    {
      name: 'an instance profile without its role',
      alone: true,
      tamper: async (member) => {
        const name = role('instances', member);
        await member.clients.iam.send(
          new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }),
        );
      },
      read: profileLines,
      difference: { path: 'role', action: 'created' },
    },
    {
      name: 'an instance profile that was deleted',
      alone: true,
      tamper: async (member) => {
        const name = role('instances', member);
        const profile = { InstanceProfileName: name };
        await member.clients.iam.send(
          new RemoveRoleFromInstanceProfileCommand({ ...profile, RoleName: name }),
        );
        await member.clients.iam.send(new DeleteInstanceProfileCommand(profile));
      },
      read: profileLines,
      difference: { path: '', action: 'created' },
    },
  ],
  foreign: [
    {
      name: 'a cluster of somebody else',
      when: 'after',
      plant: launchOther('theirs'),
      read: async (member) => (await clusterLines(member)).filter((line) => line.includes('theirs')),
      outcome: 'beside',
    },
    {
      name: 'a cluster with a name like ours, and without our tags',
      when: 'after',
      plant: launchOther('orgkeeper-theirs'),
      read: async (member) => (await clusterLines(member)).filter((line) => line.includes('theirs')),
      outcome: 'beside',
    },
    {
      name: 'a role of somebody else with the name of ours',
      when: 'before',
      plant: async (member) =>
        void (await member.clients.iam.send(
          new CreateRoleCommand({
            RoleName: role('instances', member),
            AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [] }),
          }),
        )),
      read: roleLines,
      outcome: 'stands-aside',
    },
  ],
  predecessor: { output: 'subnet.public.id', value: 'subnet-0a1b2c3d4e5f60718', section },
  revisions: [
    {
      name: 'gives the instances the policy that they are to have then',
      section: {
        ...section,
        instancePolicy: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::acme-lake/*' }],
        },
      },
      difference: { path: 'tags.orgkeeper:content', action: 'updated' },
      read: async (member) => (await policyLines(member)).includes('acme-lake'),
      wanted: true,
    },
  ],
  harmless: [
    {
      name: 'a tag of somebody else on a cluster',
      tamper: async (member) =>
        void (await member.clients.elasticmapreduce.send(
          new AddTagsCommand({
            ResourceId: await idOf(member, 'nightly'),
            Tags: [{ Key: 'team', Value: 'genomics' }],
          }),
        )),
    },
  ],
});
