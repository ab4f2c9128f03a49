import { parseBlock } from '../../../shared/domain/cidr.ts';
import { InvalidDesiredState } from '../../../shared/domain/errors.ts';
import { interpolateDeep, type Lookup, namesIn, unknownIn } from '../../../shared/domain/interpolate.ts';
import type { KindAccount } from '../kind.ts';
import { layoutProblems } from './layout.ts';
import { ADDRESS, withBlocks } from './pool.ts';
import { type GatewayService, type NetworkSection, type Routing, routingsOf } from './section.ts';

/** The network that an account is to have. */
export interface Network {
  readonly owner: string;
  /** Canonical, as AWS stores it. */
  readonly cidr: string;
  readonly dnsSupport: boolean;
  readonly dnsHostnames: boolean;
  readonly internetGateway: boolean;
  readonly subnets: readonly Subnet[];
  /** One route table each. */
  readonly routings: readonly Routing[];
  readonly endpoints: readonly Endpoint[];
  readonly tags: Readonly<Record<string, string>>;
  /** Names of `${…}` that are not known yet. */
  readonly waiting: {
    /** In blocks and zones: nothing can be written before they are known. */
    readonly layout: readonly string[];
    /** Per tag: it is not written before. */
    readonly tags: Readonly<Record<string, readonly string[]>>;
  };
}

/** A subnet that the account is to have, its block canonical, its zone by id or by number. */
export interface Subnet {
  readonly name: string;
  readonly cidr: string;
  readonly zone: { readonly id: string } | { readonly number: number };
  readonly routing: Routing;
  readonly mapPublicIpOnLaunch: boolean;
}

/** A gateway endpoint that the account is to have. */
export interface Endpoint {
  readonly name: GatewayService;
  readonly serviceName: string;
}

/** See Kind. Problems have paths like `network.subnets[0].cidr`. */
export function render(section: NetworkSection, lookup: Lookup, account: KindAccount): Network {
  const filled = withBlocks(interpolateDeep(section, lookup), lookup(ADDRESS));
  const problems = layoutProblems(filled).map(({ path, message }) => ({ path: pathText(path), message }));
  if (problems.length > 0) {
    const said = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new InvalidDesiredState(`The network makes no sense: ${said}.`, problems, {
      remedy: 'Correct the baseline, or register the account again with the values that it needs.',
    });
  }
  const unknown = Object.entries(section.tags)
    .map(([key, value]) => [key, unknownIn(value, lookup)] as const)
    .filter(([, names]) => names.length > 0);
  const waiting = Object.fromEntries(unknown);
  return {
    owner: account.owner,
    cidr: canonical(filled.cidr),
    dnsSupport: filled.dnsSupport,
    dnsHostnames: filled.dnsHostnames,
    internetGateway: filled.internetGateway,
    subnets: filled.subnets.map(({ name, cidr, zoneId, zone, routing, mapPublicIpOnLaunch }) => ({
      name,
      cidr: canonical(cidr),
      zone: zoneId === undefined ? { number: zone ?? 1 } : { id: zoneId },
      routing,
      mapPublicIpOnLaunch: mapPublicIpOnLaunch ?? routing === 'public',
    })),
    routings: routingsOf(filled.subnets),
    endpoints: filled.gatewayEndpoints.map((name) => ({
      name,
      serviceName: `com.amazonaws.${account.region}.${name}`,
    })),
    tags: Object.fromEntries(Object.entries(filled.tags).filter(([key]) => !Object.hasOwn(waiting, key))),
    waiting: {
      layout: [filled.cidr, ...filled.subnets.flatMap(({ cidr, zoneId = '' }) => [cidr, zoneId])].flatMap(
        namesIn,
      ),
      tags: waiting,
    },
  };
}

function canonical(cidr: string): string {
  return parseBlock(cidr)?.text ?? cidr;
}

function pathText(path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (text, key) => text + (typeof key === 'number' ? `[${key}]` : `.${key}`),
    'network',
  );
}
