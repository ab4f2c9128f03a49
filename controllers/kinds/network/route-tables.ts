import {
  CreateRouteCommand,
  CreateRouteTableCommand,
  DeleteRouteTableCommand,
  DescribeRouteTablesCommand,
  type Route as Ec2Route,
  ReplaceRouteCommand,
} from '@aws-sdk/client-ec2';
import type { Difference } from '../../../shared/domain/status.ts';
import type { Comparison } from '../kind.ts';
import { GATEWAY, gatewayIsUsable } from './internet-gateway.ts';
import { justMade } from './just-made.ts';
import {
  hasLocalRoutesOnly,
  isThere,
  type Network,
  type NetworkActual,
  ofType,
  type Route,
  type RouteTable,
} from './model.ts';
import {
  change,
  joined,
  type Named,
  ours,
  pages,
  type Resource,
  report,
  reportOthers,
  tagChanges,
  tagRecord,
  vpcFilter,
  type Work,
} from './resource.ts';
import type { Routing } from './section.ts';
import { VPC } from './vpc.ts';
import {
  applyTags,
  changesOf,
  clientToken,
  createWithToken,
  deleteOne,
  idOf,
  isToBeMade,
  recordMade,
  tagSpecifications,
  write,
  wrote,
} from './write.ts';

/** Destination of the default route. */
const EVERYWHERE = '0.0.0.0/0';

/** The route table of a routing. */
export const tableNamed = (routing: string): Named<'route table'> => ({
  type: 'route table',
  logical: `route-table/${routing}`,
  resource: `route table ${routing}`,
  output: `routeTable.${routing}.id`,
});

/** The route table of each routing, with our default route and tags. Routes and associations of others are reported and stay. */
export const routeTables: Resource<RouteTable> = {
  type: 'route table',
  standsIn: 'vpc',
  permissions: {
    read: ['ec2:DescribeRouteTables'],
    write: [
      'ec2:CreateRoute',
      'ec2:CreateRouteTable',
      'ec2:CreateTags',
      'ec2:DeleteRouteTable',
      'ec2:ReplaceRoute',
    ],
  },
  outputs: /^routeTable\..+\.id$/,

  async read(ec2, vpcId) {
    const Filters = vpcFilter(vpcId);
    const tables = await pages(
      (NextToken) => ec2.send(new DescribeRouteTablesCommand({ Filters, NextToken })),
      (page) => page.RouteTables,
    );
    return tables.map(({ RouteTableId = '', Routes = [], Associations = [], Tags }) => ({
      type: 'route table',
      id: RouteTableId,
      vpcId,
      routes: Routes.map(routeOf),
      associations: Associations.filter(
        ({ AssociationState }) => !/^disassociat/.test(AssociationState?.State ?? ''),
      ).map(({ RouteTableAssociationId = '', SubnetId, GatewayId, Main = false }) => ({
        id: RouteTableAssociationId,
        subnetId: SubnetId,
        gatewayId: GatewayId,
        main: Main,
      })),
      tags: tagRecord(Tags),
    }));
  },

  /** As made: a duplicate routes only within the VPC and has no association. */
  signs(wanted, things) {
    const endpoints = ofType('endpoint', things).filter(isThere);
    const isServed = ({ id }: RouteTable) => endpoints.some(({ tableIds }) => tableIds.includes(id));
    return wanted.routings.map((routing) => ({
      named: tableNamed(routing),
      isAsMade: (one) => one.associations.length === 0 && hasLocalRoutesOnly(one) && !isServed(one),
    }));
  },

  diff: (wanted, actual) =>
    joined([
      ...wanted.routings.map((routing) => diffTable(routing, wanted, actual)),
      reportOthers('route table', actual),
    ]),

  async apply(work) {
    for (const routing of work.wanted.routings) await applyTable(routing, work);
  },

  delete: (RouteTableId, ec2) => ec2.send(new DeleteRouteTableCommand({ RouteTableId })),

  /** The associations of the tables were deleted with the subnets. */
  async remove(ids, { context }) {
    for (const id of ids) await deleteOne(routeTables, id, context);
  },
};

function routeOf(route: Ec2Route): Route {
  const { DestinationCidrBlock, DestinationIpv6CidrBlock, DestinationPrefixListId } = route;
  return {
    destination: DestinationCidrBlock ?? DestinationIpv6CidrBlock ?? DestinationPrefixListId ?? '',
    // A route to an instance names the instance and its interface. The traffic goes to the interface.
    target:
      route.GatewayId ??
      route.NatGatewayId ??
      route.TransitGatewayId ??
      route.VpcPeeringConnectionId ??
      route.EgressOnlyInternetGatewayId ??
      route.LocalGatewayId ??
      route.CarrierGatewayId ??
      route.CoreNetworkArn ??
      route.NetworkInterfaceId ??
      route.InstanceId ??
      '',
    active: route.State !== 'blackhole',
  };
}

