import {
  AssociateRouteTableCommand,
  AssociateVpcCidrBlockCommand,
  AttachInternetGatewayCommand,
  AttachVpnGatewayCommand,
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateInternetGatewayCommand,
  CreateNetworkInterfaceCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  CreateVpcPeeringConnectionCommand,
  CreateVpnGatewayCommand,
  DeleteInternetGatewayCommand,
  DeleteRouteTableCommand,
  DeleteSubnetCommand,
  DeleteTagsCommand,
  DeleteVpcCommand,
  DeleteVpcEndpointsCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
  ModifySubnetAttributeCommand,
  ModifyVpcEndpointCommand,
  ReplaceRouteCommand,
  ReplaceRouteTableAssociationCommand,
  type ResourceType,
} from '@aws-sdk/client-ec2';
import { jest } from '@jest/globals';
import { NAME_TAG, OWNER_TAG } from '../../controllers/kinds/kind.ts';
import { network } from '../../controllers/kinds/network/kind.ts';
import { linesOf, networkWorld } from './network-world.ts';
import { sharedTamperings } from './shared-tamperings.ts';
import { describeKind, type Foreign, type Tampering } from './suite.ts';
import { MAIN, type Member } from './support.ts';

// Making a network takes some twenty calls, and a test makes it more than once.
jest.setTimeout(60_000);

type Recorded = Readonly<Record<string, string>>;
type Act = (member: Member, recorded: Recorded) => Promise<void>;

const section = {
  cidr: '10.20.0.0/16',
  internetGateway: true,
  subnets: [
    { name: 'public', cidr: '10.20.0.0/24', zoneId: 'euw1-az2', routing: 'public' },
    { name: 'inner', cidr: '10.20.1.0/24', zone: 1, routing: 'private' },
  ],
  gatewayEndpoints: ['s3', 'dynamodb'],
  tags: { team: '${values.team}' },
};

/** An act on EC2 with recorded ids. */
const act =
  (commands: (ids: Recorded, ec2: Member['clients']['ec2'], member: Member) => Promise<unknown>): Act =>
  async (member, recorded) => {
    await commands(recorded, member.clients.ec2, member);
  };

const loseTags = (output: string, ...keys: string[]): Act =>
  act((ids, ec2) =>
    ec2.send(new DeleteTagsCommand({ Resources: [ids[output] ?? ''], Tags: keys.map((Key) => ({ Key })) })),
  );

/** As EMR leaves them in the subnet of its clusters: each refers to the other. */
const groupsOfEmr = act(async (ids, ec2) => {
  const group = async (GroupName: string, what: string) => {
    const Description = `${what} group for Elastic MapReduce created on 2026-11-19T21:07:41.692Z`;
    const VpcId = ids['vpc.id'];
    return ec2.send(new CreateSecurityGroupCommand({ VpcId, GroupName, Description }));
  };
  const { GroupId: master } = await group('ElasticMapReduce-Master-Private', 'Master');
  const { GroupId: service } = await group('ElasticMapReduce-ServiceAccess', 'Service access');
  const from = (GroupId: string | undefined) => [
    { IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, UserIdGroupPairs: [{ GroupId }] },
  ];
  const ingress = { GroupId: master, IpPermissions: from(service) };
  await ec2.send(new AuthorizeSecurityGroupIngressCommand(ingress));
  await ec2.send(new AuthorizeSecurityGroupEgressCommand({ GroupId: service, IpPermissions: from(master) }));
});

const ourTags = (logical: string, type: ResourceType) => [
  {
    ResourceType: type,
    Tags: Object.entries({
      Name: `orgkeeper/${logical}`,
      team: 'genomics',
      [OWNER_TAG]: MAIN,
      [NAME_TAG]: logical,
    }).map(([Key, Value]) => ({ Key, Value })),
  },
];

async function tablesOf({ clients: { ec2 } }: Member, vpcId = '') {
  const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
  const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({ Filters }));
  const associations = RouteTables.flatMap((table) => table.Associations ?? []);
  const main = RouteTables.find((table) => table.Associations?.some(({ Main }) => Main))?.RouteTableId;
  const associationOf = (subnetId = '') =>
    associations.find(({ SubnetId }) => SubnetId === subnetId)?.RouteTableAssociationId;
  return { main, associationOf };
}

const disassociate = (subnet: string) =>
  act(async (ids, ec2, member) => {
    const { associationOf } = await tablesOf(member, ids['vpc.id']);
    const AssociationId = associationOf(ids[`subnet.${subnet}.id`]);
    await ec2.send(new DisassociateRouteTableCommand({ AssociationId }));
  });

