import { describe, expect, test } from '@jest/globals';
import { NAME_TAG, OWNER_TAG } from '../../../controllers/kinds/kind.ts';
import { observe } from '../../../controllers/kinds/network/observe.ts';
import { awsError, fakeContext, NOW, ours, wantedWith } from './samples.ts';

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

describe('looking at a network', () => {
  test('takes seven calls, all at once, when the VPC is known', async () => {
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

  test('finds a VPC by its tags when the recorded one is gone', async () => {
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
      actual: { vpc: { id: 'vpc-2' } },
    });
  });

  test('follows the pages of every list', async () => {
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
      actual: { vpc: { id: 'vpc-1' }, subnets: { public: { id: 'subnet-2' } } },
    });
  });

  test('waits for a VPC that exists and is not listed yet, instead of making a second one', async () => {
    const { context } = fakeContext({ DescribeVpcAttribute: attributes }, { 'vpc.id': 'vpc-1' });
    expect(await observe(wanted, context)).toMatchObject({ state: 'settling' });
  });

  const made = { 'vpc.id': 'vpc-1', 'madeAt.vpc.id': NOW.toISOString() };
  const seconds = (count: number) => new Date(NOW.getTime() + count * 1_000);
  const nothing = { DescribeVpcAttribute: awsError('InvalidVpcID.NotFound') };

  test('waits for a VPC that was just made and that no call shows yet, however often it looks', async () => {
    for (const later of [0, 2, 20, 59]) {
      const { context, outputs } = fakeContext(nothing, made, seconds(later));
      expect(await observe(wanted, context)).toMatchObject({
        state: 'settling',
        message: 'vpc-1 was made less than a minute ago, and AWS does not show it yet.',
        retryAfterSeconds: 10,
      });
      expect(outputs).toEqual(made);
    }
  });

  test('takes it for gone when it does not show after a minute', async () => {
    const { context, outputs } = fakeContext(nothing, made, seconds(60));
    expect(await observe(wanted, context)).toEqual({ state: 'absent' });
    expect(outputs['madeAt.vpc.id']).toBeUndefined();
  });

  test('forgets no parameter with the time, whatever it is called', async () => {
    const parameter = { 'parameter./a.madeAt': 'arn:aws:ssm:eu-west-1:456789012345:parameter/a.madeAt' };
    const { context, outputs } = fakeContext(nothing, { ...made, ...parameter }, seconds(60));
    await observe(wanted, context);
    expect(outputs).toMatchObject(parameter);
  });

  test('takes no other VPC with our tags in the meantime', async () => {
    const answers = { ...nothing, DescribeVpcs: { Vpcs: [vpc('vpc-2')] } };
    expect(await observe(wanted, fakeContext(answers, made, seconds(5)).context)).toMatchObject({
      state: 'settling',
    });
  });

  test.each([
    ['internet gateway', 'internetGateway', 'igw-1'],
    ['route table', 'routeTable.public', 'rtb-1'],
  ])('waits for what was just made: %s', async (_, output, id) => {
    const recorded = { 'vpc.id': 'vpc-1', [`${output}.id`]: id, [`madeAt.${output}.id`]: NOW.toISOString() };
    const answers = { DescribeVpcs: { Vpcs: [vpc('vpc-1')] }, DescribeVpcAttribute: attributes };
    const look = async (later: number) =>
      (await observe(wanted, fakeContext(answers, recorded, seconds(later)).context)).state;
    expect([await look(59), await look(60)]).toEqual(['settling', 'present']);
  });

  test('waits for a VPC that is listed and not known everywhere yet', async () => {
    const { context } = fakeContext({
      DescribeVpcs: { Vpcs: [vpc('vpc-1')] },
      DescribeVpcAttribute: awsError('InvalidVpcID.NotFound'),
    });
    expect(await observe(wanted, context)).toMatchObject({ state: 'settling' });
  });

  test('of two VPCs with our tags takes the one in use, and tells which one can go', async () => {
    const { context } = fakeContext({
      DescribeVpcs: { Vpcs: [vpc('vpc-1'), vpc('vpc-2')] },
      DescribeVpcAttribute: attributes,
      DescribeSubnets: subnetsOf('vpc-2'),
    });
    expect(await observe(wanted, context)).toMatchObject({
      actual: { vpc: { id: 'vpc-2' }, duplicates: [{ type: 'vpc', id: 'vpc-1', unused: true }] },
    });
  });

  test('never calls a duplicate unused that has something in it', async () => {
    const { context } = fakeContext(
      {
        DescribeVpcs: { Vpcs: [vpc('vpc-1'), vpc('vpc-2')] },
        DescribeVpcAttribute: attributes,
        DescribeSubnets: subnetsOf('vpc-2'),
      },
      { 'vpc.id': 'vpc-1' },
    );
    expect(await observe(wanted, context)).toMatchObject({
      actual: { vpc: { id: 'vpc-1' }, duplicates: [{ type: 'vpc', id: 'vpc-2', unused: false }] },
    });
  });

  test('stands aside where the VPC is kept by another Orgkeeper', async () => {
    const another = { [OWNER_TAG]: '999999999999', [NAME_TAG]: 'vpc' };
    const { context } = fakeContext(
      { DescribeVpcs: { Vpcs: [vpc('vpc-1', another)] }, DescribeVpcAttribute: attributes },
      { 'vpc.id': 'vpc-1' },
    );
    expect(await observe(wanted, context)).toMatchObject({ state: 'foreign' });
  });

  test('takes an endpoint that is being deleted as gone', async () => {
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
    expect(actual?.endpoints).toEqual({});
    expect(actual?.others.endpoints).toEqual([]);
  });

  test('finds an internet gateway that outlived its VPC', async () => {
    const { context } = fakeContext({
      DescribeInternetGateways: {
        InternetGateways: [{ InternetGatewayId: 'igw-1', Tags: tags(ours('internet-gateway')) }],
      },
    });
    expect(await observe(wanted, context)).toMatchObject({
      state: 'present',
      actual: { vpc: undefined, gateway: { id: 'igw-1' } },
    });
  });
});
