import type {
  Inside,
  InternetGateway,
  NetworkActual,
  Tagged,
  TaggedAsOurs,
  ThingType,
  Vpc,
} from './actual.ts';
import {
  hasOurTagsOnly,
  isEndpointAsMade,
  isGatewayAsMade,
  isSubnetAsMade,
  isTableAsMade,
  isVpcAsMade,
} from './as-made.ts';
import { isYoungerThanUnanswered } from './fresh.ts';
import { type Identity, isNamed, isOurVpc, pick } from './identify.ts';
import { endpointNamed, GATEWAY, type Named, subnetNamed, tableNamed, VPC } from './names.ts';
import type { Network } from './render.ts';

/** What the reads brought. */
export interface Everything {
  readonly vpcs: readonly Vpc[];
  readonly gateways: readonly InternetGateway[];
  /** By id of those VPCs that may be ours. */
  readonly inside: ReadonlyMap<string, Inside>;
}

const NOTHING: Inside = { vpcId: '', attributes: undefined, subnets: [], tables: [], endpoints: [] };
const GONE = new Set(['deleting', 'deleted', 'rejected', 'failed', 'expired']);

/** How one of our things is told from others that carry its tags. */
interface How<T> {
  readonly type: ThingType;
  readonly named: Named;
  /** Like what we make in what people who copy tags do not copy. */
  readonly isLike?: (candidate: T) => boolean;
  /** Lower first. */
  readonly rank?: (candidate: T) => number;
  /** To the field what we make, beside the one that is kept. */
  readonly asMade: (candidate: T, kept: T) => boolean;
}

/** Pure. Tells what is ours, what else carries our tags, and what else is in our VPC. */
export function assemble(found: Everything, wanted: Network, identity: Identity): NetworkActual {
  const taggedAsOurs: TaggedAsOurs[] = [];
  const choose = <T extends Tagged>(candidates: readonly T[], how: How<T>): T | undefined => {
    const { type, named, isLike = () => false, rank, asMade } = how;
    const like = (one: T) => isNamed(one, named, wanted) || isLike(one);
    const { chosen, others } = pick(candidates, named, identity, like, rank);
    for (const one of others) {
      const made =
        chosen !== undefined &&
        isYoungerThanUnanswered(named, one.id, identity) &&
        hasOurTagsOnly(one, named, wanted) &&
        asMade(one, chosen);
      taggedAsOurs.push({ type, id: one.id, logical: named.logical, made });
    }
    return chosen;
  };

  const weight = (vpc: Vpc): number => {
    const { subnets, endpoints, tables } = found.inside.get(vpc.id) ?? NOTHING;
    const attached = found.gateways.some(({ attachedTo }) => attachedTo === vpc.id) ? 1 : 0;
    const added = tables.filter(({ associations }) => !associations.some(({ main }) => main));
    return subnets.length + endpoints.length + added.length + attached;
  };
  const vpc = choose(found.vpcs, {
    type: 'vpc',
    named: VPC,
    isLike: (one) => isOurVpc(one, wanted),
    rank: (one) => -weight(one),
    asMade: (one) => isVpcAsMade(one, found.inside.get(one.id), found.gateways, wanted),
  });
  const { attributes, subnets, tables, ...more } = (vpc && found.inside.get(vpc.id)) ?? NOTHING;
  const endpoints = more.endpoints.filter(({ state }) => !GONE.has(state));

  const gateway = choose(found.gateways, {
    type: 'internet gateway',
    named: GATEWAY,
    rank: ({ attachedTo }) => (attachedTo !== undefined && attachedTo === vpc?.id ? 0 : 1),
    asMade: isGatewayAsMade,
  });
  const ourSubnets = byName(wanted.subnets, (subnet) => [
    subnet.name,
    choose(subnets, {
      type: 'subnet',
      named: subnetNamed(subnet.name),
      isLike: ({ cidr }) => cidr === subnet.cidr,
      asMade: (one) => isSubnetAsMade(one, subnet, tables),
    }),
  ]);
  const ourTables = byName(wanted.routings, (routing) => [
    routing,
    choose(tables, {
      type: 'route table',
      named: tableNamed(routing),
      asMade: (one) => isTableAsMade(one, endpoints),
    }),
  ]);
  const ourEndpoints = byName(wanted.endpoints, (endpoint) => [
    endpoint.name,
    choose(endpoints, {
      type: 'endpoint',
      named: endpointNamed(endpoint.name),
      isLike: ({ serviceName, type }) => serviceName === endpoint.serviceName && type === 'Gateway',
      asMade: (one, kept) => isEndpointAsMade(one, endpoint, kept),
    }),
  ]);

  const named: readonly Tagged[] = [
    ...(gateway ? [gateway] : []),
    ...Object.values(ourSubnets),
    ...Object.values(ourTables),
    ...Object.values(ourEndpoints),
  ];
  const second = taggedAsOurs.filter(({ made }) => made);
  const ours = new Set([...named, ...second].map(({ id }) => id));
  const rest = <T extends Tagged>(things: readonly T[]): T[] => things.filter(({ id }) => !ours.has(id));
  return {
    vpc: vpc && attributes ? { ...vpc, ...attributes } : undefined,
    gateway,
    subnets: ourSubnets,
    tables: ourTables,
    endpoints: ourEndpoints,
    taggedAsOurs,
    others: {
      gateways: rest(found.gateways).filter(({ attachedTo }) => vpc !== undefined && attachedTo === vpc.id),
      subnets: rest(subnets),
      // The main route table came with the VPC.
      tables: rest(tables).filter(({ associations }) => !associations.some(({ main }) => main)),
      endpoints: rest(endpoints),
    },
    allTables: tables,
  };
}

function byName<Item, Value>(
  items: readonly Item[],
  entry: (item: Item) => [string, Value | undefined],
): Record<string, Value> {
  const entries = items.map(entry).filter((one): one is [string, Value] => one[1] !== undefined);
  return Object.fromEntries(entries);
}
