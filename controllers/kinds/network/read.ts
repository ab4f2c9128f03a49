import {
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  type EC2Client,
  type Route as Ec2Route,
  type Vpc as Ec2Vpc,
  type Tag,
} from '@aws-sdk/client-ec2';
import { unlessGone } from '../../../shared/aws/gone.ts';
import { pagesOf } from '../../../shared/aws/pages.ts';
import type { Inside, InternetGateway, Route, Vpc, VpcAttributes } from './actual.ts';

/** All VPCs of the account and region: so few that one call tells ours, duplicates and what lost its tags. */
export async function readVpcs(ec2: EC2Client): Promise<Vpc[]> {
  const vpcs = await pages(
    (NextToken) => ec2.send(new DescribeVpcsCommand({ NextToken })),
    (page) => page.Vpcs,
  );
  return vpcs.map(vpcOf);
}

/** A VPC as AWS describes it. */
export function vpcOf({ VpcId = '', CidrBlock = '', Tags, ...vpc }: Ec2Vpc): Vpc {
  const { CidrBlockAssociationSet = [], Ipv6CidrBlockAssociationSet = [], InstanceTenancy = 'default' } = vpc;
  const single = CidrBlockAssociationSet.length <= 1 && Ipv6CidrBlockAssociationSet.length === 0;
  return {
    id: VpcId,
    cidr: CidrBlock,
    plain: single && InstanceTenancy === 'default',
    tags: tagRecord(Tags),
  };
}

/** All internet gateways: ours may be detached, or attached elsewhere. */
export async function readInternetGateways(ec2: EC2Client): Promise<InternetGateway[]> {
  const gateways = await pages(
    (NextToken) => ec2.send(new DescribeInternetGatewaysCommand({ NextToken })),
    (page) => page.InternetGateways,
  );
  return gateways.map(({ InternetGatewayId = '', Attachments, Tags }) => ({
    id: InternetGatewayId,
    attachedTo: Attachments?.find(({ State = '' }) => !/^detach/i.test(State))?.VpcId,
    tags: tagRecord(Tags),
  }));
}

/** Everything in one VPC, five calls at once; a VPC that is gone has nothing in it. */
export async function readInside(ec2: EC2Client, vpcId: string): Promise<Inside> {
  const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
  const [dnsSupport, dnsHostnames, subnets, tables, endpoints] = await Promise.all([
    readAttribute(ec2, vpcId, 'enableDnsSupport'),
    readAttribute(ec2, vpcId, 'enableDnsHostnames'),
    pages(
      (NextToken) => ec2.send(new DescribeSubnetsCommand({ Filters, NextToken })),
      (page) => page.Subnets,
    ),
    pages(
      (NextToken) => ec2.send(new DescribeRouteTablesCommand({ Filters, NextToken })),
      (page) => page.RouteTables,
    ),
    pages(
      (NextToken) => ec2.send(new DescribeVpcEndpointsCommand({ Filters, NextToken })),
      (page) => page.VpcEndpoints,
    ),
  ]);
  const attributes: VpcAttributes | undefined =
    dnsSupport === undefined || dnsHostnames === undefined ? undefined : { dnsSupport, dnsHostnames };
  return {
    vpcId,
    attributes,
    subnets: subnets.map((subnet) => ({
      id: subnet.SubnetId ?? '',
      vpcId,
      cidr: subnet.CidrBlock ?? '',
      zoneId: subnet.AvailabilityZoneId ?? '',
      mapPublicIpOnLaunch: subnet.MapPublicIpOnLaunch ?? false,
      availableAddresses: subnet.AvailableIpAddressCount ?? 0,
      tags: tagRecord(subnet.Tags),
    })),
    tables: tables.map((table) => ({
      id: table.RouteTableId ?? '',
      vpcId,
      routes: (table.Routes ?? []).map(routeOf),
      associations: (table.Associations ?? [])
        .filter(({ AssociationState }) => !/^disassociat/.test(AssociationState?.State ?? ''))
        .map(({ RouteTableAssociationId = '', SubnetId, GatewayId, Main = false }) => ({
          id: RouteTableAssociationId,
          subnetId: SubnetId,
          gatewayId: GatewayId,
          main: Main,
        })),
      tags: tagRecord(table.Tags),
    })),
    endpoints: endpoints.map((endpoint) => ({
      id: endpoint.VpcEndpointId ?? '',
      vpcId,
      serviceName: endpoint.ServiceName ?? '',
      type: endpoint.VpcEndpointType ?? '',
      state: (endpoint.State ?? '').toLowerCase(),
      tableIds: endpoint.RouteTableIds ?? [],
      policy: endpoint.PolicyDocument,
      tags: tagRecord(endpoint.Tags),
    })),
  };
}

/** One DNS attribute of a VPC; undefined when AWS does not know the VPC. */
export async function readAttribute(
  ec2: EC2Client,
  VpcId: string,
  Attribute: 'enableDnsSupport' | 'enableDnsHostnames',
): Promise<boolean | undefined> {
  const command = new DescribeVpcAttributeCommand({ VpcId, Attribute });
  const answer = await unlessGone('vpc', () => ec2.send(command));
  const field = Attribute === 'enableDnsSupport' ? 'EnableDnsSupport' : 'EnableDnsHostnames';
  return answer && (answer[field]?.Value ?? false);
}

function routeOf(route: Ec2Route): Route {
  const { DestinationCidrBlock, DestinationIpv6CidrBlock, DestinationPrefixListId } = route;
  return {
    destination: DestinationCidrBlock ?? DestinationIpv6CidrBlock ?? DestinationPrefixListId ?? '',
    // An instance's route names its interface too; the interface is what traffic goes to.
    target:
      route.GatewayId ??
      route.NatGatewayId ??
      route.TransitGatewayId ??
      route.VpcPeeringConnectionId ??
      route.EgressOnlyInternetGatewayId ??
      route.LocalGatewayId ??
      route.CarrierGatewayId ??
      route.CoreNetworkArn ??
      route.NetworkInterfaceId ??
      route.InstanceId ??
      '',
    active: route.State !== 'blackhole',
  };
}

function tagRecord(tags: Tag[] = []): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** All items of a paged answer. */
export async function pages<Page extends { NextToken?: string | undefined }, Item>(
  call: (token: string | undefined) => Promise<Page>,
  itemsOf: (page: Page) => Item[] | undefined,
): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pagesOf(call, ({ NextToken }) => NextToken)) items.push(...(itemsOf(page) ?? []));
  return items;
}
