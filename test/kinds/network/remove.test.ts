import { describe, expect, test } from '@jest/globals';
import { remove } from '../../../controllers/kinds/network/remove.ts';
import { ForeignResource } from '../../../shared/errors.ts';
import { fakeContext, ours, wantedWith } from './samples.ts';

const tags = (record: Record<string, string>) =>
  Object.entries(record).map(([Key, Value]) => ({ Key, Value }));
const attributes = { EnableDnsSupport: { Value: true }, EnableDnsHostnames: { Value: true } };
const there = {
  DescribeVpcs: { Vpcs: [{ VpcId: 'vpc-1', CidrBlock: '10.0.0.0/16', Tags: tags(ours('vpc')) }] },
  DescribeVpcAttribute: attributes,
  DescribeInternetGateways: {
    InternetGateways: [
      {
        InternetGatewayId: 'igw-1',
        Attachments: [{ VpcId: 'vpc-1', State: 'available' }],
        Tags: tags(ours('internet-gateway')),
      },
    ],
  },
  DescribeSubnets: {
    Subnets: [
      { SubnetId: 'subnet-1', Tags: tags(ours('subnet/public')) },
      { SubnetId: 'subnet-2', Tags: tags(ours('subnet/of-an-older-baseline')) },
    ],
  },
};

describe('removing a network', () => {
  test('takes away in reverse what carries our owner tag, also what the baseline dropped', async () => {
    const { context, sent, outputs } = fakeContext(there, { 'vpc.id': 'vpc-1' });
    await remove(wantedWith(), context);
    expect(sent.filter(({ name }) => !name.startsWith('Describe')).map(({ name }) => name)).toEqual([
      'DeleteSubnet',
      'DeleteSubnet',
      'DetachInternetGateway',
      'DeleteInternetGateway',
      'DeleteVpc',
    ]);
    expect(Object.values(outputs).filter(Boolean)).toEqual([]);
  });

  test('deletes nothing at all while something of others is in the VPC, and names it', async () => {
    const { context, sent, outputs } = fakeContext(
      {
        ...there,
        DescribeSubnets: { Subnets: [...there.DescribeSubnets.Subnets, { SubnetId: 'subnet-9' }] },
        DescribeNetworkInterfaces: {
          NetworkInterfaces: [{ NetworkInterfaceId: 'eni-1', Description: 'EMR' }],
        },
        DescribeSecurityGroups: { SecurityGroups: [{ GroupId: 'sg-0', GroupName: 'default' }] },
      },
      { 'vpc.id': 'vpc-1' },
    );
    const thrown: unknown = await remove(wantedWith(), context).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ForeignResource);
    expect(thrown).toMatchObject({
      reason: 'InUse',
      message: 'The network in vpc-1 is still used by network interface eni-1 (EMR), subnet subnet-9.',
    });
    expect(sent.filter(({ name }) => !name.startsWith('Describe'))).toEqual([]);
    expect(outputs['vpc.id']).toBe('vpc-1');
  });

  test('says what AWS says when it is in use after all', async () => {
    const refusal = Object.assign(new Error('vpn gateway'), { name: 'DependencyViolation' });
    const { context } = fakeContext({ ...there, DeleteVpc: refusal }, { 'vpc.id': 'vpc-1' });
    const thrown: unknown = await remove(wantedWith(), context).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name: 'ForeignResource', reason: 'InUse' });
  });
});
