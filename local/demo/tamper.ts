import {
  DeleteRouteCommand,
  DeleteVpcEndpointsCommand,
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeVpcEndpointsCommand,
  DetachInternetGatewayCommand,
  EC2Client,
  ModifySubnetAttributeCommand,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2';
import {
  AttachRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { DeleteParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { localClient } from '../deploy.ts';
import type { Where, World } from './world.ts';

/** One thing that somebody does by hand in the member account. */
export interface Tampering {
  readonly what: string;
  readonly run: () => Promise<unknown>;
}

/** A bad night in a member account: role, network and parameters are changed by hand. */
export function tamperings(where: Where, before: World): Tampering[] {
  const settings = localClient(where.endpoint, where.accountId, where.region);
  const iam = new IAMClient(settings);
  const ec2 = new EC2Client(settings);
  const ssm = new SSMClient(settings);
  const RoleName = where.roleName;
  const VpcId = before.vpcs[0]?.id;
  const anyone = { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' };
  const open = JSON.stringify({ Version: '2012-10-17', Statement: [anyone] });
  const everything = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  });
  return [
    {
      what: 'opens the role to everybody',
      run: () => iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: open })),
    },
    {
      what: 'adds a policy that allows everything',
      run: () =>
        iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'backdoor', PolicyDocument: everything })),
    },
    {
      what: 'attaches AdministratorAccess',
      run: () =>
        iam.send(
          new AttachRolePolicyCommand({ RoleName, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }),
        ),
    },
    {
      what: 'takes the owner tag off the role',
      run: () => iam.send(new UntagRoleCommand({ RoleName, TagKeys: ['orgkeeper:owner'] })),
    },
    { what: 'deletes the route to the internet', run: () => deleteDefaultRoute(ec2, VpcId) },
    { what: 'detaches the internet gateway', run: () => detachGateway(ec2, VpcId) },
    { what: 'deletes the S3 endpoint', run: () => deleteEndpoints(ec2, VpcId) },
    {
      what: 'switches DNS host names off',
      run: () => ec2.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: { Value: false } })),
    },
    {
      what: 'stops giving public addresses in the subnet',
      run: () =>
        ec2.send(
          new ModifySubnetAttributeCommand({
            SubnetId: before.subnets[0]?.id,
            MapPublicIpOnLaunch: { Value: false },
          }),
        ),
    },
    {
      what: 'overwrites a parameter',
      run: () =>
        ssm.send(
          new PutParameterCommand({
            Name: '/orgkeeper/network/vpc-id',
            Value: 'vpc-0badc0de',
            Overwrite: true,
          }),
        ),
    },
    {
      what: 'deletes another one',
      run: () => ssm.send(new DeleteParameterCommand({ Name: '/orgkeeper/role/arn' })),
    },
  ];
}

const of = (name: string, VpcId: string | undefined) => ({
  Filters: [{ Name: name, Values: [VpcId ?? ''] }],
});

async function deleteDefaultRoute(ec2: EC2Client, VpcId: string | undefined): Promise<void> {
  const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand(of('vpc-id', VpcId)));
  for (const { RouteTableId, Routes = [] } of RouteTables) {
    if (!Routes.some(({ DestinationCidrBlock }) => DestinationCidrBlock === '0.0.0.0/0')) continue;
    await ec2.send(new DeleteRouteCommand({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0' }));
  }
}

async function detachGateway(ec2: EC2Client, VpcId: string | undefined): Promise<void> {
  const found = await ec2.send(new DescribeInternetGatewaysCommand(of('attachment.vpc-id', VpcId)));
  const InternetGatewayId = found.InternetGateways?.[0]?.InternetGatewayId;
  await ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId }));
}

async function deleteEndpoints(ec2: EC2Client, VpcId: string | undefined): Promise<void> {
  const { VpcEndpoints = [] } = await ec2.send(new DescribeVpcEndpointsCommand(of('vpc-id', VpcId)));
  const VpcEndpointIds = VpcEndpoints.flatMap(({ VpcEndpointId }) => VpcEndpointId ?? []);
  await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds }));
}
