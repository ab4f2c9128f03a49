import {
  DescribeEgressOnlyInternetGatewaysCommand,
  DescribeNetworkAclsCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcPeeringConnectionsCommand,
  DescribeVpnGatewaysCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { pages } from './read.ts';

const OVER = /^(deleted|deleting|rejected|expired|failed)$/;

/**
 * What uses VPCs beside subnets, route tables, gateways and endpoints, which are known already; six calls at once.
 * Whatever else there is (instances, load balancers, NAT gateways, attachments of transit gateways) has an interface.
 */
export async function usersOf(vpcIds: readonly string[], ec2: EC2Client): Promise<string[]> {
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
      .filter(({ GroupName }) => GroupName !== 'default')
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
      .filter(({ Status }) => !OVER.test(Status?.Code ?? ''))
      .filter(({ RequesterVpcInfo, AccepterVpcInfo }) => {
        return isOne(RequesterVpcInfo?.VpcId) || isOne(AccepterVpcInfo?.VpcId);
      })
      .map(({ VpcPeeringConnectionId = '' }) => `peering connection ${VpcPeeringConnectionId}`),
  ];
}
