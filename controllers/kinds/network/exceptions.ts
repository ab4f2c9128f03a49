import type { Difference } from '../../../shared/domain/status.ts';
import type { Exceptions } from '../kind.ts';
import { GATEWAY } from './internet-gateway.ts';
import { VPC } from './vpc.ts';

/**
 * What may be left of a network. Each field and each tag has a call of its own, but nothing can be written around a VPC, a gateway or
 * a route table that is missing: while its absence is left, the whole network is.
 */
export const exceptions: Exceptions = {
  fields: {
    '': 'freely',
    dnsSupport: 'freely',
    dnsHostnames: 'freely',
    attachment: 'freely',
    mapPublicIpOnLaunch: 'freely',
    routeTable: 'freely',
    routeTables: 'freely',
    policy: 'freely',
    'routes.*': 'freely',
    'tags.*': 'freely',
  },
  goesWith: (other, left) => isGroundwork(left) || (isDns(left) && isDns(other)),
};

/** The others need it. */
function isGroundwork({ resource, path, action }: Difference): boolean {
  if (action !== 'created') return false;
  if (resource === GATEWAY.resource) return path === '' || path === 'attachment';
  return path === '' && (resource === VPC.resource || resource.startsWith('route table '));
}

/** AWS refuses host names without DNS support. */
function isDns({ resource, path }: Difference): boolean {
  return resource === VPC.resource && (path === 'dnsSupport' || path === 'dnsHostnames');
}
