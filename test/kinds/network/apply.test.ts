import { describe, expect, test } from '@jest/globals';
import { apply, diff } from '../../../controllers/kinds/network/resources.ts';
import { tableNamed } from '../../../controllers/kinds/network/route-tables.ts';
import { clientToken } from '../../../controllers/kinds/network/write.ts';
import { Conflict, NotYetConsistent, ServiceFault } from '../../../shared/domain/errors.ts';
import {
  actualOf,
  awsError,
  fakeContext,
  healthy,
  NOW,
  type Sample,
  wantedWith,
  withTable,
} from './samples.ts';

const made = {
  CreateVpc: { Vpc: { VpcId: 'vpc-1' } },
  CreateInternetGateway: { InternetGateway: { InternetGatewayId: 'igw-1' } },
  CreateRouteTable: { RouteTable: { RouteTableId: 'rtb-1' } },
  CreateSubnet: { Subnet: { SubnetId: 'subnet-1' } },
  CreateVpcEndpoint: { VpcEndpoint: { VpcEndpointId: 'vpce-1' } },
};
const madeAt = NOW.toISOString();
const ids = {
  'vpc.id': 'vpc-1',
  'madeAt.vpc.id': madeAt,
  'vpc.cidr': '10.0.0.0/16',
  'internetGateway.id': 'igw-1',
  'madeAt.internetGateway.id': madeAt,
  'routeTable.public.id': 'rtb-1',
  'madeAt.routeTable.public.id': madeAt,
  'subnet.public.id': 'subnet-1',
  'endpoint.s3.id': 'vpce-1',
};

function change(sample: Sample | undefined, wanted = wantedWith()) {
  const actual = sample && actualOf(sample);
  return { wanted, actual, differences: diff(wanted, actual).differences };
}
const error = (work: Promise<unknown>): Promise<unknown> =>
  work.then(() => undefined).catch((thrown: unknown) => thrown);