const detach = act((ids, ec2) =>
  ec2.send(
    new DetachInternetGatewayCommand({
      InternetGatewayId: ids['internetGateway.id'],
      VpcId: ids['vpc.id'],
    }),
  ),
);
const deleteGateway: Act = async (member, ids) => {
  await detach(member, ids);
  await member.clients.ec2.send(
    new DeleteInternetGatewayCommand({ InternetGatewayId: ids['internetGateway.id'] }),
  );
};
const deleteEndpoint = (name: string) =>
  act((ids, ec2) =>
    ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [ids[`endpoint.${name}.id`] ?? ''] })),
  );
const deleteSubnet =
  (name: string): Act =>
  async (member, ids) => {
    // The emulator keeps the association of a deleted subnet; AWS does not.
    await disassociate(name)(member, ids);
    await member.clients.ec2.send(new DeleteSubnetCommand({ SubnetId: ids[`subnet.${name}.id`] }));
  };
const deleteTable =
  (routing: string, subnet: string): Act =>
  async (member, ids) => {
    await disassociate(subnet)(member, ids);
    const RouteTableId = ids[`routeTable.${routing}.id`];
    await member.clients.ec2.send(new DeleteRouteTableCommand({ RouteTableId }));
  };
const deleteNetwork: Act = async (member, ids) => {
  for (const name of ['s3', 'dynamodb']) await deleteEndpoint(name)(member, ids);
  await deleteTable('public', 'public')(member, ids);
  await deleteTable('private', 'inner')(member, ids);
  const { ec2 } = member.clients;
  for (const name of ['public', 'inner']) {
    await ec2.send(new DeleteSubnetCommand({ SubnetId: ids[`subnet.${name}.id`] }));
  }
  await detach(member, ids);
  await ec2.send(new DeleteVpcCommand({ VpcId: ids['vpc.id'] }));
};

const everywhere = { DestinationCidrBlock: '0.0.0.0/0' };

/** What only this section shows: a private subnet, a second endpoint, tags of its own, what is replaced, what is deleted whole. */
const tamperings: readonly Tampering[] = [
  {
    name: 'a default route that leads elsewhere',
    tamper: act(async (ids, ec2) => {
      const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
      const GatewayId = InternetGateway?.InternetGatewayId;
      const RouteTableId = ids['routeTable.public.id'];
      await ec2.send(new ReplaceRouteCommand({ RouteTableId, GatewayId, ...everywhere }));
      await ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId: GatewayId }));
    }),
    read: linesOf('table'),
    difference: { resource: 'route table public', path: 'routes.0.0.0.0/0', action: 'updated' },
  },
  {
    name: 'a private subnet that was associated with our public route table',
    tamper: act(async (ids, ec2, member) => {
      const { associationOf } = await tablesOf(member, ids['vpc.id']);
      const AssociationId = associationOf(ids['subnet.inner.id']);
      const RouteTableId = ids['routeTable.public.id'];
      await ec2.send(new ReplaceRouteTableAssociationCommand({ AssociationId, RouteTableId }));
    }),
    read: linesOf('table'),
    difference: { resource: 'subnet inner', path: 'routeTable', action: 'updated' },
  },
  {
    name: 'a route table that was deleted',
    alone: true,
    tamper: deleteTable('public', 'public'),
    read: linesOf('table'),
    difference: { resource: 'route table public', path: '', action: 'created' },
  },
  {
    name: 'an internet gateway that was deleted',
    tamper: deleteGateway,
    read: linesOf('gateway'),
    difference: { resource: 'internet gateway', path: '', action: 'created' },
  },
  {
    name: 'a gateway endpoint that was taken off a route table',
    tamper: act((ids, ec2) =>
      ec2.send(
        new ModifyVpcEndpointCommand({
          VpcEndpointId: ids['endpoint.s3.id'],
          RemoveRouteTableIds: [ids['routeTable.private.id'] ?? ''],
        }),
      ),
    ),
    read: linesOf('endpoint'),
    difference: { resource: 'endpoint s3', path: 'routeTables', action: 'updated' },
  },
  {
    name: 'public addresses that were switched on in a private subnet',
    tamper: act((ids, ec2) => {
      const MapPublicIpOnLaunch = { Value: true };
      return ec2.send(
        new ModifySubnetAttributeCommand({ SubnetId: ids['subnet.inner.id'], MapPublicIpOnLaunch }),
      );
    }),
    read: linesOf('subnet'),
    difference: { resource: 'subnet inner', path: 'mapPublicIpOnLaunch', desired: false, actual: true },
  },
  {
    name: 'a VPC without its tags',
    tamper: loseTags('vpc.id', OWNER_TAG, NAME_TAG, 'Name', 'team'),
    read: linesOf('vpc'),
    difference: { resource: 'vpc', path: `tags.${OWNER_TAG}`, desired: MAIN, action: 'created' },
  },
  {
    name: 'a tag of the baseline that was changed',
    tamper: act((ids, ec2) =>
      ec2.send(
        new CreateTagsCommand({
          Resources: [ids['routeTable.private.id'] ?? ''],
          Tags: [{ Key: 'team', Value: 'marketing' }],
        }),
      ),
    ),
    read: linesOf('table'),
    difference: {
      resource: 'route table private',
      path: 'tags.team',
      desired: 'genomics',
      actual: 'marketing',
      action: 'updated',
    },
  },
  {
    name: 'the policy of an endpoint that denies everything',
    tamper: act((ids, ec2) => {
      const denial = { Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' };
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [denial] });
      const VpcEndpointId = ids['endpoint.dynamodb.id'];
      return ec2.send(new ModifyVpcEndpointCommand({ VpcEndpointId, PolicyDocument }));
    }),
    read: async ({ clients: { ec2 } }) => {
      const { VpcEndpoints = [] } = await ec2.send(new DescribeVpcEndpointsCommand({}));
      const there = VpcEndpoints.filter(({ State }) => `${State}` !== 'deleted');
      return there.map(({ PolicyDocument = '' }) => JSON.parse(PolicyDocument));
    },
    difference: { resource: 'endpoint dynamodb', path: 'policy', action: 'updated' },
  },
  {
    name: 'a network that was deleted whole',
    alone: true,
    tamper: deleteNetwork,
    read: networkWorld,
    difference: { resource: 'vpc', path: '', action: 'created' },
  },
];

