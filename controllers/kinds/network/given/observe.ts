import { DescribeSubnetsCommand, DescribeVpcsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { isOurVpc } from '../identify.ts';
import { readAttribute, vpcOf } from '../read.ts';
import type { Network } from '../render.ts';
import type { GivenActual, GivenNetwork } from './given.ts';

/** Reads the account's own network: four calls at once. `ours`: our template made it, as its tags say. */
export async function observeGiven(
  wanted: GivenNetwork,
  network: Network,
  ec2: EC2Client,
): Promise<{ actual: GivenActual; ours: boolean }> {
  const ids = wanted.subnets.flatMap(({ id }) => id ?? []);
  const vpcFilter = { Filters: [{ Name: 'vpc-id', Values: [wanted.vpcId] }] };
  const [{ Vpcs = [] }, dnsSupport, dnsHostnames, { Subnets = [] }] = await Promise.all([
    ec2.send(new DescribeVpcsCommand(vpcFilter)),
    readAttribute(ec2, wanted.vpcId, 'enableDnsSupport'),
    readAttribute(ec2, wanted.vpcId, 'enableDnsHostnames'),
    // A filter and no ids: an id that does not exist would fail the whole call.
    ec2.send(
      new DescribeSubnetsCommand({
        Filters: [{ Name: 'subnet-id', Values: ids.length > 0 ? ids : ['none'] }],
      }),
    ),
  ]);
  const [vpc] = Vpcs;
  const subnets = Subnets.map(({ SubnetId = '', VpcId: vpcId = '', State }) => [
    SubnetId,
    { vpcId, available: State === 'available' },
  ]);
  return {
    ours: vpc !== undefined && isOurVpc(vpcOf(vpc), network),
    actual: {
      given: true,
      vpc: vpc && {
        id: vpc.VpcId ?? wanted.vpcId,
        cidr: vpc.CidrBlock ?? '',
        available: vpc.State === 'available',
        dnsSupport: dnsSupport ?? false,
        dnsHostnames: dnsHostnames ?? false,
      },
      subnets: Object.fromEntries(subnets),
      wanted,
    },
  };
}
