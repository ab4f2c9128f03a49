import { describe, expect, test } from '@jest/globals';
import { type Case, healthy, said, wantedWith, withTable } from './samples.ts';

const local = { destination: '10.0.0.0/16', target: 'local', active: true };
const { gateway } = healthy;
if (!gateway) throw new Error('the sample is whole');

describe('the internet gateway of a network', () => {
  const cases: Case[] = [
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
  ];
  test.each(cases)('$reason', ({ actual, says }) => {
    expect(said({ ...healthy, ...actual })).toEqual(says);
  });

  test('reports an internet gateway that the baseline dropped, since it may have traffic', () => {
    const inner = [{ name: 'public', cidr: '10.0.0.0/24', routing: 'private' }];
    const network = wantedWith({ internetGateway: false, subnets: inner, gatewayEndpoints: [] });
    expect(said(healthy, network)).toContain('? internet gateway ');
  });
});
