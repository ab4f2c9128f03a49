import { contains, overlaps, parseBlock } from '../../../../shared/domain/cidr.ts';
import type { Difference } from '../../../../shared/domain/status.ts';
import type { Comparison } from '../../kind.ts';
import type { Association, NetworkActual, SubnetFound } from '../actual.ts';
import { subnetNamed, tableNamed } from '../names.ts';
import type { Network, Subnet } from '../render.ts';
import { block, change, joined, needsReplacement, tagChanges } from './entry.ts';

/** Each subnet: that it is there, block and zone, public addresses, its route table, its tags. */
export function diffSubnets(wanted: Network, actual: NetworkActual | undefined): Comparison {
  return joined(wanted.subnets.map((subnet) => diffSubnet(subnet, wanted, actual)));
}

function diffSubnet(subnet: Subnet, wanted: Network, actual: NetworkActual | undefined): Partial<Comparison> {
  const named = subnetNamed(subnet.name);
  const { resource } = named;
  const found = actual?.subnets[subnet.name];
  if (!found) return missing(subnet, actual);
  const fixed = [{ path: 'cidr', desired: subnet.cidr, actual: found.cidr }];
  if ('id' in subnet.zone) fixed.push({ path: 'zoneId', desired: subnet.zone.id, actual: found.zoneId });
  const map = {
    resource,
    path: 'mapPublicIpOnLaunch',
    desired: subnet.mapPublicIpOnLaunch,
    actual: found.mapPublicIpOnLaunch,
  };
  return {
    differences: [
      ...(map.desired === map.actual ? [] : [change(map)]),
      ...routeTable(subnet, found, actual),
      ...tagChanges(named, wanted, found),
    ],
    blocked: fixed
      .filter((field) => field.desired !== field.actual)
      .map((field) => needsReplacement(found.id, { resource, ...field })),
  };
}

/** The route table that a subnet is associated with by itself; without one it follows the main table. */
export function associationOf(
  subnetId: string,
  actual: NetworkActual | undefined,
): { readonly tableId: string; readonly association: Association } | undefined {
  for (const { id: tableId, associations } of actual?.allTables ?? []) {
    const association = associations.find((one) => one.subnetId === subnetId);
    if (association) return { tableId, association };
  }
  return undefined;
}

function missing(subnet: Subnet, actual: NetworkActual | undefined): Partial<Comparison> {
  const { name, cidr, routing, mapPublicIpOnLaunch } = subnet;
  const { resource } = subnetNamed(name);
  const zone = 'id' in subnet.zone ? { zoneId: subnet.zone.id } : { zone: subnet.zone.number };
  const desired = { cidr, ...zone, routing, mapPublicIpOnLaunch };
  const own = parseBlock(cidr);
  const vpc = actual?.vpc;
  const around = parseBlock(vpc?.cidr ?? '');
  if (vpc && own && around && !contains(around, own)) {
    const message =
      `${resource} (${cidr}) does not fit into VPC ${vpc.id} (${vpc.cidr}), whose block AWS cannot change: ` +
      'give it a block within that, or delete the VPC once nothing uses it, and it is made anew.';
    return { blocked: [block('NeedsReplacement', message, { resource, path: 'cidr', desired: cidr })] };
  }
  const neighbours = [...(actual?.others.subnets ?? []), ...Object.values(actual?.subnets ?? {})];
  const inTheWay = neighbours.find((other) => {
    const theirs = parseBlock(other.cidr);
    return own && theirs && overlaps(own, theirs);
  });
  if (inTheWay) {
    const message =
      `${resource} (${cidr}) cannot be made: ${inTheWay.id} (${inTheWay.cidr}) has these addresses. ` +
      'Delete that subnet, or give ours another block.';
    return {
      blocked: [block('ForeignResource', message, { resource, path: '', desired, actual: inTheWay.id })],
    };
  }
  return { differences: [change({ resource, path: '', desired })] };
}

function routeTable(subnet: Subnet, found: SubnetFound, actual: NetworkActual | undefined): Difference[] {
  const table = actual?.tables[subnet.routing];
  const current = associationOf(found.id, actual);
  if (table && current?.tableId === table.id) return [];
  const field = {
    resource: subnetNamed(subnet.name).resource,
    path: 'routeTable',
    desired: table?.id ?? tableNamed(subnet.routing).logical,
  };
  return [change(current ? { ...field, actual: current.tableId } : field)];
}
