import {
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
} from '@aws-sdk/client-ec2';
import { ForeignResource, NotYetConsistent } from '../../../shared/errors.ts';
import type { KindContext } from '../kind.ts';
import type { NetworkActual, Tagged } from './actual.ts';
import { deleteOne, goneIsFine, inUse } from './delete.ts';
import { diffTables } from './diff/tables.ts';
import { madeAt } from './fresh.ts';
import { isOurs } from './identify.ts';
import { endpointNamed, GATEWAY, subnetNamed, tableNamed, VPC } from './names.ts';
import { observe } from './observe.ts';
import { pages, readInside } from './read.ts';
import type { Network } from './render.ts';

/**
 * See Kind. What is in the way is looked for before anything is deleted: interfaces, and what others put into the
 * VPC. What we made for an earlier baseline goes too: it carries our owner tag.
 */
export async function remove(wanted: Network, context: KindContext): Promise<void> {
  const observed = await observe(wanted, context);
  if (observed.state === 'settling') {
    const { message, retryAfterSeconds } = observed;
    throw new NotYetConsistent(message, { retryAfterSeconds });
  }
  if (observed.state === 'present') {
    const { actual } = observed;
    const obstacles = await inTheWay(wanted, actual, context);
    if (obstacles.length > 0) throw stillUsed(actual, obstacles);
    await removeAll(wanted, actual, context);
  }
  const named = [
    VPC,
    GATEWAY,
    ...wanted.subnets.map(({ name }) => subnetNamed(name)),
    ...wanted.routings.map(tableNamed),
    ...wanted.endpoints.map(({ name }) => endpointNamed(name)),
  ];
  const outputs = ['vpc.cidr', ...named.flatMap(({ output }) => [output, madeAt(output)])];
  if (observed.state !== 'foreign') {
    context.record(Object.fromEntries(outputs.map((output) => [output, undefined])));
  }
}

async function removeAll(wanted: Network, actual: NetworkActual, context: KindContext): Promise<void> {
  const { vpc, gateway, duplicates, others } = actual;
  const { ec2 } = context.clients;
  const all = (known: Readonly<Record<string, Tagged>>, rest: readonly Tagged[]): string[] => [
    ...Object.values(known).map(({ id }) => id),
    ...rest.filter((one) => isOurs(one, wanted.owner)).map(({ id }) => id),
  ];
  const endpoints = all(actual.endpoints, others.endpoints);
  for (const id of endpoints) await deleteOne('endpoint', id, context);
  if (vpc && endpoints.length > 0) await endpointsAreGone(vpc.id, endpoints, context);
  const tables = all(actual.tables, others.tables);
  for (const { id, associations } of actual.allTables) {
    if (!tables.includes(id)) continue;
    for (const { id: AssociationId, main } of associations) {
      const command = new DisassociateRouteTableCommand({ AssociationId });
      if (!main) await goneIsFine(() => ec2.send(command));
    }
  }
  for (const id of all(actual.subnets, others.subnets)) await deleteOne('subnet', id, context);
  for (const id of tables) await deleteOne('route table', id, context);
  for (const { id, attachedTo } of [...(gateway ? [gateway] : []), ...others.gateways]) {
    const VpcId = attachedTo;
    const command = new DetachInternetGatewayCommand({ InternetGatewayId: id, VpcId });
    if (VpcId) await goneIsFine(() => inUse(`internet gateway ${id}`, () => ec2.send(command)));
    await deleteOne('internet gateway', id, context);
  }
  for (const { type, id, unused } of duplicates) {
    if (unused || type !== 'vpc') await deleteOne(type, id, context);
  }
  if (vpc) await deleteOne('vpc', vpc.id, context);
  for (const { type, id, unused } of duplicates) {
    if (!unused && type === 'vpc') await deleteOne(type, id, context);
  }
}

/** A gateway endpoint is deleted some seconds after AWS says so; its routes hold the tables until then. */
function endpointsAreGone(vpcId: string, ids: readonly string[], context: KindContext): Promise<void> {
  return context.eventually(async () => {
    const { endpoints } = await readInside(context.clients.ec2, vpcId);
    const left = endpoints.filter(({ id, state }) => ids.includes(id) && state !== 'deleted');
    if (left.length > 0) {
      throw new NotYetConsistent(`${left.map(({ id }) => id).join(', ')} is still being deleted.`, {
        retryAfterSeconds: 10,
      });
    }
  });
}

/** What of others is in our VPC, or holds something of ours; each with its id. */
async function inTheWay(
  wanted: Network,
  actual: NetworkActual,
  { clients: { ec2 } }: KindContext,
): Promise<string[]> {
  const { vpc, gateway, others } = actual;
  const { owner } = wanted;
  const elsewhere =
    gateway?.attachedTo !== undefined && gateway.attachedTo !== vpc?.id
      ? [`VPC ${gateway.attachedTo} (our internet gateway ${gateway.id} is attached to it)`]
      : [];
  if (!vpc) return elsewhere;
  const foreign = (what: string, things: readonly Tagged[]): string[] =>
    things.filter((one) => !isOurs(one, owner)).map(({ id }) => `${what} ${id}`);
  const Filters = [{ Name: 'vpc-id', Values: [vpc.id] }];
  const [interfaces, groups] = await Promise.all([
    pages(
      (NextToken) => ec2.send(new DescribeNetworkInterfacesCommand({ Filters, NextToken })),
      (page) => page.NetworkInterfaces,
    ),
    pages(
      (NextToken) => ec2.send(new DescribeSecurityGroupsCommand({ Filters, NextToken })),
      (page) => page.SecurityGroups,
    ),
  ]);
  return [
    ...elsewhere,
    ...interfaces.map(({ NetworkInterfaceId = '', Description }) => {
      return `network interface ${NetworkInterfaceId}${Description ? ` (${Description})` : ''}`;
    }),
    ...groups
      .filter(({ GroupName }) => GroupName !== 'default')
      .map(({ GroupId = '', GroupName = '' }) => `security group ${GroupId} (${GroupName})`),
    ...foreignEntries(wanted, actual),
    ...foreign('subnet', others.subnets),
    ...foreign('route table', others.tables),
    ...foreign('endpoint', others.endpoints),
    ...foreign('internet gateway', others.gateways),
  ];
}

/** Routes and associations of others in our route tables, which would go with them. */
function foreignEntries(wanted: Network, actual: NetworkActual): string[] {
  return (diffTables(wanted, actual).foreign ?? [])
    .filter(({ path }) => path !== 'associations.main')
    .map(({ resource, path, actual }) => `${path} (${actual}) in ${resource}`);
}

function stillUsed({ vpc }: NetworkActual, obstacles: readonly string[]): ForeignResource {
  const shown = obstacles.slice(0, 10).join(', ');
  const more = obstacles.length > 10 ? ` and ${obstacles.length - 10} more` : '';
  return new ForeignResource(`The network${vpc ? ` in ${vpc.id}` : ''} is still used by ${shown}${more}.`, {
    reason: 'InUse',
    remedy: 'Delete or detach these, then ask again; or retire the account with its resources retained.',
  });
}
