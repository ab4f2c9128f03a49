import type { Difference } from '../../../../shared/domain/status.ts';
import type { Comparison } from '../../kind.ts';
import type { NetworkActual, VpcEndpoint } from '../actual.ts';
import { allowsAll, fullAccess } from '../endpoint-policy.ts';
import { endpointNamed, tableNamed } from '../names.ts';
import type { Endpoint, Network } from '../render.ts';
import { block, change, joined, needsReplacement, report, tagChanges } from './entry.ts';

/** Each gateway endpoint: that it is there, its service and type, the route tables that it serves, its policy, its tags. */
export function diffEndpoints(wanted: Network, actual: NetworkActual | undefined): Comparison {
  return joined(wanted.endpoints.map((endpoint) => diffEndpoint(endpoint, wanted, actual)));
}

function diffEndpoint(
  { name, serviceName }: Endpoint,
  wanted: Network,
  actual: NetworkActual | undefined,
): Partial<Comparison> {
  const named = endpointNamed(name);
  const { resource } = named;
  const tables = wanted.routings.map((routing) => actual?.tables[routing]?.id ?? tableNamed(routing).logical);
  const found = actual?.endpoints[name];
  const inTheWay = actual?.others.endpoints.find(
    (other) => other.serviceName === serviceName && other.tableIds.some((id) => tables.includes(id)),
  );
  if (inTheWay) {
    const message =
      `${inTheWay.id}, which is not ours, already serves our route tables for ${serviceName}: ` +
      'take our route tables off it, or delete it.';
    const field = { resource, path: 'routeTables', desired: tables, actual: inTheWay.id };
    return {
      differences: found ? tagChanges(named, wanted, found) : [],
      blocked: [block('ForeignResource', message, field)],
    };
  }
  if (!found) {
    return { differences: [change({ resource, path: '', desired: { serviceName, routeTables: tables } })] };
  }
  const fixed = [
    { path: 'serviceName', desired: serviceName, actual: found.serviceName },
    { path: 'type', desired: 'Gateway', actual: found.type },
  ].filter((field) => field.desired !== field.actual);
  if (fixed.length > 0) {
    return { blocked: fixed.map((field) => needsReplacement(found.id, { resource, ...field })) };
  }
  const complete = tables.every((id) => found.tableIds.includes(id));
  return {
    differences: [
      ...(complete
        ? []
        : [change({ resource, path: 'routeTables', desired: tables, actual: found.tableIds })]),
      ...policy(name, found),
      ...tagChanges(named, wanted, found),
    ],
    unowned: found.tableIds
      .filter((id) => !tables.includes(id) && actual?.allTables.some((table) => table.id === id))
      .map((id) => report({ resource, path: `routeTables.${id}`, actual: id })),
  };
}

/** What holds back traffic to the service is corrected: what lies behind the endpoint is its own to protect. */
function policy(name: Endpoint['name'], { policy: actual }: VpcEndpoint): Difference[] {
  if (allowsAll(actual, name)) return [];
  const desired = JSON.stringify(fullAccess('*'));
  return [change({ resource: endpointNamed(name).resource, path: 'policy', desired, actual })];
}
