import type { GatewayService, Routing } from './section.ts';

// What an account is to have of a network, and what it has. Plain data.

/** The network that an account is to have. */
export interface Network {
  readonly owner: string;
  /** Canonical, as AWS stores it. */
  readonly cidr: string;
  readonly dnsSupport: boolean;
  readonly dnsHostnames: boolean;
  readonly internetGateway: boolean;
  readonly subnets: readonly Subnet[];
  /** One route table each. */
  readonly routings: readonly Routing[];
  readonly endpoints: readonly Endpoint[];
  readonly tags: Readonly<Record<string, string>>;
  /** Names of `${…}` that are not known yet. */
  readonly waiting: {
    /** In blocks and zones: nothing can be written before they are known. */
    readonly layout: readonly string[];
    /** Per tag: it is not written before. */
    readonly tags: Readonly<Record<string, readonly string[]>>;
  };
}

/** A subnet that the account is to have, its block canonical, its zone by id or by number. */
export interface Subnet {
  readonly name: string;
  readonly cidr: string;
  readonly zone: { readonly id: string } | { readonly number: number };
  readonly routing: Routing;
  readonly mapPublicIpOnLaunch: boolean;
}

/** A gateway endpoint that the account is to have. */
export interface Endpoint {
  readonly name: GatewayService;
  readonly serviceName: string;
}

/** What AWS has, one of the resources of a network: each has a file that reads and writes it. */
export type Thing = Vpc | InternetGateway | RouteTable | SubnetFound | VpcEndpoint;
/** As people read it in differences and messages, with the id behind it. */
export type ThingType = Thing['type'];
/** What AWS has of one type. */
export type ThingOf<Type extends ThingType> = Extract<Thing, { readonly type: Type }>;

/** What everything that AWS gives an id has in common. */
interface Tagged {
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A VPC. */
export interface Vpc extends Tagged {
  readonly type: 'vpc';
  readonly cidr: string;
  /** True when it has no further block, IPv4 or IPv6, and no tenancy of its own. */
  readonly plain: boolean;
  /** Both attributes are undefined where nobody read them: of VPCs that cannot be ours. */
  readonly dnsSupport: boolean | undefined;
  readonly dnsHostnames: boolean | undefined;
}

/** An internet gateway. */
export interface InternetGateway extends Tagged {
  readonly type: 'internet gateway';
  /** Id of the VPC. */
  readonly attachedTo: string | undefined;
}

/** A subnet; its block and zone stay as they were made. */
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

/** One route of a table, whoever put it there. */
export interface Route {
  /** Block, IPv6 block or prefix list. */
  readonly destination: string;
  /** Id of whatever it leads to; `local` within the VPC. */
  readonly target: string;
  /** False for a black hole: its target is gone or detached. */
  readonly active: boolean;
}

/** What a route table is associated with: a subnet, a gateway, or as the main table whatever has none. */
export interface Association {
  readonly id: string;
  readonly subnetId: string | undefined;
  readonly gatewayId: string | undefined;
  readonly main: boolean;
}

/** A VPC endpoint of any type; route tables and policy are those of a gateway endpoint. */
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

/** What an account has of the network. */
export interface NetworkActual {
  /** Ours, by the output that records the id: `vpc.id`, `subnet.public.id`. */
  readonly ours: Readonly<Record<string, Thing>>;
  /** In our VPC and not named by the baseline: dropped from it, or somebody else's, whatever tags it has. */
  readonly others: readonly Thing[];
  /** All in our VPC, whosesoever, the main route table and what is being deleted included. */
  readonly inside: readonly Thing[];
  readonly taggedAsOurs: readonly TaggedAsOurs[];
}

/**
 * Another one that carries our tags. `made`: it turned up after a create that nobody answered, is to the field as we make
 * it and holds nothing, so that it is our second one and can go. Anything else with our tags is somebody else's.
 */
export interface TaggedAsOurs {
  readonly type: ThingType;
  readonly id: string;
  readonly logical: string;
  readonly made: boolean;
}

/** Those of one type. */
export function ofType<Type extends ThingType>(type: Type, things: readonly Thing[] = []): ThingOf<Type>[] {
  return things.filter((thing): thing is ThingOf<Type> => thing.type === type);
}

const GONE = new Set(['deleting', 'deleted', 'rejected', 'failed', 'expired']);

/** False of what AWS still lists while it deletes it, and for a while after. */
export function isThere(thing: Thing): boolean {
  return !('state' in thing && GONE.has(thing.state));
}

/** Id of the VPC that a thing is in or attached to. */
export function vpcIdOf(thing: Thing): string | undefined {
  if ('attachedTo' in thing) return thing.attachedTo;
  return 'vpcId' in thing ? thing.vpcId : undefined;
}

/** True when it routes within the VPC and nowhere else. */
export function hasLocalRoutesOnly({ routes }: RouteTable): boolean {
  return routes.every(({ target }) => target === 'local');
}

/** True of the route table that came with its VPC. */
export function isMainTable(thing: Thing): boolean {
  return thing.type === 'route table' && thing.associations.some(({ main }) => main);
}
