import {
  AssociateRouteTableCommand,
  CreateSubnetCommand,
  DeleteSubnetCommand,
  DescribeAvailabilityZonesCommand,
  DescribeSubnetsCommand,
  DisassociateRouteTableCommand,
  ModifySubnetAttributeCommand,
  ReplaceRouteTableAssociationCommand,
} from '@aws-sdk/client-ec2';
import { unlessGone } from '../../../shared/aws/gone.ts';
import { contains, overlaps, parseBlock, usableAddresses } from '../../../shared/domain/cidr.ts';
import { InvalidDesiredState } from '../../../shared/domain/errors.ts';
import type { Difference } from '../../../shared/domain/status.ts';
import type { Comparison } from '../kind.ts';
import {
  type Association,
  type Network,
  type NetworkActual,
  ofType,
  type RouteTable,
  type Subnet,
  type SubnetFound,
} from './model.ts';
import {
  block,
  change,
  joined,
  type Named,
  needsReplacement,
  ours,
  pages,
  type Resource,
  reportOthers,
  tagChanges,
  tagRecord,
  vpcFilter,
  type Work,
} from './resource.ts';
import { tableNamed } from './route-tables.ts';
import { canonicalBlock, type NetworkSection } from './section.ts';
import { VPC } from './vpc.ts';
import {
  applyTags,
  changesOf,
  createOnce,
  deleteOne,
  idOf,
  isToBeMade,
  recordMade,
  tagSpecifications,
  write,
  wrote,
} from './write.ts';

/** The subnet with this name in the baseline. */
export const subnetNamed = (name: string): Named<'subnet'> => ({
  type: 'subnet',
  logical: `subnet/${name}`,
  resource: `subnet ${name}`,
  output: `subnet.${name}.id`,
});

/** The subnets: block, zone, public addresses, associated route table and tags of each. */
export const subnets: Resource<SubnetFound> = {
  type: 'subnet',
  standsIn: 'vpc',
  permissions: {
    read: ['ec2:DescribeAvailabilityZones', 'ec2:DescribeSubnets'],
    write: [
      'ec2:AssociateRouteTable',
      'ec2:CreateSubnet',
      'ec2:CreateTags',
      'ec2:DeleteSubnet',
      'ec2:DisassociateRouteTable',
      'ec2:ModifySubnetAttribute',
      'ec2:ReplaceRouteTableAssociation',
    ],
  },
  outputs: /^subnet\..+\.id$/,

  async read(ec2, vpcId) {
    const Filters = vpcFilter(vpcId);
    const found = await pages(
      (NextToken) => ec2.send(new DescribeSubnetsCommand({ Filters, NextToken })),
      (page) => page.Subnets,
    );
    return found.map((subnet) => ({
      type: 'subnet',
      id: subnet.SubnetId ?? '',
      vpcId,
      cidr: subnet.CidrBlock ?? '',
      zoneId: subnet.AvailabilityZoneId ?? '',
      mapPublicIpOnLaunch: subnet.MapPublicIpOnLaunch ?? false,
      availableAddresses: subnet.AvailableIpAddressCount ?? 0,
      tags: tagRecord(subnet.Tags),
    }));
  },

  signs(wanted, things) {
    const tables = ofType('route table', things);
    return wanted.subnets.map((subnet) => ({
      named: subnetNamed(subnet.name),
      isLike: ({ cidr }) => cidr === subnet.cidr,
      isAsMade: (one) => isAsMade(one, subnet, tables),
    }));
  },

  diff(wanted, actual) {
    return joined([
      ...wanted.subnets.map((subnet) => diffSubnet(subnet, wanted, actual)),
      reportOthers('subnet', actual, ({ cidr }) => ({ cidr })),
    ]);
  },

  async apply(work) {
    for (const [index, subnet] of work.wanted.subnets.entries()) {
      const named = subnetNamed(subnet.name);
      if (isToBeMade(work, named)) await create(subnet, index, work);
      const id = idOf(work, named);
      if (id) await correct(subnet, id, work);
    }
  },

  delete: (SubnetId, ec2) => ec2.send(new DeleteSubnetCommand({ SubnetId })),

  /** Deletes the associations with our route tables first: AWS deletes no table that has one. */
  async remove(ids, { actual, context, idsOf }) {
    const { ec2 } = context.clients;
    for (const { id: tableId, associations } of ofType('route table', actual.inside)) {
      if (!idsOf('route table').includes(tableId)) continue;
      for (const { id: AssociationId, main } of associations) {
        const command = new DisassociateRouteTableCommand({ AssociationId });
        if (!main) await unlessGone('association', () => ec2.send(command));
      }
    }
    for (const id of ids) await deleteOne(subnets, id, context);
  },
};

/** The subnet that the account should have for one in the baseline. Pure. */
export function wantedSubnet({
  name,
  cidr,
  zoneId,
  zone,
  routing,
  mapPublicIpOnLaunch,
}: NetworkSection['subnets'][number] & { readonly cidr: string }): Subnet {
  return {
    name,
    cidr: canonicalBlock(cidr),
    zone: zoneId === undefined ? { number: zone ?? 1 } : { id: zoneId },
    routing,
    mapPublicIpOnLaunch: mapPublicIpOnLaunch ?? routing === 'public',
  };
}

/** True if the subnet is as our create call makes it: all of its addresses free, no association with a route table. */
function isAsMade(found: SubnetFound, subnet: Subnet, tables: readonly RouteTable[]): boolean {
  const own = parseBlock(found.cidr);
  return (
    found.cidr === subnet.cidr &&
    (!('id' in subnet.zone) || found.zoneId === subnet.zone.id) &&
    !found.mapPublicIpOnLaunch &&
    own !== undefined &&
    found.availableAddresses === usableAddresses(own) &&
    !tables.some(({ associations }) => associations.some(({ subnetId }) => subnetId === found.id))
  );
}

