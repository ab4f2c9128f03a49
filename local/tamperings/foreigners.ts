import {
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
} from '@aws-sdk/client-ec2';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import type { Hand } from './tampering.ts';

/** A trust policy that admits everybody. */
export const anybody = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
});

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
