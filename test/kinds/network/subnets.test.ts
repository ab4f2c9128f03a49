import { describe, expect, test } from '@jest/globals';
import { apply, diff } from '../../../controllers/kinds/network/network.ts';
import {
  actualOf,
  answers,
  type Case,
  change,
  failureOf,
  fakeContext,
  healthy,
  said,
  wantedWith,
  withTable,
} from './samples.ts';

const { vpc } = healthy;
const subnet = healthy.subnets.public;
if (!vpc || !subnet) throw new Error('the sample is whole');
const wanted = wantedWith();

describe('the subnets of a network', () => {
  const cases: Case[] = [
    {
      reason: 'a subnet without a table of its own follows the main one',
      actual: withTable({ associations: [] }),
      says: ['subnet public routeTable created'],
    },
    {
      reason: 'AWS cannot move a subnet; its other fields are kept all the same',
      actual: { subnets: { public: { ...subnet, zoneId: 'euw1-az3', mapPublicIpOnLaunch: false } } },
      says: ['subnet public mapPublicIpOnLaunch updated', '! NeedsReplacement subnet public zoneId'],
    },
    {
      reason: 'somebody took the addresses of a subnet that is to be made',
      actual: {
        subnets: {},
        others: [{ ...subnet, id: 'subnet-9', cidr: '10.0.0.128/25', tags: {} }],
      },
      says: ['! ForeignResource subnet public ', '? subnet subnet-9 '],
    },
    {
      reason: 'a subnet cannot be made in a VPC whose block does not hold it',
      actual: { vpc: { ...vpc, cidr: '10.7.0.0/16' }, subnets: {} },
      says: ['! NeedsReplacement vpc cidr', '! NeedsReplacement subnet public cidr'],
    },
  ];
  test.each(cases)('$reason', ({ actual, says }) => {
    expect(said({ ...healthy, ...actual })).toEqual(says);
  });

  test('leave a zone that was given by number: it was looked up when the subnet was made', () => {
    const subnets = [{ name: 'public', cidr: '10.0.0.0/24', zone: 2, routing: 'public' }];
    expect(said(healthy, wantedWith({ subnets }))).toEqual([]);
  });

  test('say what to do if a subnet does not fit into its VPC', () => {
    const { blocked } = diff(
      wanted,
      actualOf({ ...healthy, vpc: { ...vpc, cidr: '10.7.0.0/16' }, subnets: {} }),
    );
    expect(blocked.at(-1)?.message).toMatch(
      /AWS cannot change: give the subnet a block within that; or delete the VPC/,
    );
  });

  test('write only what differs', async () => {
    const { context, sent } = fakeContext({});
    await apply(change({ ...healthy, ...withTable({ associations: [] }) }), context);
    expect(sent.map(({ name, input }) => [name, input])).toEqual([
      ['AssociateRouteTable', { SubnetId: 'subnet-1', RouteTableId: 'rtb-1' }],
    ]);
  });

  test('use the n-th zone id of the region for a new subnet, in whatever order AWS lists the zones', async () => {
    const subnets = [{ name: 'public', cidr: '10.0.0.0/24', zone: 2, routing: 'public' }];
    const zones = { AvailabilityZones: ['euw1-az3', 'euw1-az1', 'euw1-az2'].map((ZoneId) => ({ ZoneId })) };
    const { context, sent } = fakeContext({ ...answers, DescribeAvailabilityZones: zones });
    await apply(change(undefined, wantedWith({ subnets })), context);
    const created = sent.find(({ name }) => name === 'CreateSubnet');
    expect(created?.input.AvailabilityZoneId).toBe('euw1-az2');
  });

  test('say by path that a region has too few zones', async () => {
    const subnets = [{ name: 'public', cidr: '10.0.0.0/24', zone: 5, routing: 'public' }];
    const { context } = fakeContext({ ...answers, DescribeAvailabilityZones: { AvailabilityZones: [] } });
    expect(await failureOf(apply(change(undefined, wantedWith({ subnets })), context))).toMatchObject({
      problems: [{ path: 'network.subnets[0].zone' }],
      remedy: expect.stringMatching(/^Give the subnet another zone/),
    });
  });
});
