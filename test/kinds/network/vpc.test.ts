import { describe, expect, test } from '@jest/globals';
import { apply } from '../../../controllers/kinds/network/network.ts';
import { type Case, change, fakeContext, healthy, said, wantedWith } from './samples.ts';

const { vpc } = healthy;
if (!vpc) throw new Error('the sample is whole');

describe('the VPC of a network', () => {
  const cases: Case[] = [
    {
      reason: 'host names need DNS support, so it is switched on first',
      actual: { vpc: { ...vpc, dnsSupport: false, dnsHostnames: false } },
      says: ['vpc dnsSupport updated', 'vpc dnsHostnames updated'],
    },
    {
      reason: 'AWS cannot change the block of a VPC',
      actual: { vpc: { ...vpc, cidr: '10.0.0.0/17' } },
      says: ['! NeedsReplacement vpc cidr'],
    },
    {
      reason: 'tags of others stay on our things',
      actual: { vpc: { ...vpc, tags: { ...vpc.tags, billing: '7' } } },
      says: [],
    },
    {
      reason: 'a tag that was changed is put back',
      actual: { vpc: { ...vpc, tags: { ...vpc.tags, Name: 'mine' } } },
      says: ['vpc tags.Name updated'],
    },
  ];
  test.each(cases)('$reason', ({ actual, says }) => {
    expect(said({ ...healthy, ...actual })).toEqual(says);
  });

  test('switches host names off before DNS support, as AWS requires', async () => {
    const { context, sent } = fakeContext({});
    await apply(change(healthy, wantedWith({ dnsSupport: false, dnsHostnames: false })), context);
    expect(sent.map(({ input }) => Object.keys(input)[1])).toEqual([
      'EnableDnsHostnames',
      'EnableDnsSupport',
    ]);
  });
});
