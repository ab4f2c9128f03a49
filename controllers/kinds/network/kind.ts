import type { Command } from '../../../shared/aws/actions.ts';
import { unanswered } from '../../../shared/domain/made-at.ts';
import type { Kind } from '../kind.ts';
import type { NetworkActual } from './actual.ts';
import { apply } from './apply/apply.ts';
import { diff } from './diff/diff.ts';
import { GIVEN_OUTPUT } from './given/given.ts';
import { withGiven } from './given/with-given.ts';
import { endpointNamed, GATEWAY, OF_A_NETWORK, subnetNamed, tableNamed, VPC } from './names.ts';
import { observe } from './observe.ts';
import { remove } from './remove.ts';
import { type Network, render } from './render.ts';
import { NetworkSection, outputNames } from './section.ts';

const read: readonly Command[] = [
  'ec2:DescribeInternetGateways',
  'ec2:DescribeRouteTables',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcAttribute',
  'ec2:DescribeVpcEndpoints',
  'ec2:DescribeVpcs',
  // Before a subnet is made, and before anything is removed.
  'ec2:DescribeAvailabilityZones',
  'ec2:DescribeEgressOnlyInternetGateways',
  'ec2:DescribeNetworkAcls',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeVpcPeeringConnections',
  'ec2:DescribeVpnGateways',
];

const write: readonly Command[] = [
  'ec2:AssociateRouteTable',
  'ec2:AttachInternetGateway',
  'ec2:CreateInternetGateway',
  'ec2:CreateRoute',
  'ec2:CreateRouteTable',
  'ec2:CreateSubnet',
  'ec2:CreateTags',
  'ec2:CreateVpc',
  'ec2:CreateVpcEndpoint',
  'ec2:DeleteInternetGateway',
  'ec2:DeleteRouteTable',
  'ec2:DeleteSubnet',
  'ec2:DeleteVpc',
  'ec2:DeleteVpcEndpoints',
  'ec2:DetachInternetGateway',
  'ec2:DisassociateRouteTable',
  'ec2:ModifySubnetAttribute',
  'ec2:ModifyVpcAttribute',
  'ec2:ModifyVpcEndpoint',
  'ec2:ReplaceRoute',
  'ec2:ReplaceRouteTableAssociation',
];

/**
 * The VPC of an account and what makes it usable: DNS attributes, internet gateway, subnets, one route table for
 * each routing, gateway endpoints, tags. Found by recorded id, then by owner tags; what others added stays.
 */
export const network = withGiven({
  name: 'network',
  scope: 'regional',
  section: NetworkSection,
  permissions: { read, write },
  outputNames,
  pool: { of: ({ cidrPool }) => cidrPool },
  render,
  observe,
  outputs,
  diff,
  apply,
  remove,
  made,
  broughtAlong: {
    supersedes: ({ [VPC.output]: vpcId }, account) =>
      account.network !== undefined && account.network.vpcId !== vpcId,
  },
} satisfies Kind<NetworkSection, Network, NetworkActual>);

/** A network that the account brought along is not ours; without VPC and gateway, nothing else of one is there. */
function made(recorded: Readonly<Record<string, string>>): Record<string, string> {
  const isGiven = recorded[GIVEN_OUTPUT] !== undefined && recorded[GIVEN_OUTPUT] === recorded[VPC.output];
  const isOurs = (name: string) => OF_A_NETWORK.test(name) && !(isGiven && /^(vpc|subnet)\./.test(name));
  const ours = Object.fromEntries(Object.entries(recorded).filter(([name]) => isOurs(name)));
  const roots = [VPC, GATEWAY].flatMap(({ output }) => [output, unanswered(output)]);
  return roots.some((output) => output in ours) ? ours : {};
}

function outputs({ vpc, gateway, subnets, tables, endpoints }: NetworkActual): Record<string, string> {
  const idsOf = (
    things: Readonly<Record<string, { id: string }>>,
    named: (name: string) => { output: string },
  ) => Object.entries(things).map(([name, { id }]) => [named(name).output, id]);
  return Object.fromEntries([
    ...(vpc
      ? [
          [VPC.output, vpc.id],
          ['vpc.cidr', vpc.cidr],
        ]
      : []),
    ...(gateway ? [[GATEWAY.output, gateway.id]] : []),
    ...idsOf(subnets, subnetNamed),
    ...idsOf(tables, tableNamed),
    ...idsOf(endpoints, endpointNamed),
  ]);
}
