import type { KindContext } from '../kind.ts';
import type { NetworkActual, Tagged, ThingType } from './actual.ts';
import { isOurs } from './identify.ts';
import type { Network } from './render.ts';
import { toRemove } from './to-remove.ts';
import { usersOf } from './users.ts';

/**
 * What of others is in what we would remove, uses it or would go with it; each with its id. Nothing is removed while
 * there is any: it may carry traffic.
 */
export async function inTheWay(
  { owner }: Network,
  actual: NetworkActual,
  { clients: { ec2 }, recorded }: KindContext,
): Promise<string[]> {
  const { others } = actual;
  const ids = toRemove(actual, owner, recorded);
  const foreign = (type: ThingType, things: readonly Tagged[]): string[] =>
    things
      .filter(({ id }) => !ids[type].includes(id))
      .map((one) => `${type} ${one.id}${isOurs(one, owner) ? ' (with our tags, not known to be ours)' : ''}`);
  return [
    ...attachedElsewhere(actual),
    ...(await usersOf(ids.vpc, ec2)),
    ...entriesOfOthers(actual, ids['route table']),
    ...foreign('subnet', others.subnets),
    ...foreign('route table', others.tables),
    ...foreign('endpoint', others.endpoints),
    ...foreign('internet gateway', others.gateways),
  ];
}

function attachedElsewhere({ vpc, gateway }: NetworkActual): string[] {
  if (gateway?.attachedTo === undefined || gateway.attachedTo === vpc?.id) return [];
  return [`VPC ${gateway.attachedTo} (our internet gateway ${gateway.id} is attached to it)`];
}

/** Routes and associations in our route tables that others put there; a route to what is gone is none. */
function entriesOfOthers(actual: NetworkActual, tables: readonly string[]): string[] {
  return actual.allTables
    .filter(({ id }) => tables.includes(id))
    .flatMap(({ id, routes, associations }) => [
      ...routes
        .filter(({ active, target }) => active && target !== 'local' && target !== actual.gateway?.id)
        // A gateway endpoint's: it goes with it, or is in the way itself.
        .filter(({ target }) => !target.startsWith('vpce-'))
        .map(({ destination, target }) => `route ${destination} to ${target} in route table ${id}`),
      ...associations.flatMap(({ gatewayId }) =>
        gatewayId ? [`association of ${gatewayId} with route table ${id}`] : [],
      ),
    ]);
}
