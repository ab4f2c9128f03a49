import { describe, expect, test } from '@jest/globals';
import { apply, diff } from '../../../controllers/kinds/network/network.ts';
import { Conflict } from '../../../shared/domain/errors.ts';
import { NOW } from '../../kit/clock.ts';
import { awsError } from '../../kit/sdk.ts';
import {
  actualOf,
  answers,
  type Case,
  change,
  failureOf,
  fakeContext,
  healthy,
  type Sample,
  said,
  wantedWith,
} from './samples.ts';

const subnet = healthy.subnets.public;
const wanted = wantedWith();
if (!subnet) throw new Error('the sample is whole');
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

describe('the differences of a network', () => {
  test('are none if the network is as wanted, with the route of the endpoint and the main route table', () => {
    expect(diff(wanted, actualOf(healthy))).toEqual({ differences: [], blocked: [], unowned: [] });
  });

  test('name each resource once, in the order in which they are made, if the account has none', () => {
    expect(said(undefined)).toEqual([
      'vpc  created',
      'internet gateway  created',
      'route table public  created',
      'subnet public  created',
      'endpoint s3  created',
    ]);
  });

  const cases: Case[] = [
    {
      reason: 'what we made twice goes, anything else with our tags stays',
      actual: {
        taggedAsOurs: [
          { type: 'vpc', id: 'vpc-2', logical: 'vpc', made: true },
          { type: 'vpc', id: 'vpc-3', logical: 'vpc', made: false },
        ],
      },
      says: ['vpc vpc-2  removed', '? vpc vpc-3 '],
    },
  ];
  test.each(cases)('$reason', ({ actual, says }) => {
    expect(said({ ...healthy, ...actual })).toEqual(says);
  });

  test('warn of each unowned resource with our tags, once, wherever it is', () => {
    const copied = { ...subnet, id: 'subnet-9', cidr: '10.0.64.0/24' };
    const actual: Sample = {
      ...healthy,
      others: [copied],
      taggedAsOurs: [
        { type: 'subnet', id: 'subnet-9', logical: 'subnet/public', made: false },
        { type: 'vpc', id: 'vpc-3', logical: 'vpc', made: false },
      ],
    };
    const { unowned, warnings } = diff(wanted, actualOf(actual));
    expect(unowned.map(({ resource }) => resource)).toEqual(['subnet subnet-9', 'vpc vpc-3']);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^TaggedLikeOurs: subnet subnet-9, vpc vpc-3 carry the tags of what Orgkeeper makes/,
      ),
    ]);
  });

  test('wait for a block that is not known with the whole network, and for a tag with that tag only', () => {
    expect(said(undefined, wantedWith({ cidr: '${values.cidr}' }))).toEqual(['! WaitingForOutputs vpc cidr']);
    expect(said(healthy, wantedWith({ tags: { role: '${role.arn}' } }))).toEqual([
      '! WaitingForOutputs vpc tags.role',
    ]);
  });
});

describe('apply of a network', () => {
  test('makes every resource in the order of their dependencies, with its tags', async () => {
    const { context, sent, outputs } = fakeContext(answers);
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

  test('records the ids of resources that were made before a failure, and reports them as written', async () => {
    const fake = fakeContext({ ...answers, CreateSubnet: awsError('SubnetLimitExceeded') });
    const { context, outputs, written } = fake;
    await failureOf(apply(change(undefined), context));
    expect(written).toEqual(['vpc', 'internet gateway', 'route table public']);
    expect(outputs).toMatchObject({ 'vpc.id': 'vpc-1', 'routeTable.public.id': 'rtb-1' });
  });

  test('has the next run observe a duplicate again if AWS refuses to delete it', async () => {
    const taggedAsOurs = [{ type: 'vpc', id: 'vpc-2', logical: 'vpc', made: true }] as const;
    const { context } = fakeContext({ DeleteVpc: awsError('DependencyViolation') });
    expect(await failureOf(apply(change({ ...healthy, taggedAsOurs }), context))).toBeInstanceOf(Conflict);
  });

  test('removes duplicates that we made, and no other resource with our tags', async () => {
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
});