const theirs = (type: ResourceType, owner: string, logical: string) => [
  {
    ResourceType: type,
    Tags: [
      { Key: OWNER_TAG, Value: owner },
      { Key: NAME_TAG, Value: logical },
    ],
  },
];
const linesWith =
  (...words: string[]) =>
  async (member: Member) =>
    (await networkWorld(member)).filter((line) => words.every((word) => line.includes(word)));

const foreign: Foreign[] = [
  {
    name: 'the VPC of another Orgkeeper',
    when: 'before',
    plant: act((_, ec2) =>
      ec2.send(
        new CreateVpcCommand({
          CidrBlock: '10.20.0.0/16',
          TagSpecifications: theirs('vpc', '999999999999', 'vpc'),
        }),
      ),
    ),
    read: linesWith('999999999999'),
    outcome: 'stands-aside',
  },
  {
    name: 'a VPC of somebody else with the same block',
    when: 'before',
    plant: act((_, ec2) => ec2.send(new CreateVpcCommand({ CidrBlock: '10.20.0.0/16' }))),
    read: linesWith('"vpc","10.20.0.0/16"', '[]'),
    outcome: 'beside',
  },
  {
    name: 'a detached internet gateway of somebody else',
    when: 'after',
    plant: act((_, ec2) => ec2.send(new CreateInternetGatewayCommand({}))),
    read: linesWith('["gateway",[],[]]'),
    outcome: 'beside',
  },
  {
    name: 'a VPC with a security group in it, onto which somebody copied our tags',
    when: 'after',
    plant: act(async (_, ec2) => {
      const TagSpecifications = theirs('vpc', MAIN, 'vpc');
      const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16', TagSpecifications }));
      const group = { VpcId: Vpc?.VpcId, GroupName: 'jobs', Description: 'jobs' };
      await ec2.send(new CreateSecurityGroupCommand(group));
    }),
    read: linesWith('10.9.0.0/16'),
    outcome: 'reported',
  },
  {
    name: 'an empty VPC like ours with all of our tags, though no create of ours was without an answer',
    when: 'after',
    plant: act(async (_, ec2) => {
      const TagSpecifications = ourTags('vpc', 'vpc');
      const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.20.0.0/16', TagSpecifications }));
      await ec2.send(new AssociateVpcCidrBlockCommand({ VpcId: Vpc?.VpcId, CidrBlock: '10.21.0.0/16' }));
    }),
    // Ours has host names.
    read: linesWith('"vpc","10.20.0.0/16"', '"hostnames":false'),
    outcome: 'reported',
  },
  {
    name: 'a detached internet gateway onto which somebody copied our tags',
    when: 'after',
    plant: act((_, ec2) => {
      const TagSpecifications = theirs('internet-gateway', MAIN, 'internet-gateway');
      return ec2.send(new CreateInternetGatewayCommand({ TagSpecifications }));
    }),
    read: linesWith('["gateway",[],["orgkeeper:name'),
    outcome: 'reported',
  },
  {
    name: 'a subnet in our VPC onto which somebody copied our tags',
    when: 'after',
    plant: act((ids, ec2) => {
      const TagSpecifications = theirs('subnet', MAIN, 'subnet/public');
      const input = { VpcId: ids['vpc.id'], CidrBlock: '10.20.64.0/24', TagSpecifications };
      return ec2.send(new CreateSubnetCommand(input));
    }),
    read: linesWith('10.20.64.0/24'),
    outcome: 'reported',
    hindersRemoval: true,
  },
  {
    name: 'a route table in our VPC onto which somebody copied our tags, with a route of theirs',
    when: 'after',
    plant: act(async (ids, ec2) => {
      const TagSpecifications = theirs('route-table', MAIN, 'route-table/public');
      const { RouteTable } = await ec2.send(
        new CreateRouteTableCommand({ VpcId: ids['vpc.id'], TagSpecifications }),
      );
      const GatewayId = ids['internetGateway.id'];
      const RouteTableId = RouteTable?.RouteTableId;
      await ec2.send(
        new CreateRouteCommand({ RouteTableId, GatewayId, DestinationCidrBlock: '10.77.0.0/16' }),
      );
    }),
    read: linesWith('10.77.0.0/16'),
    outcome: 'reported',
    hindersRemoval: true,
  },
  {
    name: 'a subnet of somebody else in our VPC, with its route table',
    when: 'after',
    plant: act(async (ids, ec2) => {
      const VpcId = ids['vpc.id'];
      const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.20.9.0/24' }));
      const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId }));
      const RouteTableId = RouteTable?.RouteTableId;
      await ec2.send(new AssociateRouteTableCommand({ SubnetId: Subnet?.SubnetId, RouteTableId }));
    }),
    read: linesWith('10.20.9.0/24'),
    outcome: 'reported',
    hindersRemoval: true,
  },
  {
    name: 'a route of somebody else in our route table',
    when: 'after',
    plant: act(async (ids, ec2) => {
      const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.30.0.0/16' }));
      const peers = { VpcId: ids['vpc.id'], PeerVpcId: Vpc?.VpcId };
      const { VpcPeeringConnection } = await ec2.send(new CreateVpcPeeringConnectionCommand(peers));
      await ec2.send(
        new CreateRouteCommand({
          RouteTableId: ids['routeTable.private.id'],
          DestinationCidrBlock: '10.30.0.0/16',
          VpcPeeringConnectionId: VpcPeeringConnection?.VpcPeeringConnectionId,
        }),
      );
    }),
    read: linesWith('"table"', '10.30.0.0/16'),
    outcome: 'reported',
    hindersRemoval: true,
  },
  {
    name: 'an endpoint of somebody else in our VPC',
    when: 'after',
    plant: act((ids, ec2) =>
      ec2.send(
        new CreateVpcEndpointCommand({
          VpcId: ids['vpc.id'],
          ServiceName: 'com.amazonaws.eu-west-1.s3',
          VpcEndpointType: 'Gateway',
        }),
      ),
    ),
    read: linesWith('"endpoint"', '"Gateway",[],[]'),
    outcome: 'reported',
    hindersRemoval: true,
  },
];

