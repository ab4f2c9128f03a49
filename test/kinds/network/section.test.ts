import { describe, expect, test } from '@jest/globals';
import { NetworkSection, outputNames } from '../../../controllers/kinds/network/section.ts';
import { InvalidDesiredState } from '../../../shared/domain/errors.ts';
import { section, wantedWith } from './samples.ts';

function problemsOf(overrides: Record<string, unknown>): string[] {
  const parsed = NetworkSection.safeParse({ ...section, ...overrides });
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const subnet = (overrides: Record<string, unknown> = {}) => ({
  name: 'a',
  cidr: '10.0.1.0/24',
  routing: 'private',
  ...overrides,
});

describe('NetworkSection', () => {
  test.each([
    ['an unknown key is a slip of the pen', { ciddr: '10.0.0.0/16' }, /Unrecognized key/],
    ['AWS takes no block wider than /16', { cidr: '10.0.0.0/8', subnets: [] }, /^cidr: .*\/16 to \/28/],
    ['AWS takes no block narrower than /28', { cidr: '10.0.0.0/29', subnets: [] }, /^cidr: .*\/16 to \/28/],
    ['an address is no block', { cidr: '10.0.0.1' }, /^cidr: .*not an IPv4 block/],
    ['three numbers are no address', { cidr: '10.0.0/16' }, /^cidr: .*not an IPv4 block/],
    ['IPv6 is not kept', { cidr: 'fd00::/56' }, /^cidr: .*not an IPv4 block/],
    [
      'a subnet lies in its VPC',
      { subnets: [subnet({ cidr: '10.1.0.0/24' })] },
      /^subnets.0.cidr: .*not inside/,
    ],
    [
      'subnets do not overlap',
      { subnets: [subnet(), subnet({ name: 'b', cidr: '10.0.1.128/25' })] },
      /^subnets.1.cidr: 10.0.1.128\/25 overlaps 10.0.1.0\/24 of subnet a/,
    ],
    [
      'a subnet is found by its name',
      { subnets: [subnet(), subnet({ cidr: '10.0.2.0/24' })] },
      /^subnets.1.name: there are two subnets named a/,
    ],
    [
      'a zone is told once',
      { subnets: [subnet({ zoneId: 'euw1-az1', zone: 1 })] },
      /^subnets.0.zone: .*not both/,
    ],
    [
      'zone names differ by account',
      { subnets: [subnet({ zoneId: 'eu-west-1a' })] },
      /^subnets.0.zoneId: .*use1-az1/,
    ],
    [
      'a public subnet needs a way out',
      { internetGateway: false },
      /^subnets.0.routing: public routing needs internetGateway: true/,
    ],
    ['AWS refuses host names without DNS', { dnsSupport: false }, /^dnsHostnames: .*need dnsSupport/],
    [
      'there is one endpoint a service',
      { gatewayEndpoints: ['s3', 's3'] },
      /^gatewayEndpoints.1: s3 is named twice/,
    ],
    ['only these two have gateway endpoints', { gatewayEndpoints: ['sqs'] }, /^gatewayEndpoints.0: /],
    ['an endpoint serves route tables', { subnets: [] }, /^gatewayEndpoints: .*needs a subnet/],
    ['whose a thing is cannot be given', { tags: { 'orgkeeper:owner': 'me' } }, /^tags.orgkeeper:owner: /],
    ['AWS keeps its own tags', { tags: { 'aws:x': 'y' } }, /^tags.aws:x: /],
  ])('refuses an invalid section: %s', (_, overrides, problem) => {
    expect(problemsOf(overrides)).toContainEqual(expect.stringMatching(problem));
  });

  test.each([
    ['the sample', {}],
    ['the widest and the narrowest', { cidr: '10.0.0.0/16', subnets: [subnet({ cidr: '10.0.0.0/28' })] }],
    ['neighbours that touch', { subnets: [subnet(), subnet({ name: 'b', cidr: '10.0.2.0/24' })] }],
    [
      'text that is filled in later',
      { cidr: '${values.cidr}', subnets: [subnet({ zoneId: '${values.zone}' })] },
    ],
    ['a local zone', { subnets: [subnet({ zoneId: 'usw2-lax1-az1' })] }],
    ['no DNS at all', { dnsSupport: false, dnsHostnames: false }],
  ])('accepts %s', (_, overrides) => {
    expect(problemsOf(overrides)).toEqual([]);
  });

  test('declares the outputs that other sections may name, with one route table for each routing', () => {
    const subnets = [subnet(), { ...subnet({ name: 'b', cidr: '10.0.2.0/24' }), routing: 'public' }];
    expect(outputNames(NetworkSection.parse({ ...section, subnets }))).toEqual([
      'vpc.id',
      'vpc.cidr',
      'internetGateway.id',
      'subnet.a.id',
      'subnet.b.id',
      'routeTable.public.id',
      'routeTable.private.id',
      'endpoint.s3.id',
    ]);
  });
});

describe('render of a network', () => {
  test('has blocks as AWS stores them, host bits cleared', () => {
    const wanted = wantedWith({ cidr: '100.68.0.18/18', subnets: [subnet({ cidr: '100.68.5.9/24' })] });
    expect(wanted).toMatchObject({ cidr: '100.68.0.0/18', subnets: [{ cidr: '100.68.5.0/24' }] });
  });

  test('fills in the values of the account, and refuses invalid ones by path', () => {
    const subnets = [subnet({ cidr: '${values.block}' })];
    expect(wantedWith({ subnets }, { 'values.block': '10.0.8.0/24' }).subnets[0]?.cidr).toBe('10.0.8.0/24');
    let thrown: unknown;
    try {
      wantedWith({ subnets }, { 'values.block': '10.9.0.0/24' });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidDesiredState);
    expect(thrown).toMatchObject({
      problems: [{ path: 'network.subnets[0].cidr' }],
      remedy: expect.stringMatching(/^Correct the baseline, or register the account again/),
    });
  });

  test('gives public addresses in public subnets by default', () => {
    const map = (overrides: Record<string, unknown>) =>
      wantedWith({ subnets: [subnet(overrides)] }).subnets[0]?.mapPublicIpOnLaunch;
    expect(map({ routing: 'public' })).toBe(true);
    expect(map({ routing: 'private' })).toBe(false);
    expect(map({ routing: 'public', mapPublicIpOnLaunch: false })).toBe(false);
  });

  test('uses the first zone by default', () => {
    expect(wantedWith({ subnets: [subnet()] }).subnets[0]?.zone).toEqual({ number: 1 });
  });
});
