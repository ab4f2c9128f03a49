import {
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  DeleteRouteCommand,
  DeleteSubnetCommand,
  DeleteTagsCommand,
  DeleteVpcEndpointsCommand,
  DescribeRouteTablesCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
  ModifySubnetAttributeCommand,
  ModifyVpcAttributeCommand,
  ModifyVpcEndpointCommand,
  ReplaceRouteTableAssociationCommand,
} from '@aws-sdk/client-ec2';
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import {
  DeleteParameterCommand,
  PutParameterCommand,
  RemoveTagsFromResourceCommand,
} from '@aws-sdk/client-ssm';
import type { Difference, DifferenceAction } from '../shared/domain/status.ts';
import {
  type AccountClients,
  type Administrator,
  CIDR,
  clientsIn,
  type Ids,
  ROLE,
  type World,
} from './account-world.ts';

/** Somebody in an account, and what they find there. */
export interface Hand extends AccountClients {
  readonly accountId: string;
  readonly ids: Ids;
}

/** One thing that somebody does by hand in an account of the baseline `analytics`, and what Orgkeeper must say of it. */
export interface Tampering {
  /** As the AWS CLI calls it. */
  readonly command: string;
  /** Which of the accounts: what one command does must not hide what another did. */
  readonly account: 'edited' | 'emptied' | 'untagged';
  readonly tamper: (hand: Hand) => Promise<unknown>;
  /** What of the account it changes. */
  readonly changes: (world: World) => unknown;
  /** In its path, `ACCOUNT` stands for the account's id. */
  readonly difference: Pick<Difference, 'kind' | 'resource' | 'path' | 'action'> & Values;
}
type Values = Pick<Difference, 'desired' | 'actual'>;

export function handIn(administrator: Administrator, accountId: string, ids: Ids): Hand {
  return { ...clientsIn(administrator, accountId), accountId, ids };
}

const role = { RoleName: ROLE };
const byHand = (accountId: string) => `arn:aws:iam::${accountId}:policy/by-hand`;
const anything = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});
const anybody = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
});

const inRole = (path: string, action: DifferenceAction, values?: Values) => ({
  kind: 'executionRole',
  resource: ROLE,
  path,
  action,
  ...values,
});
const inNetwork = (resource: string, path: string, action: DifferenceAction, values?: Values) => ({
  kind: 'network',
  resource,
  path,
  action,
  ...values,
});
const inParameter = (resource: string, path: string, action: DifferenceAction, values?: Values) => ({
  kind: 'parameters',
  resource,
  path,
  action,
  ...values,
});
const SWITCHED_OFF = { desired: true, actual: false };
const DESCRIPTION = 'Assumed by the Main account to run analytics here; managed by Orgkeeper';
const theSubnet = ({ subnets }: World) => subnets['10.0.0.0/20'];
/** A resource without our tags is known by its id alone. */
const untagging = (
  resource: string,
  id: (ids: Ids) => string,
  changes: Tampering['changes'],
  named = 'orgkeeper:owner',
): Tampering => ({
  command: `ec2 delete-tags (${resource})`,
  account: 'untagged',
  tamper: ({ ec2, ids }) =>
    ec2.send(
      new DeleteTagsCommand({
        Resources: [id(ids)],
        Tags: [{ Key: 'orgkeeper:owner' }, { Key: 'orgkeeper:name' }],
      }),
    ),
  changes,
  difference: inNetwork(resource, `tags.${named}`, 'created'),
});

/**
 * What people change by hand: the one list. The demo shows a part of it; the journeys try all of it on whole accounts, and the
 * conformance suite the part of each kind.
 */
