import { describe, expect, it } from '@jest/globals';
import type { WritingContext } from '../../../controllers/kinds/kind.ts';
import { network } from '../../../controllers/kinds/network/kind.ts';
import {
  diffOwnerManaged,
  type OwnerManagedActual,
  outputsOwnerManaged,
  renderOwnerManaged,
} from '../../../controllers/kinds/network/owner-managed.ts';
import { memberAccount } from '../../kit/kind-context.ts';
import { fakeContext } from './samples.ts';

const section = network.section.parse({
  cidr: '10.0.0.0/16',
  internetGateway: true,
  subnets: [
    { name: 'public', cidr: '10.0.0.0/20', routing: 'public' },
    { name: 'private', cidr: '10.0.16.0/20', routing: 'private' },
  ],
});
const own = network.render(section, () => undefined, memberAccount);
const wanted = renderOwnerManaged(own, { vpcId: 'vpc-1', subnetIds: ['subnet-1', 'subnet-2'] });
const actual: OwnerManagedActual = {
  ownerManaged: true,
  vpc: { id: 'vpc-1', cidr: '172.16.0.0/16', available: true, dnsSupport: true, dnsHostnames: true },
  subnets: {
    'subnet-1': { vpcId: 'vpc-1', available: true },
    'subnet-2': { vpcId: 'vpc-1', available: true },
  },
  wanted,
};
const vpc = actual.vpc as NonNullable<OwnerManagedActual['vpc']>;

describe("the network of the account's owner", () => {
  it('is in order whatever its block is', () => {
    expect(diffOwnerManaged(actual)).toMatchObject({ differences: [], blocked: [], unowned: [] });
  });

  it('is published under the names of the subnets of the baseline, in order', () => {
    expect(outputsOwnerManaged(actual)).toMatchObject({
      'vpc.id': 'vpc-1',
      'vpc.cidr': '172.16.0.0/16',
      'subnet.public.id': 'subnet-1',
      'subnet.private.id': 'subnet-2',
    });
  });

  it.each([
    ['a VPC that does not exist', { ...actual, vpc: undefined }, 'NetworkMissing', 'vpc-1', ''],
    [
      'a VPC that is not available',
      { ...actual, vpc: { ...vpc, available: false } },
      'NetworkDiffers',
      'vpc-1',
      'state',
    ],
    [
      'DNS support off',
      { ...actual, vpc: { ...vpc, dnsSupport: false } },
      'NetworkDiffers',
      'vpc-1',
      'dnsSupport',
    ],
    [
      'DNS host names off',
      { ...actual, vpc: { ...vpc, dnsHostnames: false } },
      'NetworkDiffers',
      'vpc-1',
      'dnsHostnames',
    ],
    [
      'a subnet that does not exist',
      { ...actual, subnets: { 'subnet-1': { vpcId: 'vpc-1', available: true } } },
      'NetworkMissing',
      'subnet-2',
      '',
    ],
    [
      'a subnet of another VPC',
      { ...actual, subnets: { ...actual.subnets, 'subnet-2': { vpcId: 'vpc-9', available: true } } },
      'NetworkDiffers',
      'subnet-2',
      'vpcId',
    ],
    [
      'a subnet that is not available',
      { ...actual, subnets: { ...actual.subnets, 'subnet-2': { vpcId: 'vpc-1', available: false } } },
      'NetworkDiffers',
      'subnet-2',
      'state',
    ],
  ] as const)(
    'with %s is reported, and neither written nor published',
    (_, found, reason, resource, path) => {
      const { differences, blocked } = diffOwnerManaged(found);
      expect(network.outputs(found)).toEqual({});
      expect(differences).toEqual([]);
      expect(blocked).toEqual([
        expect.objectContaining({
          reason,
          difference: expect.objectContaining({ resource, path, action: 'reported' }),
        }),
      ]);
    },
  );

  it('with more subnets than the baseline has them checked, and not published', () => {
    const more = renderOwnerManaged(own, { vpcId: 'vpc-1', subnetIds: ['subnet-1', 'subnet-2', 'subnet-3'] });
    expect(diffOwnerManaged({ ...actual, wanted: more }).blocked).toMatchObject([
      { reason: 'NetworkMissing', difference: { resource: 'subnet-3' } },
    ]);
    const found = {
      ...actual,
      wanted: more,
      subnets: { ...actual.subnets, 'subnet-3': { vpcId: 'vpc-1', available: true } },
    };
    expect(diffOwnerManaged(found).blocked).toEqual([]);
    expect(outputsOwnerManaged(found)).toEqual(outputsOwnerManaged(actual));
  });

  it('with too few subnets is reported with those that are missing', () => {
    const few = renderOwnerManaged(own, { vpcId: 'vpc-1', subnetIds: ['subnet-1'] });
    const found = { ...actual, wanted: few };
    expect(diffOwnerManaged(found).blocked.map(({ difference }) => difference.resource)).toEqual([
      'subnet private',
    ]);
    expect(outputsOwnerManaged(found)).toEqual({});
  });

  it('is never written, even if apply is called', async () => {
    const change = { wanted: { ...own, ownerManaged: wanted }, actual, differences: [] };
    await expect(network.apply(change, {} as WritingContext)).rejects.toThrow(/never changed/);
  });

  it('never counts as ours once a registration no longer names it', async () => {
    const answers = { DescribeVpcs: { Vpcs: [{ VpcId: 'vpc-1', CidrBlock: '172.16.0.0/16' }] } };
    const recorded = { 'vpc.id': 'vpc-1', 'network.given': 'vpc-1', 'subnet.public.id': 'subnet-1' };
    const { context, sent } = fakeContext(answers, recorded);
    expect(await network.observe(own, context)).toEqual({ state: 'absent' });
    await network.remove(own, context);
    expect(sent.filter(({ name }) => !name.startsWith('Describe'))).toEqual([]);
  });
});