function diffTable(
  routing: Routing,
  wanted: Network,
  actual: NetworkActual | undefined,
): Partial<Comparison> {
  const named = tableNamed(routing);
  const { resource } = named;
  const table = ours(named, actual);
  const desired = routing === 'public' ? { routes: { [EVERYWHERE]: 'internet gateway' } } : { routes: {} };
  if (!table) return { differences: [change({ resource, path: '', desired })] };
  const route = routing === 'public' && gatewayIsUsable(wanted, actual) ? defaultRoute(table, actual) : [];
  return {
    differences: [...route, ...tagChanges(named, wanted, table)],
    unowned: [...foreignRoutes(routing, table), ...foreignAssociations(routing, table, actual)],
  };
}

/** The default route must lead to our gateway. */
function defaultRoute(table: RouteTable, actual: NetworkActual | undefined): Difference[] {
  const gateway = ours(GATEWAY, actual);
  const { resource } = tableNamed('public');
  const field = { resource, path: `routes.${EVERYWHERE}`, desired: gateway?.id ?? 'internet gateway' };
  const route = table.routes.find(({ destination }) => destination === EVERYWHERE);
  if (!route) return [change(field)];
  const attached = gateway?.attachedTo !== undefined && gateway.attachedTo === ours(VPC, actual)?.id;
  // While our gateway is detached, its route is a black hole: to attach the gateway again is enough.
  if (route.target === gateway?.id && (route.active || !attached)) return [];
  return [change({ ...field, actual: route.active ? route.target : `${route.target} (blackhole)` })];
}

function foreignRoutes(routing: Routing, { routes }: RouteTable): Difference[] {
  const { resource } = tableNamed(routing);
  return routes
    .filter(({ target, destination }) => target !== 'local' && !isGatewayEndpoint(target, destination))
    .filter(({ destination }) => !(routing === 'public' && destination === EVERYWHERE))
    .map(({ destination, target }) => report({ resource, path: `routes.${destination}`, actual: target }));
}

/** A route that belongs to a gateway endpoint: an unowned endpoint is reported itself. */
function isGatewayEndpoint(target: string, destination: string): boolean {
  return target.startsWith('vpce-') && destination.startsWith('pl-');
}

function foreignAssociations(
  routing: Routing,
  { associations }: RouteTable,
  actual: NetworkActual | undefined,
): Difference[] {
  const { resource } = tableNamed(routing);
  const theirs = new Set(ofType('subnet', actual?.others).map(({ id }) => id));
  return associations
    .filter(({ subnetId }) => subnetId === undefined || theirs.has(subnetId))
    .map(({ subnetId, gatewayId }) => {
      const target = subnetId ?? gatewayId ?? 'main';
      return report({ resource, path: `associations.${target}`, actual: target });
    });
}

/** Makes the table and writes our default route; other routes are not ours. */
async function applyTable(routing: Routing, work: Work): Promise<void> {
  const { wanted, actual, context } = work;
  const { ec2 } = context.clients;
  const named = tableNamed(routing);
  const isNew = isToBeMade(work, named);
  if (isNew) {
    const input = {
      VpcId: idOf(work, VPC),
      TagSpecifications: tagSpecifications(wanted, named, 'route-table'),
    };
    const ClientToken = clientToken(work, named, input);
    const command = new CreateRouteTableCommand({ ...input, ClientToken });
    const { RouteTable } = await createWithToken(work, named, () => ec2.send(command));
    recordMade(work, named, RouteTable?.RouteTableId, (id) => justMade(named, id, context));
  }
  const RouteTableId = idOf(work, named);
  if (!RouteTableId) return;
  const input = { RouteTableId, DestinationCidrBlock: EVERYWHERE, GatewayId: idOf(work, GATEWAY) };
  const route = changesOf(work, named).find(({ path }) => path === `routes.${EVERYWHERE}`);
  if (route?.action === 'updated') {
    await write(context, () => ec2.send(new ReplaceRouteCommand(input)));
  } else if (route || (isNew && routing === 'public' && gatewayIsUsable(wanted, actual))) {
    await write(context, () => ec2.send(new CreateRouteCommand(input)));
  }
  wrote(work, named, `routes.${EVERYWHERE}`);
  await applyTags(work, named, RouteTableId);
}
