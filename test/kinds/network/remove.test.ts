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

  describe('with the security groups that EMR made', () => {
    const group = (GroupId: string, GroupName: string, Description: string, others: string[]) => ({
      ...{ GroupId, GroupName, Description },
      IpPermissions: [
        { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
        {
          ...{ IpProtocol: 'tcp', FromPort: 0, ToPort: 65535, IpRanges: [{ CidrIp: '10.9.0.0/16' }] },
          UserIdGroupPairs: others.map((other) => ({ GroupId: other })),
        },
      ],
      IpPermissionsEgress: [
        { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] },
        ...(GroupName.endsWith('ServiceAccess')
          ? [{ IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, UserIdGroupPairs: [{ GroupId: others[0] }] }]
          : []),
      ],
    });
    const made = (what: string) => `${what} group for Elastic MapReduce created on 2026-11-19T21:07:41.692Z`;
    const master = group('sg-1', 'ElasticMapReduce-master', made('Master'), ['sg-1', 'sg-2']);
    const slave = group('sg-2', 'ElasticMapReduce-slave', made('Slave'), ['sg-1', 'sg-2']);
    const service = group('sg-3', 'ElasticMapReduce-ServiceAccess', made('Service access'), ['sg-1']);
    const fallback = { GroupId: 'sg-0', GroupName: 'default' };
    const inVpc = (...SecurityGroups: object[]) => ({ ...there, DescribeSecurityGroups: { SecurityGroups } });
    const recorded = { ...older, 'vpc.id': 'vpc-1' };
    const written = <T extends { readonly name: string }>(sent: readonly T[]) =>
      sent.filter(({ name }) => !name.startsWith('Describe'));

    test('deletes them, after their rules that refer to each other, before the subnets', async () => {
      const { context, sent } = fakeContext(inVpc(fallback, master, slave, service), recorded);
      await network.remove(wantedWith(), context);
      const [ingress1, ingress2, ingress3, egress, ...more] = written(sent);
      expect([ingress1, ingress2, ingress3].map((one) => one?.input)).toEqual(
        [
          ['sg-1', ['sg-1', 'sg-2']],
          ['sg-2', ['sg-1', 'sg-2']],
          ['sg-3', ['sg-1']],
        ].map(([GroupId, others]) => ({
          GroupId,
          IpPermissions: [
            {
              ...{ IpProtocol: 'tcp', FromPort: 0, ToPort: 65535 },
              UserIdGroupPairs: [others].flat().map((other) => ({ GroupId: other })),
            },
          ],
        })),
      );
      expect(egress).toMatchObject({
        name: 'RevokeSecurityGroupEgress',
        input: { GroupId: 'sg-3', IpPermissions: [{ FromPort: 8443 }] },
      });
      expect(more.slice(0, 4).map(({ name, input }) => [name, Object.values(input)[0]])).toEqual([
        ['DeleteSecurityGroup', 'sg-1'],
        ['DeleteSecurityGroup', 'sg-2'],
        ['DeleteSecurityGroup', 'sg-3'],
        ['DeleteSubnet', 'subnet-1'],
      ]);
    });

    test('goes on if somebody deletes rules and groups meanwhile', async () => {
      const gone = (name: string) => () => {
        throw awsError(name);
      };
      const { context, sent } = fakeContext(
        {
          ...inVpc(master, service),
          RevokeSecurityGroupIngress: gone('InvalidPermission.NotFound'),
          RevokeSecurityGroupEgress: gone('InvalidGroup.NotFound'),
          DeleteSecurityGroup: gone('InvalidGroup.NotFound'),
        },
        recorded,
      );
      await network.remove(wantedWith(), context);
      expect(sent.map(({ name }) => name)).toContain('DeleteVpc');
    });

    test.each([
      ['a network interface is left, as of a cluster', [master], [{ NetworkInterfaceId: 'eni-1' }], 'eni-1'],
      ['a group has such a name and is not of EMR', [{ ...slave, Description: 'ours' }, master], [], 'sg-2'],
      [
        'a group of somebody is in the VPC, too',
        [master, { GroupId: 'sg-9', GroupName: 'jobs' }],
        [],
        'sg-9',
      ],
    ])('touches nothing while %s', async (_, groups, NetworkInterfaces, named) => {
      const { context, sent } = fakeContext(
        { ...inVpc(...groups), DescribeNetworkInterfaces: { NetworkInterfaces } },
        recorded,
      );
      const thrown: unknown = await network.remove(wantedWith(), context).catch((error: unknown) => error);
      expect(thrown).toMatchObject({ reason: 'InUse', message: expect.stringContaining(named) });
      expect(written(sent)).toEqual([]);
    });

    test('says why if something elsewhere refers to one of them', async () => {
      const DeleteSecurityGroup = () => {
        throw awsError('DependencyViolation', 'resource sg-1 has a dependent object');
      };
      const { context } = fakeContext({ ...inVpc(master), DeleteSecurityGroup }, recorded);
      await expect(network.remove(wantedWith(), context)).rejects.toMatchObject({
        reason: 'InUse',
        message: expect.stringContaining('security group sg-1'),
        remedy: expect.stringContaining('security group sg-1'),
      });
    });
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
