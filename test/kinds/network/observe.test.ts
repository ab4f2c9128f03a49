import { describe, expect, test } from '@jest/globals';
import { NAME_TAG, OWNER_TAG } from '../../../controllers/kinds/kind.ts';
import { observe } from '../../../controllers/kinds/network/observe.ts';
import { NOW } from '../../kit/clock.ts';
import { awsError } from '../../kit/sdk.ts';
import { fakeContext, ours, wantedWith } from './samples.ts';

const wanted = wantedWith();
const tags = (record: Record<string, string>) =>
  Object.entries(record).map(([Key, Value]) => ({ Key, Value }));
const vpc = (VpcId: string, record = ours('vpc')) => ({
  VpcId,
  CidrBlock: '10.0.0.0/16',
  Tags: tags(record),
});
const attributes = { EnableDnsSupport: { Value: true }, EnableDnsHostnames: { Value: true } };
const subnetsOf = (vpcId: string) => (input: Record<string, unknown>) => ({
  Subnets: JSON.stringify(input).includes(vpcId) ? [{ SubnetId: 'subnet-1', CidrBlock: '10.0.0.0/24' }] : [],
});

describe('observe of a network', () => {
  test('makes seven calls, all at once, if the VPC is recorded', async () => {
    const { context, sent } = fakeContext(
      { DescribeVpcs: { Vpcs: [vpc('vpc-1')] }, DescribeVpcAttribute: attributes },
      { 'vpc.id': 'vpc-1' },
    );
    expect(await observe(wanted, context)).toMatchObject({ state: 'present' });
    expect(sent.map(({ name }) => name).sort()).toEqual([
      'DescribeInternetGateways',
      'DescribeRouteTables',
      'DescribeSubnets',
      'DescribeVpcAttribute',
      'DescribeVpcAttribute',
      'DescribeVpcEndpoints',
      'DescribeVpcs',
    ]);
    expect(sent.every(({ step }) => step === 1)).toBe(true);
  });

  test('finds a VPC by its tags if the recorded one does not exist', async () => {
    const { context } = fakeContext(
      {
        DescribeVpcs: { Vpcs: [vpc('vpc-2')] },
        DescribeVpcAttribute: ({ VpcId }) => {
          if (VpcId === 'vpc-1') throw awsError('InvalidVpcID.NotFound');
          return attributes;
        },
      },
      { 'vpc.id': 'vpc-1' },
    );
    expect(await observe(wanted, context)).toMatchObject({
      state: 'present',
      actual: { ours: { 'vpc.id': { id: 'vpc-2' } } },
    });
  });

  test('reads all pages of every list', async () => {
    const { context } = fakeContext(
      {
        DescribeVpcs: ({ NextToken }) =>
          NextToken ? { Vpcs: [vpc('vpc-1', {})] } : { Vpcs: [vpc('vpc-0', {})], NextToken: 'more' },
        DescribeVpcAttribute: attributes,
        DescribeSubnets: ({ NextToken }) =>
          NextToken
            ? { Subnets: [{ SubnetId: 'subnet-2', Tags: tags(ours('subnet/public')) }] }
            : { Subnets: [], NextToken: 'more' },
      },
      { 'vpc.id': 'vpc-1' },
    );
    expect(await observe(wanted, context)).toMatchObject({
      actual: { ours: { 'vpc.id': { id: 'vpc-1' }, 'subnet.public.id': { id: 'subnet-2' } } },
    });
  });

  test('waits for a VPC that exists and is not listed yet, instead of making a second one', async () => {
    const { context } = fakeContext({ DescribeVpcAttribute: attributes }, { 'vpc.id': 'vpc-1' });
    expect(await observe(wanted, context)).toMatchObject({ state: 'pending' });
  });

  const made = { 'vpc.id': 'vpc-1', 'madeAt.vpc.id': NOW.toISOString() };
  const seconds = (count: number) => new Date(NOW.getTime() + count * 1_000);
  const nothing = { DescribeVpcAttribute: awsError('InvalidVpcID.NotFound') };

  test('waits for a VPC that was just made and that no call shows yet, however often it observes', async () => {
    for (const later of [0, 2, 20, 59]) {
      const { context, outputs } = fakeContext(nothing, made, seconds(later));
      expect(await observe(wanted, context)).toMatchObject({
        state: 'pending',
        message: 'vpc-1 was made less than a minute ago, and AWS does not show it yet.',
        retryAfterSeconds: 10,
      });
      expect(outputs).toEqual(made);
    }
  });

  test('counts a VPC as deleted if no call shows it after a minute', async () => {
    const { context, outputs } = fakeContext(nothing, made, seconds(60));
    expect(await observe(wanted, context)).toEqual({ state: 'absent' });
    expect(outputs['madeAt.vpc.id']).toBeUndefined();
  });

  test('removes no parameter from the outputs with the recorded times, whatever its name is', async () => {
    const parameter = { 'parameter./a.madeAt': 'arn:aws:ssm:eu-west-1:456789012345:parameter/a.madeAt' };
    const { context, outputs } = fakeContext(nothing, { ...made, ...parameter }, seconds(60));
    await observe(wanted, context);
    expect(outputs).toMatchObject(parameter);
  });

  test('takes no other VPC with our tags while a new one is not listed', async () => {
    const answers = { ...nothing, DescribeVpcs: { Vpcs: [vpc('vpc-2')] } };
    expect(await observe(wanted, fakeContext(answers, made, seconds(5)).context)).toMatchObject({
      state: 'pending',
    });
  });

  test.each([
    ['internet gateway', 'internetGateway', 'igw-1'],
    ['route table', 'routeTable.public', 'rtb-1'],
  ])('waits for a resource that was just made: %s', async (_, output, id) => {
    const recorded = { 'vpc.id': 'vpc-1', [`${output}.id`]: id, [`madeAt.${output}.id`]: NOW.toISOString() };
    const answers = { DescribeVpcs: { Vpcs: [vpc('vpc-1')] }, DescribeVpcAttribute: attributes };
    const look = async (later: number) =>
      (await observe(wanted, fakeContext(answers, recorded, seconds(later)).context)).state;
    expect([await look(59), await look(60)]).toEqual(['pending', 'present']);
  });

  test('waits for a VPC that is listed and whose attributes cannot be read yet', async () => {
    const { context } = fakeContext({
      DescribeVpcs: { Vpcs: [vpc('vpc-1')] },
      DescribeVpcAttribute: awsError('InvalidVpcID.NotFound'),
    });
    expect(await observe(wanted, context)).toMatchObject({ state: 'pending' });
  });

  const asAwsMakes = { EnableDnsSupport: { Value: true }, EnableDnsHostnames: { Value: false } };
  const twoVpcs = {
    DescribeVpcs: { Vpcs: [vpc('vpc-1'), vpc('vpc-2')] },
    DescribeVpcAttribute: asAwsMakes,
    DescribeSubnets: subnetsOf('vpc-2'),
  };
  const lost = (output: string, ...before: string[]) => ({
    [`unanswered.${output}`]: [NOW.toISOString(), ...before].join(' '),
  });
  const second = async (answers: Parameters<typeof fakeContext>[0], recorded: Record<string, string>) => {
    const observed = await observe(wanted, fakeContext(answers, recorded).context);
    return observed.state === 'present' ? observed.actual.taggedAsOurs : observed.state;
  };

  test('chooses, of two VPCs with our tags, the one in use', async () => {
    const { context } = fakeContext(twoVpcs);
    expect(await observe(wanted, context)).toMatchObject({ actual: { ours: { 'vpc.id': { id: 'vpc-2' } } } });
  });

  test('counts a VPC as our duplicate if it appeared after a create without an answer and holds nothing', async () => {
    expect(await second(twoVpcs, lost('vpc.id'))).toEqual([
      { type: 'vpc', id: 'vpc-1', logical: 'vpc', made: true },
    ]);
  });

  test.each<[string, Parameters<typeof fakeContext>[0], Record<string, string>]>([
    ['no create of ours was without an answer', {}, {}],
    ['it was there before that create', {}, lost('vpc.id', 'vpc-1')],
    ['that create was a day ago', {}, { 'unanswered.vpc.id': seconds(-86_400).toISOString() }],
    [
      'it has another tag',
      { DescribeVpcs: { Vpcs: [vpc('vpc-1', { ...ours('vpc'), a: 'b' }), vpc('vpc-2')] } },
      lost('vpc.id'),
    ],
    [
      'it lacks our Name',
      { DescribeVpcs: { Vpcs: [vpc('vpc-1', { ...ours('vpc'), Name: 'x' }), vpc('vpc-2')] } },
      lost('vpc.id'),
    ],
    [
      'it has another block',
      { DescribeVpcs: { Vpcs: [{ ...vpc('vpc-1'), CidrBlock: '10.9.0.0/16' }, vpc('vpc-2')] } },
      lost('vpc.id'),
    ],
    [
      'it has a second block',
      {
        DescribeVpcs: {
          Vpcs: [
            { ...vpc('vpc-1'), CidrBlockAssociationSet: [{}, { CidrBlock: '10.9.0.0/16' }] },
            vpc('vpc-2'),
          ],
        },
      },
      lost('vpc.id'),
    ],
    ['somebody changed its attributes', { DescribeVpcAttribute: attributes }, lost('vpc.id')],
    [
      'somebody has a security group in it',
      { DescribeSecurityGroups: { SecurityGroups: [{ GroupId: 'sg-1', GroupName: 'jobs' }] } },
      lost('vpc.id'),
    ],
    [
      'somebody has a route in it',
      {
        DescribeRouteTables: {
          RouteTables: [
            {
              Associations: [{ Main: true }],
              Routes: [{ DestinationCidrBlock: '10.9.0.0/16', GatewayId: 'vgw-1' }],
            },
          ],
        },
      },
      lost('vpc.id'),
    ],
  ])('leaves a second VPC with our tags if %s', async (_, more, recorded) => {
    expect(await second({ ...twoVpcs, ...more }, recorded)).toEqual([
      { type: 'vpc', id: 'vpc-1', logical: 'vpc', made: false },
    ]);
  });

  const known = { 'vpc.id': 'vpc-1', 'subnet.public.id': 'subnet-1', 'routeTable.public.id': 'rtb-1' };
  const subnetAs = (CidrBlock: string, more: object = {}) => ({
    SubnetId: 'subnet-9',
    CidrBlock,
    AvailabilityZoneId: 'euw1-az1',
    AvailableIpAddressCount: 251,
    Tags: tags(ours('subnet/public')),
    ...more,
  });
  const tableAs = (more: object) => ({
    RouteTableId: 'rtb-9',
    Tags: tags(ours('route-table/public')),
    ...more,
  });
  const gatewayAs = (more: object) => ({
    InternetGatewayId: 'igw-9',
    Tags: tags(ours('internet-gateway')),
    ...more,
  });
  const attached = { Attachments: [{ VpcId: 'vpc-9', State: 'available' }] };
  const endpointAs = (VpcEndpointId: string, more: object = {}) => ({
    VpcEndpointId,
    ServiceName: 'com.amazonaws.eu-west-1.s3',
    VpcEndpointType: 'Gateway',
    State: 'available',
    RouteTableIds: ['rtb-1'],
    Tags: tags(ours('endpoint/s3')),
    ...more,
  });

  test.each<[boolean, string, object, string]>([
    [
      true,
      'an empty subnet in our block',
      { DescribeSubnets: { Subnets: [{ SubnetId: 'subnet-1' }, subnetAs('10.0.0.0/24')] } },
      'subnet.public.id',
    ],
    [
      false,
      'a subnet with another block',
      { DescribeSubnets: { Subnets: [{ SubnetId: 'subnet-1' }, subnetAs('10.0.64.0/24')] } },
      'subnet.public.id',
    ],
    [
      false,
      'a subnet in use',
      {
        DescribeSubnets: {
          Subnets: [{ SubnetId: 'subnet-1' }, subnetAs('10.0.0.0/24', { AvailableIpAddressCount: 250 })],
        },
      },
      'subnet.public.id',
    ],
    [
      true,
      'an empty route table',
      { DescribeRouteTables: { RouteTables: [{ RouteTableId: 'rtb-1' }, tableAs({})] } },
      'routeTable.public.id',
    ],
    [
      false,
      'a route table with a route',
      {
        DescribeRouteTables: {
          RouteTables: [
            { RouteTableId: 'rtb-1' },
            tableAs({ Routes: [{ DestinationCidrBlock: '10.9.0.0/16', TransitGatewayId: 'tgw-1' }] }),
          ],
        },
      },
      'routeTable.public.id',
    ],
    [
      true,
      'a detached gateway',
      { DescribeInternetGateways: { InternetGateways: [{ InternetGatewayId: 'igw-1' }, gatewayAs({})] } },
      'internetGateway.id',
    ],
    [
      false,
      'a gateway that is attached elsewhere',
      {
        DescribeInternetGateways: { InternetGateways: [{ InternetGatewayId: 'igw-1' }, gatewayAs(attached)] },
      },
      'internetGateway.id',
    ],
    [
      true,
      'an endpoint that serves our tables a second time',
      { DescribeVpcEndpoints: { VpcEndpoints: [endpointAs('vpce-1'), endpointAs('vpce-9')] } },
      'endpoint.s3.id',
    ],
    [
      false,
      'an endpoint that serves a table of others',
      {
        DescribeVpcEndpoints: {
          VpcEndpoints: [endpointAs('vpce-1'), endpointAs('vpce-9', { RouteTableIds: ['rtb-2'] })],
        },
      },
      'endpoint.s3.id',
    ],
    [
      false,
      'an endpoint with a policy of its own',
      {
        DescribeVpcEndpoints: {
          VpcEndpoints: [
            endpointAs('vpce-1'),
            endpointAs('vpce-9', { PolicyDocument: '{"Version":"2012-10-17","Statement":[]}' }),
          ],
        },
      },
      'endpoint.s3.id',
    ],
  ])('after a create without an answer, says %p to whether we made %s', async (made, _, more, output) => {
    const answers = { DescribeVpcs: { Vpcs: [vpc('vpc-1')] }, DescribeVpcAttribute: attributes, ...more };
    const recorded = { ...known, 'internetGateway.id': 'igw-1', 'endpoint.s3.id': 'vpce-1' };
    expect(await second(answers, { ...recorded, ...lost(output) })).toMatchObject([{ made }]);
    expect(await second(answers, recorded)).toMatchObject([{ made: false }]);
  });

  test('never counts an unowned VPC with copied tags as ours, and reports the copy if we have no VPC', async () => {
    const copy = { ...vpc('vpc-3', { ...ours('vpc'), Name: 'theirs' }), CidrBlock: '10.9.0.0/16' };
    const answers = { DescribeVpcs: { Vpcs: [copy] }, DescribeVpcAttribute: attributes };
    expect(await second(answers, {})).toEqual([{ type: 'vpc', id: 'vpc-3', logical: 'vpc', made: false }]);
  });

  test('is unowned if another Orgkeeper manages the VPC', async () => {
    const another = { [OWNER_TAG]: '999999999999', [NAME_TAG]: 'vpc' };
    const { context } = fakeContext(
      { DescribeVpcs: { Vpcs: [vpc('vpc-1', another)] }, DescribeVpcAttribute: attributes },
      { 'vpc.id': 'vpc-1' },
    );
    expect(await observe(wanted, context)).toMatchObject({ state: 'unowned' });
  });

  test('counts an endpoint that is being deleted as deleted', async () => {
    const { context } = fakeContext(
      {
        DescribeVpcs: { Vpcs: [vpc('vpc-1')] },
        DescribeVpcAttribute: attributes,
        DescribeVpcEndpoints: {
          VpcEndpoints: [{ VpcEndpointId: 'vpce-1', State: 'Deleting', Tags: tags(ours('endpoint/s3')) }],
        },
      },
      { 'vpc.id': 'vpc-1', 'endpoint.s3.id': 'vpce-1' },
    );
    const observed = await observe(wanted, context);
    const actual = observed.state === 'present' ? observed.actual : undefined;
    expect(Object.keys(actual?.ours ?? {})).toEqual(['vpc.id']);
    expect(actual?.others).toEqual([]);
  });

  test('does not report the main route table, which AWS made with the VPC, as unowned', async () => {
    const RouteTables = [
      { RouteTableId: 'rtb-0', Associations: [{ Main: true }] },
      { RouteTableId: 'rtb-9', Associations: [] },
    ];
    const { context } = fakeContext(
      {
        DescribeVpcs: { Vpcs: [vpc('vpc-1')] },
        DescribeVpcAttribute: attributes,
        DescribeRouteTables: { RouteTables },
      },
      { 'vpc.id': 'vpc-1' },
    );
    const observed = await observe(wanted, context);
    expect(observed).toMatchObject({ actual: { others: [{ type: 'route table', id: 'rtb-9' }] } });
  });

  test('finds an internet gateway whose VPC was deleted', async () => {
    const { context } = fakeContext({
      DescribeInternetGateways: {
        InternetGateways: [{ InternetGatewayId: 'igw-1', Tags: tags(ours('internet-gateway')) }],
      },
    });
    const observed = await observe(wanted, context);
    expect(observed).toMatchObject({
      state: 'present',
      actual: { ours: { 'internetGateway.id': { id: 'igw-1' } } },
    });
    expect(observed).not.toHaveProperty(['actual', 'ours', 'vpc.id']);
  });
});
