import type { Difference } from '../../../../shared/domain/status.ts';
import type { Comparison } from '../../kind.ts';
import type { NetworkActual, RouteTable } from '../actual.ts';
import { tableNamed } from '../names.ts';
import type { Network } from '../render.ts';
import type { Routing } from '../section.ts';
import { change, joined, report, tagChanges } from './entry.ts';
import { gatewayIsUsable } from './gateway.ts';

/** Destination of the default route. */
export const EVERYWHERE = '0.0.0.0/0';

/** The route table of each routing: that it is there, its default route, its tags; what others put in is reported. */
export function diffTables(wanted: Network, actual: NetworkActual | undefined): Partial<Comparison> {
  return joined(wanted.routings.map((routing) => diffTable(routing, wanted, actual)));
}

function diffTable(
  routing: Routing,
  wanted: Network,
  actual: NetworkActual | undefined,
): Partial<Comparison> {
  const named = tableNamed(routing);
  const { resource } = named;
  const table = actual?.tables[routing];
  const desired = routing === 'public' ? { routes: { [EVERYWHERE]: 'internet gateway' } } : { routes: {} };
  if (!table) return { differences: [change({ resource, path: '', desired })] };
  const route = routing === 'public' && gatewayIsUsable(wanted, actual) ? defaultRoute(table, actual) : [];
  return {
    differences: [...route, ...tagChanges(named, wanted, table)],
    unowned: [...foreignRoutes(routing, table), ...foreignAssociations(routing, table, actual)],
  };
}

/** Our default route leads to our gateway, wherever somebody made it lead. */
function defaultRoute(table: RouteTable, actual: NetworkActual | undefined): Difference[] {
  const { gateway, vpc } = actual ?? {};
  const { resource } = tableNamed('public');
  const field = { resource, path: `routes.${EVERYWHERE}`, desired: gateway?.id ?? 'internet gateway' };
  const route = table.routes.find(({ destination }) => destination === EVERYWHERE);
  if (!route) return [change(field)];
  const attached = gateway?.attachedTo !== undefined && gateway.attachedTo === vpc?.id;
  // While our gateway is detached its route is a black hole; attaching it again is enough.
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

function foreignAssociations(
  routing: Routing,
  { associations }: RouteTable,
  actual: NetworkActual | undefined,
): Difference[] {
  const { resource } = tableNamed(routing);
  const theirs = new Set(actual?.others.subnets.map(({ id }) => id));
  return associations
    .filter(({ subnetId }) => subnetId === undefined || theirs.has(subnetId))
    .map(({ subnetId, gatewayId }) => {
      const target = subnetId ?? gatewayId ?? 'main';
      return report({ resource, path: `associations.${target}`, actual: target });
    });
}

/** What a gateway endpoint puts into the tables that it serves; one of others is reported by itself. */
function isGatewayEndpoint(target: string, destination: string): boolean {
  return target.startsWith('vpce-') && destination.startsWith('pl-');
}