describe('writing a network', () => {
  test('makes everything in the order in which it needs each other, tagged as it is made', async () => {
    const { context, sent, outputs } = fakeContext(made);
    await apply(change(undefined), context);
    expect(sent.map(({ name }) => name)).toEqual([
      'CreateVpc',
      'ModifyVpcAttribute',
      'CreateInternetGateway',
      'AttachInternetGateway',
      'CreateRouteTable',
      'CreateRoute',
      'CreateSubnet',
      'ModifySubnetAttribute',
      'AssociateRouteTable',
      'CreateVpcEndpoint',
    ]);
    for (const { name, input } of sent.filter(
      (one) => one.name.startsWith('Create') && one.name !== 'CreateRoute',
    )) {
      expect({ name, tags: JSON.stringify(input.TagSpecifications) }).toEqual({
        name,
        tags: expect.stringContaining('{"Key":"orgkeeper:owner","Value":"345678901234"}'),
      });
    }
    expect(outputs).toEqual(ids);
  });

  test('writes only what differs', async () => {
    const { context, sent } = fakeContext({});
    await apply(change({ ...healthy, ...withTable({ associations: [] }) }), context);
    expect(sent.map(({ name, input }) => [name, input])).toEqual([
      ['AssociateRouteTable', { SubnetId: 'subnet-1', RouteTableId: 'rtb-1' }],
    ]);
  });

  test('switches host names off before DNS support, as AWS wants it', async () => {
    const { context, sent } = fakeContext({});
    await apply(change(healthy, wantedWith({ dnsSupport: false, dnsHostnames: false })), context);
    expect(sent.map(({ input }) => Object.keys(input)[1])).toEqual([
      'EnableDnsHostnames',
      'EnableDnsSupport',
    ]);
  });

  test.each(['CreateVpc', 'CreateInternetGateway', 'CreateSubnet'])(
    'does not send %s again when nobody answers, but looks after a while',
    async (name) => {
      const { context, sent } = fakeContext({ ...made, [name]: new ServiceFault('no answer') });
      const thrown = await error(apply(change(undefined), context));
      expect(thrown).toBeInstanceOf(NotYetConsistent);
      expect(thrown).toMatchObject({ reason: 'UnansweredCreate', retryAfterSeconds: 15 });
      expect(sent.filter((one) => one.name === name)).toHaveLength(1);
    },
  );

  test('records a create that was not answered, with what carried these tags before', async () => {
    const copies = [
      { type: 'subnet', id: 'subnet-8', logical: 'subnet/public', made: false },
      { type: 'subnet', id: 'subnet-9', logical: 'subnet/other', made: false },
    ] as const;
    const actual = { ...healthy, subnets: {}, taggedAsOurs: copies };
    const { context, outputs } = fakeContext({ CreateSubnet: new ServiceFault('no answer') });
    await error(apply(change(actual), context));
    expect(outputs['unanswered.subnet.public.id']).toBe('2026-11-20T09:00:00.000Z subnet-8');
  });

  test('records a create with a client token, too, that the SDK had to send again', async () => {
    const answer = { VpcEndpoint: { VpcEndpointId: 'vpce-2' }, $metadata: { attempts: 3 } };
    const { context, outputs } = fakeContext({ CreateVpcEndpoint: answer });
    await apply(change({ ...healthy, endpoints: {} }), context);
    expect(outputs).toMatchObject({ 'endpoint.s3.id': 'vpce-2', 'unanswered.endpoint.s3.id': madeAt });
  });

  test('sends the same token for the same endpoint in a later pass, and another one where its tags are others', async () => {
    const tokenOf = async (tags: Record<string, string>, later = NOW) => {
      const { context, sent } = fakeContext({ CreateVpcEndpoint: new ServiceFault('no answer') }, {}, later);
      await error(apply(change({ ...healthy, endpoints: {} }, wantedWith({ tags })), context));
      return sent.find(({ name }) => name === 'CreateVpcEndpoint')?.input.ClientToken;
    };
    const first = await tokenOf({});
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await tokenOf({}, new Date(NOW.getTime() + 60_000))).toBe(first);
    expect(await tokenOf({ team: 'genomics' })).not.toBe(first);
  });

  test('puts the policy of an endpoint back', async () => {
    const deny =
      '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}';
    const { s3 } = healthy.endpoints;
    const { context, sent } = fakeContext({});
    if (s3) await apply(change({ ...healthy, endpoints: { s3: { ...s3, policy: deny } } }), context);
    expect(sent).toMatchObject([
      {
        name: 'ModifyVpcEndpoint',
        input: { VpcEndpointId: 'vpce-1', PolicyDocument: expect.stringContaining('"Allow"') },
      },
    ]);
  });

  test('looks again where AWS refuses to delete what we made twice', async () => {
    const taggedAsOurs = [{ type: 'vpc', id: 'vpc-2', logical: 'vpc', made: true }] as const;
    const { context } = fakeContext({ DeleteVpc: awsError('DependencyViolation') });
    expect(await error(apply(change({ ...healthy, taggedAsOurs }), context))).toBeInstanceOf(Conflict);
  });

  test('keeps the ids of what was made before a failure, and says what is written by then', async () => {
    const fake = fakeContext({ ...made, CreateSubnet: awsError('SubnetLimitExceeded') });
    const { context, outputs, written } = fake;
    await error(apply(change(undefined), context));
    expect(written).toEqual(['vpc', 'internet gateway', 'route table public']);
    expect(outputs).toMatchObject({ 'vpc.id': 'vpc-1', 'routeTable.public.id': 'rtb-1' });
  });

  test('is patient with fresh ids that other calls do not see yet', async () => {
    let asked = 0;
    const { context } = fakeContext({
      ...made,
      ModifySubnetAttribute: () => {
        asked += 1;
        if (asked === 1) throw awsError('InvalidSubnetID.NotFound');
        return {};
      },
    });
    await apply(change(undefined), context);
    expect(asked).toBe(2);
  });

  test('takes what somebody else did meanwhile as a reason to look again', async () => {
    const { context } = fakeContext({
      ...made,
      AttachInternetGateway: awsError('Resource.AlreadyAssociated'),
    });
    expect(await error(apply(change(undefined), context))).toBeInstanceOf(Conflict);
  });

  test('takes the n-th zone id of the region when it makes a subnet, whatever order AWS tells', async () => {
    const subnets = [{ name: 'public', cidr: '10.0.0.0/24', zone: 2, routing: 'public' }];
    const zones = { AvailabilityZones: ['euw1-az3', 'euw1-az1', 'euw1-az2'].map((ZoneId) => ({ ZoneId })) };
    const { context, sent } = fakeContext({ ...made, DescribeAvailabilityZones: zones });
    await apply(change(undefined, wantedWith({ subnets })), context);
    const created = sent.find(({ name }) => name === 'CreateSubnet');
    expect(created?.input.AvailabilityZoneId).toBe('euw1-az2');
  });

  test('says by path that a region has too few zones', async () => {
    const subnets = [{ name: 'public', cidr: '10.0.0.0/24', zone: 5, routing: 'public' }];
    const { context } = fakeContext({ ...made, DescribeAvailabilityZones: { AvailabilityZones: [] } });
    expect(await error(apply(change(undefined, wantedWith({ subnets })), context))).toMatchObject({
      problems: [{ path: 'network.subnets[0].zone' }],
      remedy: expect.stringMatching(/^Give the subnet another zone/),
    });
  });

  test('removes what we made twice, and nothing else with our tags', async () => {
    const actual: Sample = {
      ...healthy,
      taggedAsOurs: [
        { type: 'internet gateway', id: 'igw-2', logical: 'internet-gateway', made: true },
        { type: 'vpc', id: 'vpc-3', logical: 'vpc', made: false },
      ],
    };
    const { context, sent } = fakeContext({});
    await apply(change(actual), context);
    expect(sent.map(({ name, input }) => [name, input])).toEqual([
      ['DeleteInternetGateway', { InternetGatewayId: 'igw-2' }],
    ]);
  });

  test('gives a token that stays for a repeated call and changes once there was such a thing', () => {
    const named = tableNamed('public');
    const token = (recorded: Record<string, string>, vpcId = 'vpc-1') =>
      clientToken({ context: fakeContext({}, recorded).context }, named, { VpcId: vpcId });
    expect(token({})).toBe(token({}));
    expect(token({})).not.toBe(token({ 'routeTable.public.id': 'rtb-1' }));
    expect(token({})).not.toBe(token({}, 'vpc-2'));
    expect(token({}).length).toBeLessThanOrEqual(64);
  });
});
