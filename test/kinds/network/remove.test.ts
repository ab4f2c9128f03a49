import { describe, expect, test } from '@jest/globals';
import { network } from '../../../controllers/kinds/network/kind.ts';
import { ForeignResource } from '../../../shared/domain/errors.ts';
import { NOW } from '../../kit/clock.ts';
import { awsError } from '../../kit/sdk.ts';
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

/** What an earlier baseline had. */
const older = { 'subnet.of-an-older-baseline.id': 'subnet-2', 'routeTable.of-an-older-baseline.id': 'rtb-8' };

describe('remove of a network', () => {
  test('removes our resources in reverse order, also those that the baseline dropped', async () => {
    const recorded = {
      'vpc.id': 'vpc-1',
      'subnet.of-an-older-baseline.id': 'subnet-2',
      'unanswered.vpc.id': NOW.toISOString(),
    };
    const { context, sent, outputs } = fakeContext(there, recorded);
    await network.remove(wantedWith(), context);
    expect(sent.filter(({ name }) => !name.startsWith('Describe')).map(({ name }) => name)).toEqual([
      'DeleteSubnet',
      'DeleteSubnet',
      'DetachInternetGateway',
      'DeleteInternetGateway',
      'DeleteVpc',
    ]);
    expect(Object.values(outputs).filter(Boolean)).toEqual([]);
  });

  test('deletes nothing while an unowned resource is in the VPC, and names it', async () => {
    const { context, sent, outputs } = fakeContext(
      {
        ...there,
        DescribeSubnets: { Subnets: [...there.DescribeSubnets.Subnets, { SubnetId: 'subnet-9' }] },
        DescribeNetworkInterfaces: {
          NetworkInterfaces: [{ NetworkInterfaceId: 'eni-1', Description: 'EMR' }],
        },
        DescribeSecurityGroups: { SecurityGroups: [{ GroupId: 'sg-0', GroupName: 'default' }] },
      },
      { ...older, 'vpc.id': 'vpc-1' },
    );
    const thrown: unknown = await network.remove(wantedWith(), context).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ForeignResource);
    expect(thrown).toMatchObject({
      reason: 'InUse',
      message: 'The network in vpc-1 is still used by network interface eni-1 (EMR), subnet subnet-9.',
    });
    expect(sent.filter(({ name }) => !name.startsWith('Describe'))).toEqual([]);
    expect(outputs['vpc.id']).toBe('vpc-1');
  });

  test.each([
    [
      'VPN gateway vgw-1',
      {
        DescribeVpnGateways: {
          VpnGateways: [
            { VpnGatewayId: 'vgw-1', VpcAttachments: [{ VpcId: 'vpc-1', State: 'attached' }] },
            { VpnGatewayId: 'vgw-2', VpcAttachments: [{ VpcId: 'vpc-1', State: 'detached' }] },
          ],
        },
      },
    ],
    [
      'peering connection pcx-1, peering connection pcx-2',
      {
        DescribeVpcPeeringConnections: {
          VpcPeeringConnections: [
            { VpcPeeringConnectionId: 'pcx-1', RequesterVpcInfo: { VpcId: 'vpc-1' } },
            { VpcPeeringConnectionId: 'pcx-2', AccepterVpcInfo: { VpcId: 'vpc-1' } },
            { VpcPeeringConnectionId: 'pcx-3', RequesterVpcInfo: { VpcId: 'vpc-9' } },
            {
              VpcPeeringConnectionId: 'pcx-4',
              RequesterVpcInfo: { VpcId: 'vpc-1' },
              Status: { Code: 'deleted' },
            },
          ],
        },
      },
    ],
    [
      'egress-only internet gateway eigw-1',
      {
        DescribeEgressOnlyInternetGateways: {
          EgressOnlyInternetGateways: [
            { EgressOnlyInternetGatewayId: 'eigw-1', Attachments: [{ VpcId: 'vpc-1' }] },
            { EgressOnlyInternetGatewayId: 'eigw-2', Attachments: [{ VpcId: 'vpc-9' }] },
          ],
        },
      },
    ],
    [
      'network ACL acl-1',
      {
        DescribeNetworkAcls: {
          NetworkAcls: [{ NetworkAclId: 'acl-1' }, { NetworkAclId: 'acl-0', IsDefault: true }],
        },
      },
    ],
    [
      'route 10.9.0.0/16 to pcx-9 in route table rtb-8',
      {
        DescribeRouteTables: {
          RouteTables: [
            {
              RouteTableId: 'rtb-8',
              Routes: [
                { DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local' },
                { DestinationCidrBlock: '10.9.0.0/16', VpcPeeringConnectionId: 'pcx-9' },
                { DestinationCidrBlock: '10.8.0.0/16', VpcPeeringConnectionId: 'pcx-8', State: 'blackhole' },
              ],
              Tags: tags(ours('route-table/of-an-older-baseline')),
            },
          ],
        },
      },
    ],
    [
      'subnet subnet-9 (with our tags, not known to be ours)',
      {
        DescribeSubnets: {
          Subnets: [
            { SubnetId: 'subnet-1', Tags: tags(ours('subnet/public')) },
            {
              SubnetId: 'subnet-9',
              CidrBlock: '10.0.64.0/24',
              Tags: tags({ ...ours('subnet/public'), Name: 'x' }),
            },
          ],
        },
      },
    ],
  ])('reads before it deletes anything, and says that the network is used by %s', async (named, more) => {
    const recorded = { ...older, 'vpc.id': 'vpc-1', 'internetGateway.id': 'igw-1' };
    const { context, sent } = fakeContext({ ...there, ...more }, recorded);
    const thrown: unknown = await network.remove(wantedWith(), context).catch((error: unknown) => error);
    expect(thrown).toMatchObject({
      reason: 'InUse',
      message: `The network in vpc-1 is still used by ${named}.`,
      remedy: expect.stringContaining('Delete or detach these'),
    });
    expect(sent.filter(({ name }) => !name.startsWith('Describe'))).toEqual([]);
  });

  test('removes duplicates that we made, and leaves copies of our tags outside of our VPC', async () => {
    const second = (VpcId: string, CidrBlock: string) => ({ VpcId, CidrBlock, Tags: tags(ours('vpc')) });
    const gateway = {
      InternetGatewayId: 'igw-2',
      Attachments: [{ VpcId: 'vpc-3', State: 'available' }],
      Tags: tags(ours('internet-gateway')),
    };
    const { context, sent } = fakeContext(
      {
        ...there,
        DescribeVpcs: {
          Vpcs: [...there.DescribeVpcs.Vpcs, second('vpc-2', '10.0.0.0/16'), second('vpc-3', '10.9.0.0/16')],
        },
        DescribeVpcAttribute: { ...attributes, EnableDnsHostnames: { Value: false } },
        DescribeInternetGateways: {
          InternetGateways: [...there.DescribeInternetGateways.InternetGateways, gateway],
        },
        DescribeSubnets: (input) =>
          JSON.stringify(input).includes('vpc-1') ? there.DescribeSubnets : { Subnets: [] },
      },
      {
        'vpc.id': 'vpc-1',
        'internetGateway.id': 'igw-1',
        'subnet.of-an-older-baseline.id': 'subnet-2',
        'unanswered.vpc.id': NOW.toISOString(),
      },
    );
    await network.remove(wantedWith(), context);
    const deleted = sent
      .filter(({ name }) => /^Delete(Vpc|InternetGateway)$/.test(name))
      .map(({ input }) => input.VpcId ?? input.InternetGatewayId);
    expect(deleted).toEqual(['igw-1', 'vpc-1', 'vpc-2']);
  });

  test('removes our route tables from the subnets before it deletes these, and leaves the main route table', async () => {
    const RouteTables = [
      { RouteTableId: 'rtb-0', Associations: [{ RouteTableAssociationId: 'rtbassoc-0', Main: true }] },
      {
        RouteTableId: 'rtb-1',
        Associations: [{ RouteTableAssociationId: 'rtbassoc-1', SubnetId: 'subnet-1' }],
        Tags: tags(ours('route-table/public')),
      },
    ];
    const { context, sent } = fakeContext(
      { ...there, DescribeRouteTables: { RouteTables } },
      { ...older, 'vpc.id': 'vpc-1' },
    );
    await network.remove(wantedWith(), context);
    const written = sent.filter(({ name }) => /^(Disassociate|DeleteSubnet|DeleteRouteTable)/.test(name));
    expect(written.map(({ input }) => Object.values(input)[0])).toEqual([
      'rtbassoc-1',
      'subnet-1',
      'subnet-2',
      'rtb-1',
    ]);
  });

  test('deletes nothing else while AWS still deletes an endpoint', async () => {
    let asked = 0;
    const endpoint = { VpcEndpointId: 'vpce-1', Tags: tags(ours('endpoint/s3')) };
    const { context, sent } = fakeContext(
      {
        ...there,
        DescribeVpcEndpoints: () => {
          asked += 1;
          return { VpcEndpoints: [{ ...endpoint, State: asked === 1 ? 'available' : 'deleting' }] };
        },
      },
      { ...older, 'vpc.id': 'vpc-1' },
    );
    await expect(network.remove(wantedWith(), context)).rejects.toThrow('vpce-1 is still being deleted.');
    const written = sent.map(({ name }) => name).filter((name) => !name.startsWith('Describe'));
    expect(written).toEqual(['DeleteVpcEndpoints']);
  });

  test('is not finished while AWS refuses to delete an endpoint whose route is missing', async () => {
    const endpoint = { VpcEndpointId: 'vpce-1', State: 'available', Tags: tags(ours('endpoint/s3')) };
    const refused = { Code: 'InvalidRoute.NotFound', Message: 'no route to the prefix list' };
    const { context, outputs } = fakeContext(
      {
        ...there,
        DescribeVpcEndpoints: { VpcEndpoints: [endpoint] },
        DeleteVpcEndpoints: { Unsuccessful: [{ ResourceId: 'vpce-1', Error: refused }] },
      },
      { ...older, 'vpc.id': 'vpc-1' },
    );
    await expect(network.remove(wantedWith(), context)).rejects.toThrow('no route to the prefix list');
    expect(outputs['vpc.id']).toBe('vpc-1');
  });

  test('says InUse with the message of AWS if AWS refuses to delete a resource', async () => {
    const refusal = awsError('DependencyViolation', 'vpn gateway');
    const { context } = fakeContext({ ...there, DeleteVpc: refusal }, { ...older, 'vpc.id': 'vpc-1' });
    const thrown: unknown = await network.remove(wantedWith(), context).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name: 'ForeignResource', reason: 'InUse' });
  });
});
