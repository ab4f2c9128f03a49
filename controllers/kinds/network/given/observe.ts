import { DescribeSubnetsCommand, DescribeVpcsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { OWNER_TAG } from '../../kind.ts';
import { readAttribute } from '../read.ts';
import type { GivenActual, GivenNetwork } from './given.ts';

/** Reads the account's own network: four calls at once. `ours`: it carries our owner tag, our template made it. */
export async function observeGiven(
  wanted: GivenNetwork,
  owner: string,
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
    ours: (vpc?.Tags ?? []).some(({ Key, Value }) => Key === OWNER_TAG && Value === owner),
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
