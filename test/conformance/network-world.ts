import {
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  type Tag,
} from '@aws-sdk/client-ec2';
import type { Member } from './support.ts';

type Tagged = { readonly Tags?: Tag[] | undefined };

/**
 * All networks of an account, one line a thing, free of ids: what is tagged goes by its logical name. The default
 * VPC is left out.
 */
export async function networkWorld({ clients: { ec2 } }: Member): Promise<string[]> {
  const [vpcs, gateways, subnets, tables, endpoints] = await Promise.all([
    ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: 'is-default', Values: ['false'] }] })),
    ec2.send(new DescribeInternetGatewaysCommand({})),
    ec2.send(new DescribeSubnetsCommand({})),
    ec2.send(new DescribeRouteTablesCommand({})),
    ec2.send(new DescribeVpcEndpointsCommand({})),
  ]);
  const { Vpcs = [] } = vpcs;
  const { Subnets = [] } = subnets;
  const { RouteTables = [] } = tables;
  const { InternetGateways = [] } = gateways;
  // The emulator lists deleted endpoints, and what was connected with deleted subnets and tables, for ever.
  const VpcEndpoints = (endpoints.VpcEndpoints ?? []).filter(({ State }) => `${State}` !== 'deleted');
  const exists = (subnetId: string | undefined) => Subnets.some(({ SubnetId }) => SubnetId === subnetId);
  const labels = new Map<string, string>();
  const label = (id: string | undefined, thing: Tagged) => {
    if (id) labels.set(id, tag(thing, 'orgkeeper:name') ?? 'unnamed');
  };
  for (const vpc of Vpcs) label(vpc.VpcId, vpc);
  for (const subnet of Subnets) label(subnet.SubnetId, subnet);
  for (const table of RouteTables) label(table.RouteTableId, table);
  for (const gateway of InternetGateways) label(gateway.InternetGatewayId, gateway);
  for (const endpoint of VpcEndpoints) label(endpoint.VpcEndpointId, endpoint);
  const named = (id: string | undefined) => labels.get(id ?? '') ?? id ?? 'none';
  const kept = <T extends { VpcId?: string | undefined }>(things: readonly T[]): T[] =>
    things.filter(({ VpcId }) => Vpcs.some((vpc) => vpc.VpcId === VpcId));

  const attribute = async (
    VpcId: string | undefined,
    Attribute: 'enableDnsSupport' | 'enableDnsHostnames',
  ) => {
    const answer = await ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute }));
    return (answer.EnableDnsSupport ?? answer.EnableDnsHostnames)?.Value;
  };
  const lines: unknown[][] = [];
  for (const { VpcId, CidrBlock, Tags } of Vpcs) {
    const support = await attribute(VpcId, 'enableDnsSupport');
    const hostnames = await attribute(VpcId, 'enableDnsHostnames');
    lines.push(['vpc', CidrBlock, { support, hostnames }, tagText(Tags)]);
  }
  for (const { Attachments = [], Tags } of InternetGateways) {
    lines.push(['gateway', Attachments.map(({ VpcId }) => named(VpcId)), tagText(Tags)]);
  }
  for (const subnet of kept(Subnets)) {
    const { VpcId, CidrBlock, AvailabilityZoneId, MapPublicIpOnLaunch, Tags } = subnet;
    lines.push(['subnet', named(VpcId), CidrBlock, AvailabilityZoneId, MapPublicIpOnLaunch, tagText(Tags)]);
  }
  for (const { VpcId, Routes = [], Associations = [], Tags } of kept(RouteTables)) {
    // Routes to prefix lists are the endpoints' own; the emulator does not keep them when tables are added.
    const routes = Routes.filter(({ DestinationCidrBlock }) => DestinationCidrBlock).map((route) => {
      const to = route.GatewayId ?? route.VpcPeeringConnectionId ?? route.NetworkInterfaceId;
      return `${route.DestinationCidrBlock} ${named(to)}`;
    });
    const associations = Associations.filter(({ SubnetId, Main }) => Main || exists(SubnetId)).map(
      ({ SubnetId, Main }) => (Main ? 'main' : named(SubnetId)),
    );
    lines.push(['table', named(VpcId), routes.sort(), associations.sort(), tagText(Tags)]);
  }
  for (const { VpcId, ServiceName, VpcEndpointType, RouteTableIds = [], Tags } of kept(VpcEndpoints)) {
    const serves = RouteTableIds.filter((id) => labels.has(id))
      .map(named)
      .sort();
    lines.push(['endpoint', named(VpcId), ServiceName, VpcEndpointType, serves, tagText(Tags)]);
  }
  return lines.map((line) => JSON.stringify(line)).sort();
}

/** The lines of one sort of thing: `vpc`, `gateway`, `subnet`, `table`, `endpoint`. */
export function linesOf(sort: string): (member: Member) => Promise<string[]> {
  return async (member) => (await networkWorld(member)).filter((line) => line.startsWith(`["${sort}"`));
}

function tag({ Tags = [] }: Tagged, key: string): string | undefined {
  return Tags.find(({ Key }) => Key === key)?.Value;
}

function tagText(tags: Tag[] = []): string[] {
  return tags.map(({ Key, Value }) => `${Key}=${Value}`).sort();
}
