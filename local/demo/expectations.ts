import type { World } from './world.ts';

/** One thing that must hold in AWS, and what AWS says of it. */
export interface Expectation {
  readonly what: string;
  readonly says: string;
  readonly holds: boolean;
}

/** What the analytics baseline wants, against what AWS says. Pure. */
export function expectations(
  world: World,
  roles: { runner: string; api: string; accountId: string },
): Expectation[] {
  const { role, vpcs, subnets, routes, attachedGateways, endpoints, parameters } = world;
  const [vpc] = vpcs;
  const [subnet] = subnets;
  const trusted = [roles.runner, roles.api, `arn:aws:iam::${roles.accountId}:root`].sort();
  const check = (what: string, says: unknown, holds: boolean): Expectation => ({
    what,
    says: String(says),
    holds,
  });
  return [
    check('execution role', role?.arn ?? 'no such role', role !== undefined),
    check('it trusts', role?.trusts.map(short).join(', '), same(role?.trusts, trusted)),
    check('with ExternalId', role?.externalId, /^[A-Za-z0-9]{32}$/.test(role?.externalId ?? '')),
    check('it may', role?.sids.join(', '), (role?.sids.length ?? 0) >= 8),
    check(
      'inline policies',
      role?.inlinePolicies.join(', '),
      role?.inlinePolicies.includes('backdoor') === false,
    ),
    check(
      'attached policies',
      role?.managedPolicies.join(', ') || 'none',
      role?.managedPolicies.length === 0,
    ),
    check('it is ours', role?.tags.join(', '), role?.tags.includes('orgkeeper:owner') === true),
    check(
      'VPC',
      `${vpcs.map(({ id, cidr }) => `${id} ${cidr}`)}`,
      vpcs.length === 1 && vpc?.cidr === '10.0.0.0/16',
    ),
    check('DNS host names', vpc?.dnsHostnames, vpc?.dnsHostnames === true),
    check('subnet', `${subnet?.id} ${subnet?.cidr}`, subnets.length === 1 && subnet?.cidr === '10.0.0.0/20'),
    check('public addresses', subnet?.publicIps, subnet?.publicIps === true),
    check('internet gateway', attachedGateways.join(', ') || 'none attached', attachedGateways.length === 1),
    check('routes', routes.join(', '), routes.includes(`0.0.0.0/0 ${attachedGateways[0]}`)),
    check('gateway endpoint', endpoints.join(', ') || 'none', endpoints.length === 1),
    check(
      '/orgkeeper/network/vpc-id',
      parameters['/orgkeeper/network/vpc-id'],
      parameters['/orgkeeper/network/vpc-id'] === vpc?.id,
    ),
    check(
      '/orgkeeper/role/arn',
      parameters['/orgkeeper/role/arn'],
      parameters['/orgkeeper/role/arn'] === role?.arn,
    ),
  ];
}

function short(arn: string): string {
  return arn.replace(/^arn:aws:iam::/, '');
}

function same(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return JSON.stringify([...(a ?? [])].sort()) === JSON.stringify(b);
}