function diffSubnet(subnet: Subnet, wanted: Network, actual: NetworkActual | undefined): Partial<Comparison> {
  const named = subnetNamed(subnet.name);
  const { resource } = named;
  const found = ours(named, actual);
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

/** The difference that makes a subnet; blocked if the subnet is outside of the VPC's block or overlaps with another subnet. */
function missing(subnet: Subnet, actual: NetworkActual | undefined): Partial<Comparison> {
  const { name, cidr, routing, mapPublicIpOnLaunch } = subnet;
  const { resource } = subnetNamed(name);
  const zone = 'id' in subnet.zone ? { zoneId: subnet.zone.id } : { zone: subnet.zone.number };
  const desired = { cidr, ...zone, routing, mapPublicIpOnLaunch };
  const own = parseBlock(cidr);
  const vpc = ours(VPC, actual);
  const around = parseBlock(vpc?.cidr ?? '');
  if (vpc && own && around && !contains(around, own)) {
    const message =
      `${resource} (${cidr}) does not fit into VPC ${vpc.id} (${vpc.cidr}), whose block AWS cannot change: ` +
      'give the subnet a block within that; or delete the VPC once nothing uses it, and it is made again.';
    return { blocked: [block('NeedsReplacement', message, { resource, path: 'cidr', desired: cidr })] };
  }
  const neighbours = ofType('subnet', [...(actual?.others ?? []), ...Object.values(actual?.ours ?? {})]);
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
  const table = ours(tableNamed(subnet.routing), actual);
  const current = associationOf(found.id, actual);
  if (table && current?.tableId === table.id) return [];
  const field = {
    resource: subnetNamed(subnet.name).resource,
    path: 'routeTable',
    desired: table?.id ?? tableNamed(subnet.routing).logical,
  };
  return [change(current ? { ...field, actual: current.tableId } : field)];
}

/** The subnet's own association with a route table; undefined if the subnet follows the main table. */
function associationOf(
  subnetId: string,
  actual: NetworkActual | undefined,
): { readonly tableId: string; readonly association: Association } | undefined {
  for (const { id: tableId, associations } of ofType('route table', actual?.inside)) {
    const association = associations.find((one) => one.subnetId === subnetId);
    if (association) return { tableId, association };
  }
  return undefined;
}

async function create(subnet: Subnet, index: number, work: Work): Promise<void> {
  const { wanted, context } = work;
  const named = subnetNamed(subnet.name);
  const command = new CreateSubnetCommand({
    VpcId: idOf(work, VPC),
    CidrBlock: subnet.cidr,
    AvailabilityZoneId: 'id' in subnet.zone ? subnet.zone.id : await zoneId(subnet.zone.number, index, work),
    TagSpecifications: tagSpecifications(wanted, named, 'subnet'),
  });
  const { Subnet } = await createOnce(work, named, () => context.clients.ec2Once.send(command));
  recordMade(work, named, Subnet?.SubnetId);
}

/** Writes the differences of a subnet. A new subnet has no public addresses and no association, whatever the old one had. */
async function correct(subnet: Subnet, SubnetId: string, work: Work): Promise<void> {
  const { context } = work;
  const { ec2 } = context.clients;
  const named = subnetNamed(subnet.name);
  const isNew = isToBeMade(work, named);
  const differs = (path: string) => changesOf(work, named).some((one) => one.path === path);
  if (isNew ? subnet.mapPublicIpOnLaunch : differs('mapPublicIpOnLaunch')) {
    const input = { SubnetId, MapPublicIpOnLaunch: { Value: subnet.mapPublicIpOnLaunch } };
    await write(context, () => ec2.send(new ModifySubnetAttributeCommand(input)));
    wrote(work, named, 'mapPublicIpOnLaunch');
  }
  if (isNew || differs('routeTable')) {
    const RouteTableId = idOf(work, tableNamed(subnet.routing));
    const AssociationId = associationOf(SubnetId, work.actual)?.association.id;
    await write(context, () =>
      AssociationId
        ? ec2.send(new ReplaceRouteTableAssociationCommand({ AssociationId, RouteTableId }))
        : ec2.send(new AssociateRouteTableCommand({ SubnetId, RouteTableId })),
    );
    wrote(work, named, 'routeTable');
  }
  await applyTags(work, named, SubnetId);
}

/** The id of the region's n-th zone, of those that need no opt-in. */
async function zoneId(number: number, index: number, { context }: Work): Promise<string> {
  const filters = {
    state: 'available',
    'zone-type': 'availability-zone',
    'opt-in-status': 'opt-in-not-required',
  };
  const Filters = Object.entries(filters).map(([Name, value]) => ({ Name, Values: [value] }));
  const { AvailabilityZones = [] } = await context.clients.ec2.send(
    new DescribeAvailabilityZonesCommand({ Filters }),
  );
  const zones = AvailabilityZones.map(({ ZoneId = '' }) => ZoneId).sort();
  const zone = zones[number - 1];
  if (zone) return zone;
  const message = `${context.account.region} has ${zones.length} zones for this account, and no zone ${number}`;
  const problem = { path: `network.subnets[${index}].zone`, message };
  throw new InvalidDesiredState(`The network cannot be made: ${message}.`, [problem], {
    remedy: 'Give the subnet another zone in the baseline, publish it, and assign the new version.',
  });
}
