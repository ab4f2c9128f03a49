import {
  AssociateRouteTableCommand,
  CreateSubnetCommand,
  DescribeAvailabilityZonesCommand,
  ModifySubnetAttributeCommand,
  ReplaceRouteTableAssociationCommand,
} from '@aws-sdk/client-ec2';
import { InvalidDesiredState } from '../../../../shared/domain/errors.ts';
import { associationOf } from '../diff/subnets.ts';
import { subnetNamed } from '../names.ts';
import type { Subnet } from '../render.ts';
import {
  applyTags,
  changesOf,
  createOnce,
  type Ids,
  idFrom,
  isToBeMade,
  tagSpecifications,
  type Work,
  write,
  wrote,
} from './work.ts';

/** Makes subnets and brings their attribute and association back. */
export async function applySubnets(work: Work, ids: Ids): Promise<void> {
  for (const [index, subnet] of work.wanted.subnets.entries()) {
    const id = isToBeMade(work, subnetNamed(subnet.name))
      ? await create(subnet, index, work, ids)
      : work.actual?.subnets[subnet.name]?.id;
    if (id) await keep(subnet, id, work, ids);
  }
}

async function create(subnet: Subnet, index: number, work: Work, ids: Ids): Promise<string> {
  const { wanted, context } = work;
  const named = subnetNamed(subnet.name);
  const command = new CreateSubnetCommand({
    VpcId: ids.vpc,
    CidrBlock: subnet.cidr,
    AvailabilityZoneId: 'id' in subnet.zone ? subnet.zone.id : await zoneId(subnet.zone.number, index, work),
    TagSpecifications: tagSpecifications(wanted, named, 'subnet'),
  });
  const made = await createOnce(work, named, () => context.clients.ec2Once.send(command));
  const id = idFrom(made.Subnet?.SubnetId, named);
  context.record({ [named.output]: id });
  wrote(work, named, '');
  return id;
}

/** A new subnet has no public addresses and no association, whatever was there before it. */
async function keep(subnet: Subnet, SubnetId: string, work: Work, ids: Ids): Promise<void> {
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
    const RouteTableId = ids.tables.get(subnet.routing);
    const current = associationOf(SubnetId, work.actual);
    const AssociationId = current?.association.id;
    await write(context, () =>
      AssociationId
        ? ec2.send(new ReplaceRouteTableAssociationCommand({ AssociationId, RouteTableId }))
        : ec2.send(new AssociateRouteTableCommand({ SubnetId, RouteTableId })),
    );
    wrote(work, named, 'routeTable');
  }
  await applyTags(work, named, SubnetId);
}

/** The n-th zone id of the region, of those that need no opt-in. */
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
  const message = `${context.account.region} has ${zones.length} zones for this account, there is no zone ${number}`;
  const problem = { path: `network.subnets[${index}].zone`, message };
  throw new InvalidDesiredState(`The network cannot be made: ${message}.`, [problem], {
    remedy: 'Give the subnet another zone in the baseline, publish it, and assign the new version.',
  });
}
