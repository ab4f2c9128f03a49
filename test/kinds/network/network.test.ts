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
  test('are none when all is in order, the endpoint route and the main route table included', () => {
    expect(diff(wanted, actualOf(healthy))).toEqual({ differences: [], blocked: [], unowned: [] });
  });

  test('name each thing once, in the order of making, when nothing is there', () => {
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

  test('warn of what carries our tags, once for each, wherever it is', () => {
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

  test('wait as a whole for a block that is not known, and by themselves for tags', () => {
    expect(said(undefined, wantedWith({ cidr: '${values.cidr}' }))).toEqual(['! WaitingForOutputs vpc cidr']);
    expect(said(healthy, wantedWith({ tags: { role: '${role.arn}' } }))).toEqual([
      '! WaitingForOutputs vpc tags.role',
    ]);
  });
});

describe('writing a network', () => {
  test('makes everything in the order in which it needs each other, tagged as it is made', async () => {
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

  test('keeps the ids of what was made before a failure, and says what is written by then', async () => {
    const fake = fakeContext({ ...answers, CreateSubnet: awsError('SubnetLimitExceeded') });
    const { context, outputs, written } = fake;
    await failureOf(apply(change(undefined), context));
    expect(written).toEqual(['vpc', 'internet gateway', 'route table public']);
    expect(outputs).toMatchObject({ 'vpc.id': 'vpc-1', 'routeTable.public.id': 'rtb-1' });
  });

  test('looks again where AWS refuses to delete what we made twice', async () => {
    const taggedAsOurs = [{ type: 'vpc', id: 'vpc-2', logical: 'vpc', made: true }] as const;
    const { context } = fakeContext({ DeleteVpc: awsError('DependencyViolation') });
    expect(await failureOf(apply(change({ ...healthy, taggedAsOurs }), context))).toBeInstanceOf(Conflict);
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
});
