import { parseBlock, usableAddresses } from '../../../shared/domain/cidr.ts';
import type { Inside, InternetGateway, RouteTable, SubnetFound, Tagged, Vpc, VpcEndpoint } from './actual.ts';
import { allowsAll } from './endpoint-policy.ts';
import { type Named, wantedTags } from './names.ts';
import type { Endpoint, Network, Subnet } from './render.ts';

// Whether a thing is to the field what our create makes, with nothing in it or on it: nobody has used it since. Pure.

/** True when it carries exactly the tags that we give. */
export function hasOurTagsOnly({ tags }: Tagged, named: Named, wanted: Network): boolean {
  const ours = Object.entries(wantedTags(wanted, named));
  return ours.length === Object.keys(tags).length && ours.every(([key, value]) => tags[key] === value);
}

/** A VPC with nothing but its main route table, its attributes as AWS sets them. */
export function isVpcAsMade(
  vpc: Vpc,
  inside: Inside | undefined,
  gateways: readonly InternetGateway[],
  wanted: Network,
): boolean {
  if (!inside?.attributes || !vpc.plain || vpc.cidr !== wanted.cidr) return false;
  const { attributes, subnets, tables, endpoints } = inside;
  return (
    attributes.dnsSupport &&
    !attributes.dnsHostnames &&
    subnets.length + endpoints.length === 0 &&
    tables.every((table) => table.associations.every(({ main }) => main) && hasLocalRoutesOnly(table)) &&
    tables.length <= 1 &&
    !gateways.some(({ attachedTo }) => attachedTo === vpc.id)
  );
}

/** A gateway that is attached to nothing. */
export function isGatewayAsMade({ attachedTo }: InternetGateway): boolean {
  return attachedTo === undefined;
}

/** A subnet whose addresses are all free, associated with no route table of its own. */
export function isSubnetAsMade(found: SubnetFound, subnet: Subnet, tables: readonly RouteTable[]): boolean {
  const block = parseBlock(found.cidr);
  return (
    found.cidr === subnet.cidr &&
    (!('id' in subnet.zone) || found.zoneId === subnet.zone.id) &&
    !found.mapPublicIpOnLaunch &&
    block !== undefined &&
    found.availableAddresses === usableAddresses(block) &&
    !tables.some(({ associations }) => associations.some(({ subnetId }) => subnetId === found.id))
  );
}

/** A route table that routes within the VPC only and serves nothing. */
export function isTableAsMade(table: RouteTable, endpoints: readonly VpcEndpoint[]): boolean {
  const isServed = endpoints.some(({ tableIds }) => tableIds.includes(table.id));
  return table.associations.length === 0 && hasLocalRoutesOnly(table) && !isServed;
}

/** A gateway endpoint that serves no table that the one we keep does not serve, with the policy that AWS sets. */
export function isEndpointAsMade(
  found: VpcEndpoint,
  { name, serviceName }: Endpoint,
  kept: VpcEndpoint,
): boolean {
  return (
    found.serviceName === serviceName &&
    found.type === 'Gateway' &&
    found.tableIds.every((id) => kept.tableIds.includes(id)) &&
    allowsAll(found.policy, name)
  );
}

function hasLocalRoutesOnly({ routes }: RouteTable): boolean {
  return routes.every(({ target }) => target === 'local');
}
