import type { GatewayService, Routing } from './section.ts';

// The network that an account should have, and the network that it has. Plain data.

/** The network that an account should have. */
export interface Network {
  readonly owner: string;
  /** Canonical, as AWS stores it. */
  readonly cidr: string;
  readonly dnsSupport: boolean;
  readonly dnsHostnames: boolean;
  readonly internetGateway: boolean;
  readonly subnets: readonly Subnet[];
  /** Each has one route table. */
  readonly routings: readonly Routing[];
  readonly endpoints: readonly Endpoint[];
  readonly tags: Readonly<Record<string, string>>;
  /** Names of `${…}` that are not known yet. */
  readonly waiting: {
    /** Names in blocks and zones: no resource can be written before these are known. */
    readonly layout: readonly string[];
    /** Names by tag key: a tag is not written before its names are known. */
    readonly tags: Readonly<Record<string, readonly string[]>>;
  };
}

/** A subnet that the account should have. Its block is canonical; its zone is given by id or by number. */
export interface Subnet {
  readonly name: string;
  readonly cidr: string;
  readonly zone: { readonly id: string } | { readonly number: number };
  readonly routing: Routing;
  readonly mapPublicIpOnLaunch: boolean;
}

/** A gateway endpoint that the account should have. */
export interface Endpoint {
  readonly name: GatewayService;
  readonly serviceName: string;
}

/** A resource of a network, as AWS describes it. Each type has a file that reads and writes it. */
export type Thing = Vpc | InternetGateway | RouteTable | SubnetFound | VpcEndpoint;
/** The name of a type in differences and messages; the resource's id follows it. */
export type ThingType = Thing['type'];
/** The resource of one type. */
export type ThingOf<Type extends ThingType> = Extract<Thing, { readonly type: Type }>;

/** The fields that all resources have. */
interface Tagged {
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A VPC. */
export interface Vpc extends Tagged {
  readonly type: 'vpc';
  readonly cidr: string;
  /** True if the VPC has one IPv4 block, no IPv6 block and the default tenancy. */
  readonly plain: boolean;
  /** The two DNS attributes are undefined if they were not read, because the VPC cannot be ours. */
  readonly dnsSupport: boolean | undefined;
  readonly dnsHostnames: boolean | undefined;
}

/** An internet gateway. */
export interface InternetGateway extends Tagged {
  readonly type: 'internet gateway';
  /** Id of the VPC. */
  readonly attachedTo: string | undefined;
}

/** A subnet. AWS cannot change its block and zone. */
export interface SubnetFound extends Tagged {
  readonly type: 'subnet';
  readonly vpcId: string;
  readonly cidr: string;
  readonly zoneId: string;
  readonly mapPublicIpOnLaunch: boolean;
  readonly availableAddresses: number;
}

/** A route table with all of its routes and associations. */
export interface RouteTable extends Tagged {
  readonly type: 'route table';
  readonly vpcId: string;
  readonly routes: readonly Route[];
  readonly associations: readonly Association[];
}

/** One route of a table, whoever made it. */
export interface Route {
  /** An IPv4 block, an IPv6 block or the id of a prefix list. */
  readonly destination: string;
  /** Id of the route's target; `local` within the VPC. */
  readonly target: string;
  /** False for a black hole: the target was deleted or detached. */
  readonly active: boolean;
}

/** An association of a route table: with a subnet, with a gateway, or (`main`) with all subnets that have no other table. */
export interface Association {
  readonly id: string;
  readonly subnetId: string | undefined;
  readonly gatewayId: string | undefined;
  readonly main: boolean;
}

/** A VPC endpoint of any type. Only a gateway endpoint has route tables. */
export interface VpcEndpoint extends Tagged {
  readonly type: 'endpoint';
  readonly vpcId: string;
  readonly serviceName: string;
  /** As AWS writes it: `Gateway`, `Interface` … */
  readonly endpointType: string;
  /** Lower case: `available`, `pending`, `deleting` … */
  readonly state: string;
  readonly tableIds: readonly string[];
  /** As JSON; without one AWS allows everything. */
  readonly policy: string | undefined;
}

/** The network that an account has. */
export interface NetworkActual {
  /** Our resources, by the output that records the id: `vpc.id`, `subnet.public.id`. */
  readonly ours: Readonly<Record<string, Thing>>;
  /** Resources in our VPC that the baseline does not name: dropped from the baseline, or unowned, whatever tags they have. */
  readonly others: readonly Thing[];
  /** All resources in our VPC, whoever owns them, with the main route table and with resources that are being deleted. */
  readonly inside: readonly Thing[];
  readonly taggedAsOurs: readonly TaggedAsOurs[];
}

/**
 * Another resource with the tags of one of ours. `made`: the resource appeared after a create call without an answer, equals
 * in every field what that call makes, and holds nothing, so it is a duplicate that we made and may delete. Any other
 * resource with our tags is unowned.
 */
export interface TaggedAsOurs {
  readonly type: ThingType;
  readonly id: string;
  readonly logical: string;
  readonly made: boolean;
}

/** The resources of one type. */
export function ofType<Type extends ThingType>(type: Type, things: readonly Thing[] = []): ThingOf<Type>[] {
  return things.filter((thing): thing is ThingOf<Type> => thing.type === type);
}

const GONE = new Set(['deleting', 'deleted', 'rejected', 'failed', 'expired']);

/** False if AWS is deleting the resource, or still lists it after that. */
export function isThere(thing: Thing): boolean {
  return !('state' in thing && GONE.has(thing.state));
}

/** Id of the VPC that the resource is in or attached to. */
export function vpcIdOf(thing: Thing): string | undefined {
  if ('attachedTo' in thing) return thing.attachedTo;
  return 'vpcId' in thing ? thing.vpcId : undefined;
}

/** True if all routes of the table stay within the VPC. */
export function hasLocalRoutesOnly({ routes }: RouteTable): boolean {
  return routes.every(({ target }) => target === 'local');
}

/** True of the route table that AWS makes with the VPC. */
export function isMainTable(thing: Thing): boolean {
  return thing.type === 'route table' && thing.associations.some(({ main }) => main);
}
