import { describe, expect, test } from '@jest/globals';
import { diff } from '../../../controllers/kinds/network/resources.ts';
import { actualOf, healthy, ours, type Sample, wantedWith, withTable } from './samples.ts';

const wanted = wantedWith();
const gateway = {
  type: 'internet gateway' as const,
  id: 'igw-1',
  attachedTo: 'vpc-1',
  tags: ours('internet-gateway'),
};
const local = { destination: '10.0.0.0/16', target: 'local', active: true };
const { vpc } = healthy;
const s3 = healthy.endpoints.s3;
const subnet = healthy.subnets.public;
if (!vpc || !s3 || !subnet) throw new Error('the sample is whole');

/** `resource path action` of each difference to be written, then `! reason resource path`, then `? resource path`. */
function said(sample: Sample | undefined, network = wanted): string[] {
  const { differences, blocked, unowned } = diff(network, sample && actualOf(sample));
  return [
    ...differences.map(({ resource, path, action }) => `${resource} ${path} ${action}`),
    ...blocked.map(({ reason, difference }) => `! ${reason} ${difference.resource} ${difference.path}`),
    ...unowned.map(({ resource, path }) => `? ${resource} ${path}`),
  ];
}

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

  const cases: { reason: string; actual: Partial<Sample>; says: string[] }[] = [
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
    {
      reason: 'a gateway that outlived its VPC is attached again',
      actual: { gateway: { ...gateway, attachedTo: undefined } },
      says: ['internet gateway attachment created'],
    },
    {
      reason: 'a detached gateway makes its own route a black hole: attaching is enough',
      actual: {
        gateway: { ...gateway, attachedTo: undefined },
        ...withTable({ routes: [local, { destination: '0.0.0.0/0', target: 'igw-1', active: false }] }),
      },
      says: ['internet gateway attachment created'],
    },
    {
      reason: 'a gateway attached elsewhere may have traffic there; the route waits for it',
      actual: { gateway: { ...gateway, attachedTo: 'vpc-9' }, ...withTable({ routes: [local] }) },
      says: ['! ForeignResource internet gateway attachment'],
    },
    {
      reason: 'a VPC has one internet gateway, and this one is not ours',
      actual: {
        gateway: undefined,
        others: [{ type: 'internet gateway', id: 'igw-9', attachedTo: 'vpc-1', tags: {} }],
      },
      says: ['! ForeignResource internet gateway attachment'],
    },
    {
      reason: 'the default route of the public table is ours',
      actual: withTable({ routes: [local] }),
      says: ['route table public routes.0.0.0.0/0 created'],
    },
    {
      reason: 'whoever bent our default route, it is bent back',
      actual: withTable({ routes: [local, { destination: '0.0.0.0/0', target: 'tgw-1', active: true }] }),
      says: ['route table public routes.0.0.0.0/0 updated'],
    },
    {
      reason: 'the route to a deleted gateway is replaced once there is a new one',
      actual: withTable({ routes: [local, { destination: '0.0.0.0/0', target: 'igw-0', active: false }] }),
      says: ['route table public routes.0.0.0.0/0 updated'],
    },
    {
      reason: 'routes to elsewhere were put there by others',
      actual: withTable({
        routes: [
          local,
          { destination: '0.0.0.0/0', target: 'igw-1', active: true },
          { destination: '10.8.0.0/16', target: 'tgw-1', active: true },
        ],
      }),
      says: ['? route table public routes.10.8.0.0/16'],
    },
    {
      reason: 'a route to a gateway load balancer is no gateway endpoint',
      actual: withTable({
        routes: [
          local,
          { destination: '0.0.0.0/0', target: 'igw-1', active: true },
          { destination: '10.9.0.0/16', target: 'vpce-7', active: true },
        ],
      }),
      says: ['? route table public routes.10.9.0.0/16'],
    },
    {
      reason: 'a deleted route table is made, and put onto subnet and endpoint',
      actual: { tables: {}, allTables: [] },
      says: [
        'route table public  created',
        'subnet public routeTable created',
        'endpoint s3 routeTables updated',
      ],
    },
    {
      reason: 'a subnet of others may hang on our table',
      actual: {
        ...withTable({
          associations: [
            { id: 'rtbassoc-1', subnetId: 'subnet-1', gatewayId: undefined, main: false },
            { id: 'rtbassoc-9', subnetId: 'subnet-9', gatewayId: undefined, main: false },
          ],
        }),
        others: [{ ...subnet, id: 'subnet-9', cidr: '10.0.9.0/24', tags: {} }],
      },
      says: ['? route table public associations.subnet-9', '? subnet subnet-9 '],
    },
    {
      reason: 'somebody made our table the main one',
      actual: withTable({
        associations: [
          { id: 'rtbassoc-1', subnetId: 'subnet-1', gatewayId: undefined, main: false },
          { id: 'rtbassoc-2', subnetId: undefined, gatewayId: undefined, main: true },
        ],
      }),
      says: ['? route table public associations.main'],
    },
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
    {
      reason: 'a table that others gave our endpoint stays on it',
      actual: {
        endpoints: { s3: { ...s3, tableIds: ['rtb-1', 'rtb-main'] } },
      },
      says: ['? endpoint s3 routeTables.rtb-main'],
    },
    {
      reason: 'AWS knows one endpoint for a service and a route table, and it is not ours',
      actual: {
        endpoints: {},
        others: [{ ...s3, id: 'vpce-9', tags: {} }],
      },
      says: ['! ForeignResource endpoint s3 routeTables', '? endpoint vpce-9 '],
    },
    {
      reason: 'AWS cannot change the type of an endpoint',
      actual: { endpoints: { s3: { ...s3, endpointType: 'Interface' } } },
      says: ['! NeedsReplacement endpoint s3 type'],
    },
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

  test.each([
    ['allows nothing', [{ Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' }], true],
    [
      'allows one bucket',
      [{ Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::a/*' }],
      true,
    ],
    [
      'says full access otherwise',
      [{ Sid: 'A', Effect: 'Allow', Principal: { AWS: '*' }, Action: ['s3:*'], Resource: ['*'] }],
      false,
    ],
  ])('take the policy of an endpoint that %s by its meaning', (_, Statement, differs) => {
    const policy = JSON.stringify({ Version: '2012-10-17', Statement });
    const { differences } = diff(wanted, actualOf({ ...healthy, endpoints: { s3: { ...s3, policy } } }));
    expect(differences.map(({ resource, path, action }) => [resource, path, action])).toEqual(
      differs ? [['endpoint s3', 'policy', 'updated']] : [],
    );
  });

  test('leave a zone alone that was given by number: it was looked up when the subnet was made', () => {
    const subnets = [{ name: 'public', cidr: '10.0.0.0/24', zone: 2, routing: 'public' }];
    expect(said(healthy, wantedWith({ subnets }))).toEqual([]);
  });

  test('report an internet gateway that the baseline dropped, for it has traffic', () => {
    const inner = [{ name: 'public', cidr: '10.0.0.0/24', routing: 'private' }];
    const network = wantedWith({ internetGateway: false, subnets: inner, gatewayEndpoints: [] });
    expect(said(healthy, network)).toContain('? internet gateway ');
  });

  test('wait as a whole for a block that is not known, and by themselves for tags', () => {
    expect(said(undefined, wantedWith({ cidr: '${values.cidr}' }))).toEqual(['! WaitingForOutputs vpc cidr']);
    expect(said(healthy, wantedWith({ tags: { role: '${role.arn}' } }))).toEqual([
      '! WaitingForOutputs vpc tags.role',
    ]);
  });
});

test('a subnet that its VPC cannot hold says what to do', () => {
  const { blocked } = diff(
    wanted,
    actualOf({ ...healthy, vpc: { ...vpc, cidr: '10.7.0.0/16' }, subnets: {} }),
  );
  expect(blocked.at(-1)?.message).toMatch(
    /AWS cannot change: give it a block within that, or delete the VPC/,
  );
});
