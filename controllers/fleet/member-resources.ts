import type { ExecutionRole } from '../kinds/execution-role/wanted.ts';
import type { Network } from '../kinds/network/model.ts';
import { wantedTags } from '../kinds/network/resource.ts';
import { subnetNamed } from '../kinds/network/subnets.ts';
import { VPC } from '../kinds/network/vpc.ts';

/** Parameter and condition of the template: whether its owner wants the network made there. */
export const MAKE_NETWORK = 'MakeNetwork';

/** The execution role. Its policies stand beside it, as policies of the role that CloudFormation changes one by one. */
export function roleResources(role: ExecutionRole): Record<string, unknown> {
  const policies = Object.entries(role.inlinePolicies).map(([PolicyName, PolicyDocument], index) => [
    `ExecutionRolePolicy${index + 1}`,
    {
      Type: 'AWS::IAM::Policy',
      Properties: { PolicyName, PolicyDocument, Roles: [{ Ref: 'ExecutionRole' }] },
    },
  ]);
  return {
    ExecutionRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: role.name,
        Path: role.path,
        ...(role.description && { Description: role.description }),
        MaxSessionDuration: role.maxSessionDuration,
        AssumeRolePolicyDocument: role.trustPolicy,
        ...(role.managedPolicies.length > 0 && { ManagedPolicyArns: role.managedPolicies }),
        ...(role.permissionsBoundary && { PermissionsBoundary: role.permissionsBoundary }),
        Tags: tagList(role.tags),
      },
    },
    ...Object.fromEntries(policies),
  };
}

/** VPC and subnets; the rest of the network Orgkeeper adds, as it mends what is missing. */
export function networkResources(network: Network): Record<string, unknown> {
  const subnets = network.subnets.map((subnet, index) => [
    `Subnet${index + 1}`,
    {
      Type: 'AWS::EC2::Subnet',
      Condition: MAKE_NETWORK,
      Properties: {
        VpcId: { Ref: 'Vpc' },
        CidrBlock: subnet.cidr,
        ...('id' in subnet.zone
          ? { AvailabilityZoneId: subnet.zone.id }
          : { AvailabilityZone: { 'Fn::Select': [subnet.zone.number - 1, { 'Fn::GetAZs': '' }] } }),
        MapPublicIpOnLaunch: subnet.mapPublicIpOnLaunch,
        Tags: tagList(wantedTags(network, subnetNamed(subnet.name))),
      },
    },
  ]);
  return {
    Vpc: {
      Type: 'AWS::EC2::VPC',
      Condition: MAKE_NETWORK,
      Properties: {
        CidrBlock: network.cidr,
        EnableDnsSupport: network.dnsSupport,
        EnableDnsHostnames: network.dnsHostnames,
        Tags: tagList(wantedTags(network, VPC)),
      },
    },
    ...Object.fromEntries(subnets),
  };
}

function tagList(tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