/** A subnet made by hand in place of ours, in everything like it but for block or zone. */
const otherSubnet =
  (CidrBlock: string, AvailabilityZoneId: string): Act =>
  async (member, ids) => {
    await deleteSubnet('public')(member, ids);
    const { ec2 } = member.clients;
    const TagSpecifications = ourTags('subnet/public', 'subnet');
    const input = { VpcId: ids['vpc.id'], CidrBlock, AvailabilityZoneId, TagSpecifications };
    const { Subnet } = await ec2.send(new CreateSubnetCommand(input));
    const SubnetId = Subnet?.SubnetId;
    const RouteTableId = ids['routeTable.public.id'];
    await ec2.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value: true } }));
    await ec2.send(new AssociateRouteTableCommand({ SubnetId, RouteTableId }));
  };

const createEndpoint = (input: Partial<ConstructorParameters<typeof CreateVpcEndpointCommand>[0]>) =>
  act(async (ids, ec2, member) => {
    await deleteEndpoint('s3')(member, ids);
    const ServiceName = 'com.amazonaws.eu-west-1.s3';
    await ec2.send(new CreateVpcEndpointCommand({ VpcId: ids['vpc.id'], ServiceName, ...input }));
  });

describeKind(network, {
  section,
  values: { 'values.team': 'genomics' },
  inventory: networkWorld,
  tamperings: [...tamperings, ...sharedTamperings('network')],
  foreign,
  leftBehind: groupsOfEmr,
  blocked: [
    {
      name: 'a subnet with another block',
      tamper: otherSubnet('10.20.7.0/24', 'euw1-az2'),
      reason: 'NeedsReplacement',
    },
    {
      name: 'a subnet in another zone',
      tamper: otherSubnet('10.20.0.0/24', 'euw1-az3'),
      reason: 'NeedsReplacement',
    },
    {
      name: 'an endpoint of another type',
      tamper: createEndpoint({
        VpcEndpointType: 'Interface',
        TagSpecifications: ourTags('endpoint/s3', 'vpc-endpoint'),
      }),
      reason: 'NeedsReplacement',
    },
    {
      name: 'an endpoint of others that serves our route table',
      tamper: act(async (ids, _, member) =>
        createEndpoint({
          VpcEndpointType: 'Gateway',
          RouteTableIds: [ids['routeTable.public.id'] ?? ''],
        })(member, ids),
      ),
      reason: 'ForeignResource',
    },
    {
      name: 'an internet gateway of others in our VPC',
      tamper: act(async (ids, ec2, member) => {
        await detach(member, ids);
        const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
        const InternetGatewayId = InternetGateway?.InternetGatewayId;
        await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId: ids['vpc.id'] }));
      }),
      reason: 'ForeignResource',
    },
    {
      name: 'our internet gateway attached to another VPC',
      tamper: act(async (ids, ec2, member) => {
        await detach(member, ids);
        const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.40.0.0/16' }));
        const InternetGatewayId = ids['internetGateway.id'];
        await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId: Vpc?.VpcId }));
      }),
      reason: 'ForeignResource',
    },
    {
      name: 'a subnet of others that took the block of ours',
      tamper: act(async (ids, ec2, member) => {
        await deleteSubnet('public')(member, ids);
        await ec2.send(new CreateSubnetCommand({ VpcId: ids['vpc.id'], CidrBlock: '10.20.0.0/25' }));
      }),
      reason: 'ForeignResource',
    },
  ],
  inUse: [
    {
      name: 'a network interface is in its subnet',
      plant: act((ids, ec2) =>
        ec2.send(
          new CreateNetworkInterfaceCommand({ SubnetId: ids['subnet.public.id'], Description: 'a job' }),
        ),
      ),
      read: async ({ clients: { ec2 } }) => {
        const { NetworkInterfaces } = await ec2.send(new DescribeNetworkInterfacesCommand({}));
        return NetworkInterfaces?.map(({ SubnetId }) => SubnetId);
      },
      names: /network interface eni-\w+ \(a job\)/,
    },
    {
      name: 'a VPN gateway is attached to it',
      plant: act(async (ids, ec2) => {
        const { VpnGateway } = await ec2.send(new CreateVpnGatewayCommand({ Type: 'ipsec.1' }));
        const VpnGatewayId = VpnGateway?.VpnGatewayId;
        await ec2.send(new AttachVpnGatewayCommand({ VpnGatewayId, VpcId: ids['vpc.id'] }));
      }),
      read: networkWorld,
      names: /VPN gateway vgw-\w+/,
    },
    {
      name: 'it is peered with another',
      plant: act(async (ids, ec2) => {
        const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.31.0.0/16' }));
        const peers = { VpcId: Vpc?.VpcId, PeerVpcId: ids['vpc.id'] };
        await ec2.send(new CreateVpcPeeringConnectionCommand(peers));
      }),
      read: networkWorld,
      names: /peering connection pcx-\w+/,
    },
    {
      name: 'somebody has a security group in it',
      plant: act((ids, ec2) =>
        ec2.send(
          new CreateSecurityGroupCommand({ VpcId: ids['vpc.id'], GroupName: 'jobs', Description: 'jobs' }),
        ),
      ),
      read: async (member, ids) => {
        const Filters = [{ Name: 'vpc-id', Values: [ids['vpc.id'] ?? ''] }];
        const { ec2 } = member.clients;
        const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
        const { Vpcs } = await ec2.send(new DescribeVpcsCommand({}));
        return [SecurityGroups?.map(({ GroupName }) => GroupName), Vpcs?.length, await networkWorld(member)];
      },
      names: /security group sg-\w+ \(jobs\)/,
    },
  ],
});
