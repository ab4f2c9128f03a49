import {
  DescribeEgressOnlyInternetGatewaysCommand,
  DescribeNetworkAclsCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcPeeringConnectionsCommand,
  DescribeVpnGatewaysCommand,
  type EC2Client,
  type SecurityGroup,
} from '@aws-sdk/client-ec2';
import type { Command } from '../../../shared/aws/actions.ts';
import { isMadeByEmr } from './emr-groups.ts';
import { GATEWAY } from './internet-gateway.ts';
import { type NetworkActual, ofType } from './model.ts';
import { isOurs } from './ownership.ts';
import { ours, pages, type Removal } from './resource.ts';
import { VPC } from './vpc.ts';

/** The calls of `usersOf`. */
export const readsOfUsers: readonly Command[] = [
  'ec2:DescribeEgressOnlyInternetGateways',
  'ec2:DescribeNetworkAcls',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeVpcPeeringConnections',
  'ec2:DescribeVpnGateways',
];

/**
 * The resources that prevent the removal of the network, each with its id: unowned resources that are in the network, use it
 * or would be deleted with it. While one of these exists nothing is removed, since it may carry traffic. Changes nothing.
 */
export async function obstaclesToRemoval(owner: string, removal: Removal): Promise<string[]> {
  const { actual, context, idsOf } = removal;
  return [
    ...attachedElsewhere(actual),
    // The groups that EMR made are removed with the network (emr-groups.ts).
    ...(await usersOf(idsOf('vpc'), context.clients.ec2, (group) => !isMadeByEmr(group))),
    ...entriesOfOthers(removal),
    ...actual.others
      .filter(({ type, id }) => !idsOf(type).includes(id))
      .map((one) => {
        const copied = isOurs(one, owner) ? ' (with our tags, not known to be ours)' : '';
        return `${one.type} ${one.id}${copied}`;
      }),
  ];
}

function attachedElsewhere(actual: NetworkActual): string[] {
  const gateway = ours(GATEWAY, actual);
  if (gateway?.attachedTo === undefined || gateway.attachedTo === ours(VPC, actual)?.id) return [];
  return [`VPC ${gateway.attachedTo} (our internet gateway ${gateway.id} is attached to it)`];
}

/** Routes and associations that others put into our route tables. A route whose target is gone carries nothing, and does not count. */
function entriesOfOthers({ actual, idsOf }: Removal): string[] {
  const gatewayId = ours(GATEWAY, actual)?.id;
  return ofType('route table', actual.inside)
    .filter(({ id }) => idsOf('route table').includes(id))
    .flatMap(({ id, routes, associations }) => [
      ...routes
        .filter(({ active, target }) => active && target !== 'local' && target !== gatewayId)
        // The route of a gateway endpoint is deleted with the endpoint, and the endpoint is an obstacle itself.
        .filter(({ target }) => !target.startsWith('vpce-'))
        .map(({ destination, target }) => `route ${destination} to ${target} in route table ${id}`),
      ...associations.flatMap((one) =>
        one.gatewayId ? [`association of ${one.gatewayId} with route table ${id}`] : [],
      ),
    ]);
}

/**
 * What uses these VPCs, of security groups those that count, besides the subnets, route tables, gateways and endpoints that are read in
 * any case: six calls at once. Instances, load balancers, NAT gateways and attachments of transit gateways show as network interfaces.
 */
export async function usersOf(
  vpcIds: readonly string[],
  ec2: EC2Client,
  counts: (group: SecurityGroup) => boolean = () => true,
): Promise<string[]> {
  if (vpcIds.length === 0) return [];
  const Filters = [{ Name: 'vpc-id', Values: [...vpcIds] }];
  const isOne = (vpcId = '') => vpcIds.includes(vpcId);
  const [interfaces, groups, acls, { VpnGateways = [] }, egress, peerings] = await Promise.all([
    pages(
      (NextToken) => ec2.send(new DescribeNetworkInterfacesCommand({ Filters, NextToken })),
      (page) => page.NetworkInterfaces,
    ),
    pages(
      (NextToken) => ec2.send(new DescribeSecurityGroupsCommand({ Filters, NextToken })),
      (page) => page.SecurityGroups,
    ),
    pages(
      (NextToken) => ec2.send(new DescribeNetworkAclsCommand({ Filters, NextToken })),
      (page) => page.NetworkAcls,
    ),
    ec2.send(
      new DescribeVpnGatewaysCommand({ Filters: [{ Name: 'attachment.vpc-id', Values: [...vpcIds] }] }),
    ),
    pages(
      (NextToken) => ec2.send(new DescribeEgressOnlyInternetGatewaysCommand({ NextToken })),
      (page) => page.EgressOnlyInternetGateways,
    ),
    pages(
      (NextToken) => ec2.send(new DescribeVpcPeeringConnectionsCommand({ NextToken })),
      (page) => page.VpcPeeringConnections,
    ),
  ]);
  return [
    ...interfaces.map(({ NetworkInterfaceId = '', Description }) => {
      return `network interface ${NetworkInterfaceId}${Description ? ` (${Description})` : ''}`;
    }),
    ...groups
      .filter((group) => group.GroupName !== 'default' && counts(group))
      .map(({ GroupId = '', GroupName = '' }) => `security group ${GroupId} (${GroupName})`),
    ...acls
      .filter(({ IsDefault }) => !IsDefault)
      .map(({ NetworkAclId = '' }) => `network ACL ${NetworkAclId}`),
    ...VpnGateways.filter(({ State, VpcAttachments = [] }) => {
      const attached = VpcAttachments.some(({ VpcId, State }) => isOne(VpcId) && State !== 'detached');
      return attached && State !== 'deleted';
    }).map(({ VpnGatewayId = '' }) => `VPN gateway ${VpnGatewayId}`),
    ...egress
      .filter(({ Attachments = [] }) => Attachments.some(({ VpcId }) => isOne(VpcId)))
      .map(({ EgressOnlyInternetGatewayId = '' }) => {
        return `egress-only internet gateway ${EgressOnlyInternetGatewayId}`;
      }),
    ...peerings
      .filter(({ Status }) => !/^(deleted|deleting|rejected|expired|failed)$/.test(Status?.Code ?? ''))
      .filter(({ RequesterVpcInfo, AccepterVpcInfo }) => {
        return isOne(RequesterVpcInfo?.VpcId) || isOne(AccepterVpcInfo?.VpcId);
      })
      .map(({ VpcPeeringConnectionId = '' }) => `peering connection ${VpcPeeringConnectionId}`),
  ];
}
