import type { Ids, World } from '../account-world.ts';

/** One expectation, and what AWS returns. */
export interface Expectation {
  readonly what: string;
  readonly says: string;
  readonly holds: boolean;
}

interface Trust {
  readonly Statement: readonly {
    readonly Principal?: { readonly AWS?: string | readonly string[] };
    readonly Condition?: { readonly StringEquals?: Readonly<Record<string, string>> };
  }[];
}

/** Compares the analytics baseline with what AWS returns. Pure. */
export function expectations(
  world: World,
  ids: Ids,
  roles: { runner: string; api: string; accountId: string },
): Expectation[] {
  const { role, vpcs, subnets, tables, gateways, endpoints, parameters } = world;
  const [vpc] = vpcs;
  const [cidr, subnet] = Object.entries(subnets)[0] ?? [];
  const [trust] = [(role?.trust as Trust | undefined)?.Statement ?? []].flat();
  const trusts = [trust?.Principal?.AWS ?? []].flat();
  const trusted = [roles.runner, roles.api, `arn:aws:iam::${roles.accountId}:root`];
  const externalId = trust?.Condition?.StringEquals?.['sts:ExternalId'] ?? 'none';
  const inline = Object.keys(role?.inline ?? {});
  const sids = JSON.stringify(role?.inline ?? {}).match(/(?<="Sid":")[^"]*/g) ?? [];
  const attached = gateways.filter(({ attachedTo }) => attachedTo === '<vpc>').length;
  const routes = tables.flatMap((table) => Object.entries(table.routes).map((route) => route.join(' ')));
  const services = endpoints.filter((endpoint) => endpoint.tables.length > 0).map(({ service }) => service);
  const vpcId = parameters['/orgkeeper/network/vpc-id']?.value;
  const roleArn = parameters['/orgkeeper/role/arn']?.value;
  const check = (what: string, says: unknown, holds: boolean): Expectation => ({
    what,
    says: String(says),
    holds,
  });
  return [
    check('execution role', role?.arn ?? 'no such role', role !== undefined),
    check('it trusts', trusts.map(short).join(', '), same(trusts, trusted)),
    check('with ExternalId', externalId, /^[A-Za-z0-9]{32}$/.test(externalId)),
    check('it may', sids.join(', '), sids.length >= 8),
    check('inline policies', inline.join(', '), !inline.includes('backdoor')),
    check('attached policies', role?.attached.join(', ') || 'none', role?.attached.length === 0),
    check(
      'it is ours',
      Object.keys(role?.tags ?? {}).join(', '),
      role?.tags['orgkeeper:owner'] !== undefined,
    ),
    check('VPC', `${ids.vpc} ${vpc?.cidr}`, vpcs.length === 1 && ids.vpc !== ''),
    check('DNS host names', vpc?.dnsHostnames, vpc?.dnsHostnames === true),
    check('subnet', `${ids.subnet} ${cidr}`, Object.keys(subnets).length === 1 && ids.subnet !== ''),
    check('public addresses', subnet?.mapPublicIp, subnet?.mapPublicIp === true),
    check('internet gateway', attached > 0 ? ids.gateway : 'none attached', attached === 1),
    check('routes', routes.join(', '), routes.includes('0.0.0.0/0 <gateway> active')),
    check('its route table', subnet?.table, subnet?.table === '<our table>'),
    check('gateway endpoint', services.join(', ') || 'none', services.length === 1),
    check('/orgkeeper/network/vpc-id', vpcId === '<vpc>' ? ids.vpc : vpcId, vpcId === '<vpc>'),
    check('/orgkeeper/role/arn', roleArn, role !== undefined && roleArn === role.arn),
  ];
}

function short(arn: string): string {
  return arn.replace(/^arn:aws:iam::/, '');
}

function same(some: readonly string[], others: readonly string[]): boolean {
  return JSON.stringify([...some].sort()) === JSON.stringify([...others].sort());
}
