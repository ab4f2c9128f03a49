import { parseBlock, usableAddresses } from '../../../shared/cidr.ts';
import type { Duplicate, Inside, InternetGateway, NetworkActual, Tagged, Vpc } from './actual.ts';
import { type Identity, pick } from './identify.ts';
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

/** Pure. Tells what is ours, what is ours twice, and what else is in our VPC. */
export function assemble(found: Everything, wanted: Network, identity: Identity): NetworkActual {
  const duplicates: Duplicate[] = [];
  const choose = <T extends Tagged>(
    type: Duplicate['type'],
    candidates: readonly T[],
    named: Named,
    unused: (candidate: T) => boolean,
    rank?: (candidate: T) => number,
  ): T | undefined => {
    const picked = pick(candidates, named, identity, rank);
    for (const one of picked.duplicates) {
      duplicates.push({ type, id: one.id, logical: named.logical, unused: unused(one) });
    }
    return picked.chosen;
  };

  const weight = (vpc: Vpc): number => {
    const { subnets, endpoints, tables } = found.inside.get(vpc.id) ?? NOTHING;
    const attached = found.gateways.some(({ attachedTo }) => attachedTo === vpc.id) ? 1 : 0;
    const added = tables.filter(({ associations }) => !associations.some(({ main }) => main));
    return subnets.length + endpoints.length + added.length + attached;
  };
  const vpc = choose(
    'vpc',
    found.vpcs,
    VPC,
    (candidate) => found.inside.has(candidate.id) && weight(candidate) === 0,
    (candidate) => -weight(candidate),
  );
  const { attributes, subnets, tables, ...more } = (vpc && found.inside.get(vpc.id)) ?? NOTHING;
  const endpoints = more.endpoints.filter(({ state }) => !GONE.has(state));

  const gateway = choose(
    'internet gateway',
    found.gateways,
    GATEWAY,
    ({ attachedTo }) => attachedTo === undefined,
    ({ attachedTo }) => (attachedTo !== undefined && attachedTo === vpc?.id ? 0 : 1),
  );
  const ourSubnets = byName(wanted.subnets, ({ name }) => [
    name,
    choose('subnet', subnets, subnetNamed(name), ({ cidr, availableAddresses }) => {
      const block = parseBlock(cidr);
      return block !== undefined && availableAddresses === usableAddresses(block);
    }),
  ]);
  const ourTables = byName(wanted.routings, (routing) => [
    routing,
    choose('route table', tables, tableNamed(routing), ({ id, associations }) => {
      return associations.length === 0 && !endpoints.some(({ tableIds }) => tableIds.includes(id));
    }),
  ]);
  const ourEndpoints = byName(wanted.endpoints, ({ name }) => [
    name,
    choose('endpoint', endpoints, endpointNamed(name), ({ type, tableIds }) => {
      return type === 'Gateway' && tableIds.length === 0;
    }),
  ]);

  const named: readonly Tagged[] = [
    ...(gateway ? [gateway] : []),
    ...Object.values(ourSubnets),
    ...Object.values(ourTables),
    ...Object.values(ourEndpoints),
  ];
  const ours = new Set([...named, ...duplicates].map(({ id }) => id));
  const rest = <T extends Tagged>(things: readonly T[]): T[] => things.filter(({ id }) => !ours.has(id));
  return {
    vpc: vpc && attributes ? { ...vpc, ...attributes } : undefined,
    gateway,
    subnets: ourSubnets,
    tables: ourTables,
    endpoints: ourEndpoints,
    duplicates,
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