export const TAMPERINGS: readonly Tampering[] = [
  {
    command: 'iam delete-role-policy',
    account: 'edited',
    tamper: ({ iam }) => iam.send(new DeleteRolePolicyCommand({ ...role, PolicyName: 'analytics' })),
    changes: (world) => world.role?.inline.analytics,
    difference: inRole('inlinePolicies.analytics', 'created'),
  },
  {
    command: 'iam put-role-policy (another one)',
    account: 'edited',
    tamper: ({ iam }) =>
      iam.send(new PutRolePolicyCommand({ ...role, PolicyName: 'backdoor', PolicyDocument: anything })),
    changes: (world) => world.role?.inline.backdoor,
    difference: inRole('inlinePolicies.backdoor', 'removed'),
  },
  {
    command: 'iam put-role-policy (over ours)',
    account: 'untagged',
    tamper: ({ iam }) =>
      iam.send(new PutRolePolicyCommand({ ...role, PolicyName: 'analytics', PolicyDocument: anything })),
    changes: (world) => world.role?.inline.analytics,
    difference: inRole('inlinePolicies.analytics', 'updated'),
  },
  {
    command: 'iam update-assume-role-policy',
    account: 'edited',
    tamper: ({ iam }) => iam.send(new UpdateAssumeRolePolicyCommand({ ...role, PolicyDocument: anybody })),
    changes: (world) => world.role?.trust,
    difference: inRole('trustPolicy', 'updated'),
  },
  {
    command: 'iam attach-role-policy',
    account: 'edited',
    tamper: async ({ iam, accountId }) => {
      await iam.send(new CreatePolicyCommand({ PolicyName: 'by-hand', PolicyDocument: anything }));
      await iam.send(new AttachRolePolicyCommand({ ...role, PolicyArn: byHand(accountId) }));
    },
    changes: (world) => world.role?.attached,
    difference: inRole('managedPolicies.arn:aws:iam::ACCOUNT:policy/by-hand', 'removed'),
  },
  {
    command: 'iam untag-role',
    account: 'edited',
    tamper: ({ iam }) => iam.send(new UntagRoleCommand({ ...role, TagKeys: ['orgkeeper:owner'] })),
    changes: (world) => world.role?.tags,
    difference: inRole('tags.orgkeeper:owner', 'created'),
  },
  {
    command: 'iam tag-role',
    account: 'untagged',
    tamper: ({ iam }) => iam.send(new TagRoleCommand({ ...role, Tags: [{ Key: 'team', Value: 'red' }] })),
    changes: (world) => world.role?.tags,
    difference: inRole('tags.team', 'removed'),
  },
  {
    command: 'iam update-role (description)',
    account: 'edited',
    tamper: ({ iam }) => iam.send(new UpdateRoleCommand({ ...role, Description: 'mine now' })),
    changes: (world) => world.role?.description,
    difference: inRole('description', 'updated', { desired: DESCRIPTION, actual: 'mine now' }),
  },
  {
    command: 'iam update-role (max session duration)',
    account: 'untagged',
    tamper: ({ iam }) =>
      iam.send(
        new UpdateRoleCommand({
          ...role,
          MaxSessionDuration: 43_200,
          Description: DESCRIPTION,
        }),
      ),
    changes: (world) => world.role?.maxSessionDuration,
    difference: inRole('maxSessionDuration', 'updated', { desired: 3_600, actual: 43_200 }),
  },
  {
    command: 'iam put-role-permissions-boundary',
    account: 'untagged',
    tamper: async ({ iam, accountId }) => {
      await iam.send(new CreatePolicyCommand({ PolicyName: 'by-hand', PolicyDocument: anything }));
      await iam.send(
        new PutRolePermissionsBoundaryCommand({ ...role, PermissionsBoundary: byHand(accountId) }),
      );
    },
    changes: (world) => world.role?.boundary,
    difference: inRole('permissionsBoundary', 'removed'),
  },
  {
    command: 'iam delete-role',
    account: 'emptied',
    tamper: async ({ iam }) => {
      await iam.send(new DeleteRolePolicyCommand({ ...role, PolicyName: 'analytics' }));
      await iam.send(new DeleteRoleCommand(role));
    },
    changes: (world) => world.role === undefined,
    difference: inRole('', 'created'),
  },
  {
    command: 'ec2 delete-route',
    account: 'edited',
    tamper: ({ ec2, ids }) =>
      ec2.send(new DeleteRouteCommand({ RouteTableId: ids.table, DestinationCidrBlock: '0.0.0.0/0' })),
    changes: (world) => world.tables.map(({ routes }) => routes['0.0.0.0/0']),
    difference: inNetwork('route table public', 'routes.0.0.0.0/0', 'created'),
  },
  {
    command: 'ec2 disassociate-route-table',
    account: 'edited',
    tamper: ({ ec2, ids }) => ec2.send(new DisassociateRouteTableCommand({ AssociationId: ids.association })),
    changes: (world) => theSubnet(world)?.table,
    difference: inNetwork('subnet public', 'routeTable', 'created'),
  },
  {
    command: 'ec2 delete-subnet',
    account: 'emptied',
    tamper: async ({ ec2, ids }) => {
      await ec2.send(new DisassociateRouteTableCommand({ AssociationId: ids.association }));
      await ec2.send(new DeleteSubnetCommand({ SubnetId: ids.subnet }));
    },
    changes: (world) => theSubnet(world),
    difference: inNetwork('subnet public', '', 'created'),
  },
  {
    command: 'ec2 detach-internet-gateway',
    account: 'emptied',
    tamper: ({ ec2, ids }) =>
      ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId: ids.gateway, VpcId: ids.vpc })),
    changes: (world) => world.gateways.map(({ attachedTo }) => attachedTo),
    difference: inNetwork('internet gateway', 'attachment', 'created'),
  },
  {
    command: 'ec2 delete-vpc-endpoints',
    account: 'emptied',
    tamper: ({ ec2, ids }) => ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [ids.endpoint] })),
    changes: (world) => world.endpoints,
    difference: inNetwork('endpoint s3', '', 'created'),
  },
  {
    command: 'ec2 replace-route-table-association',
    account: 'untagged',
    async tamper({ ec2, ids }) {
      const Filters = [
        { Name: 'vpc-id', Values: [ids.vpc] },
        { Name: 'association.main', Values: ['true'] },
      ];
      const { RouteTables: [main] = [] } = await ec2.send(new DescribeRouteTablesCommand({ Filters }));
      const to = { AssociationId: ids.association, RouteTableId: main?.RouteTableId };
      await ec2.send(new ReplaceRouteTableAssociationCommand(to));
    },
    changes: (world) => theSubnet(world)?.table,
    difference: inNetwork('subnet public', 'routeTable', 'updated'),
  },
  {
    command: 'ec2 modify-vpc-endpoint (off its route table)',
    account: 'untagged',
    tamper: ({ ec2, ids }) =>
      ec2.send(
        new ModifyVpcEndpointCommand({ VpcEndpointId: ids.endpoint, RemoveRouteTableIds: [ids.table] }),
      ),
    changes: (world) => world.endpoints.map(({ tables }) => tables),
    difference: inNetwork('endpoint s3', 'routeTables', 'updated'),
  },
  {
    command: 'ec2 modify-vpc-attribute (DNS hostnames)',
    account: 'edited',
    tamper: ({ ec2, ids }) =>
      ec2.send(new ModifyVpcAttributeCommand({ VpcId: ids.vpc, EnableDnsHostnames: { Value: false } })),
    changes: (world) => world.vpcs.map(({ dnsHostnames }) => dnsHostnames),
    difference: inNetwork('vpc', 'dnsHostnames', 'updated', SWITCHED_OFF),
  },
  {
    command: 'ec2 modify-vpc-attribute (DNS support)',
    account: 'untagged',
    tamper: ({ ec2, ids }) =>
      ec2.send(new ModifyVpcAttributeCommand({ VpcId: ids.vpc, EnableDnsSupport: { Value: false } })),
    changes: (world) => world.vpcs.map(({ dnsSupport }) => dnsSupport),
    difference: inNetwork('vpc', 'dnsSupport', 'updated', SWITCHED_OFF),
  },
  {
    command: 'ec2 modify-subnet-attribute',
    account: 'edited',
    tamper: ({ ec2, ids }) =>
      ec2.send(
        new ModifySubnetAttributeCommand({ SubnetId: ids.subnet, MapPublicIpOnLaunch: { Value: false } }),
      ),
    changes: (world) => theSubnet(world)?.mapPublicIp,
    difference: inNetwork('subnet public', 'mapPublicIpOnLaunch', 'updated', SWITCHED_OFF),
  },
  untagging(
    'vpc',
    ({ vpc }) => vpc,
    ({ vpcs }) => vpcs.map(({ tags }) => tags),
  ),
  untagging(
    'subnet public',
    ({ subnet }) => subnet,
    (world) => theSubnet(world)?.tags,
  ),
  untagging(
    'internet gateway',
    ({ gateway }) => gateway,
    ({ gateways }) => gateways.map(({ tags }) => tags),
    'orgkeeper:name',
  ),
  untagging(
    'route table public',
    ({ table }) => table,
    ({ tables }) => tables.map(({ tags }) => tags),
  ),
  untagging(
    'endpoint s3',
    ({ endpoint }) => endpoint,
    ({ endpoints }) => endpoints.map(({ tags }) => tags),
  ),
  {
    command: 'ssm put-parameter --overwrite (value)',
    account: 'edited',
    tamper: ({ ssm }) =>
      ssm.send(
        new PutParameterCommand({
          Name: '/orgkeeper/network/vpc-cidr',
          Value: '10.9.0.0/16',
          Overwrite: true,
        }),
      ),
    changes: ({ parameters }) => parameters['/orgkeeper/network/vpc-cidr']?.value,
    difference: inParameter('/orgkeeper/network/vpc-cidr', 'value', 'updated', {
      desired: CIDR,
      actual: '10.9.0.0/16',
    }),
  },
  {
    command: 'ssm put-parameter --overwrite (description)',
    account: 'untagged',
    tamper: ({ ssm, accountId }) =>
      ssm.send(
        new PutParameterCommand({
          Name: '/orgkeeper/account/id',
          Value: accountId,
          Description: 'no idea',
          Overwrite: true,
        }),
      ),
    changes: ({ parameters }) => parameters['/orgkeeper/account/id']?.description,
    difference: inParameter('/orgkeeper/account/id', 'description', 'updated', {
      desired: 'Id of this account',
      actual: 'no idea',
    }),
  },
  {
    command: 'ssm delete-parameter',
    account: 'edited',
    tamper: ({ ssm }) => ssm.send(new DeleteParameterCommand({ Name: '/orgkeeper/network/vpc-id' })),
    changes: ({ parameters }) => parameters['/orgkeeper/network/vpc-id'],
    difference: inParameter('/orgkeeper/network/vpc-id', '', 'created'),
  },
  {
    command: 'ssm remove-tags-from-resource',
    account: 'untagged',
    tamper: ({ ssm }) =>
      ssm.send(
        new RemoveTagsFromResourceCommand({
          ResourceType: 'Parameter',
          ResourceId: '/orgkeeper/role/arn',
          TagKeys: ['orgkeeper:name'],
        }),
      ),
    changes: ({ parameters }) => parameters['/orgkeeper/role/arn']?.tags,
    difference: inParameter('/orgkeeper/role/arn', 'tags.orgkeeper:name', 'created'),
  },
];

/** What an account's own people make, some of it in our VPC; the ids and names of it. */
export async function settleForeigners({ ec2, iam, ssm, ids }: Hand) {
  const subnet = await ec2.send(new CreateSubnetCommand({ VpcId: ids.vpc, CidrBlock: '10.0.128.0/24' }));
  const table = await ec2.send(new CreateRouteTableCommand({ VpcId: ids.vpc }));
  const vpc = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
  await ec2.send(
    new CreateRouteCommand({
      RouteTableId: ids.table,
      DestinationCidrBlock: '192.168.0.0/16',
      GatewayId: ids.gateway,
    }),
  );
  await ec2.send(new CreateTagsCommand({ Resources: [ids.vpc], Tags: [{ Key: 'team', Value: 'red' }] }));
  await iam.send(new CreateRoleCommand({ RoleName: 'team', AssumeRolePolicyDocument: anybody }));
  await ssm.send(new PutParameterCommand({ Name: '/team/secret', Value: 'theirs', Type: 'String' }));
  return {
    subnet: subnet.Subnet?.SubnetId ?? '',
    table: table.RouteTable?.RouteTableId ?? '',
    vpc: vpc.Vpc?.VpcId ?? '',
  };
}
