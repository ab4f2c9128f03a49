import { describe, expect, test } from '@jest/globals';
import { type Case, healthy, said, withTable } from './samples.ts';

const local = { destination: '10.0.0.0/16', target: 'local', active: true };
const subnet = healthy.subnets.public;
if (!subnet) throw new Error('the sample is whole');

describe('the route tables of a network', () => {
  const cases: Case[] = [
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
  ];
  test.each(cases)('$reason', ({ actual, says }) => {
    expect(said({ ...healthy, ...actual })).toEqual(says);
  });
});
