import {
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
import type { DifferenceAction } from '../../shared/domain/status.ts';
import type { Ids, World } from '../account-world.ts';
import type { Tampering, Values } from './tampering.ts';

const inNetwork = (resource: string, path: string, action: DifferenceAction, values?: Values) => ({
  kind: 'network',
  resource,
  path,
  action,
  ...values,
});
const SWITCHED_OFF = { desired: true, actual: false };
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

/** What people do to the network. */
export const ofNetwork: readonly Tampering[] = [
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
];
