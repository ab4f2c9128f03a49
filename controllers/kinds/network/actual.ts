/** Something that AWS gave an id, with all of its tags. */
export interface Tagged {
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A VPC; its attributes are told apart. */
export interface Vpc extends Tagged {
  readonly cidr: string;
  /** True when it has no further block, IPv4 or IPv6, and no tenancy of its own. */
  readonly plain: boolean;
}

/** One attribute a call is how AWS tells them. */
export interface VpcAttributes {
  readonly dnsSupport: boolean;
  readonly dnsHostnames: boolean;
}

/** An internet gateway. */
export interface InternetGateway extends Tagged {
  /** Id of the VPC. */
  readonly attachedTo: string | undefined;
}

/** A subnet; its block and zone stay as they were made. */
export interface SubnetFound extends Tagged {
  readonly vpcId: string;
  readonly cidr: string;
  readonly zoneId: string;
  readonly mapPublicIpOnLaunch: boolean;
  readonly availableAddresses: number;
}

/** One route of a table, whoever put it there. */
export interface Route {
  /** Block, IPv6 block or prefix list. */
  readonly destination: string;
  /** Id of whatever it leads to; `local` within the VPC. */
  readonly target: string;
  /** False for a black hole: what it led to is gone or detached. */
  readonly active: boolean;
}

/** What a route table is associated with: a subnet, a gateway, or as the main table whatever has none. */
export interface Association {
  readonly id: string;
  readonly subnetId: string | undefined;
  readonly gatewayId: string | undefined;
  readonly main: boolean;
}

/** A route table with all of its routes and associations. */
export interface RouteTable extends Tagged {
  readonly vpcId: string;
  readonly routes: readonly Route[];
  readonly associations: readonly Association[];
}

/** An endpoint of any type; route tables and policy are those of a gateway endpoint. */
export interface VpcEndpoint extends Tagged {
  readonly vpcId: string;
  readonly serviceName: string;
  readonly type: string;
  /** Lower case: `available`, `pending`, `deleting` … */
  readonly state: string;
  readonly tableIds: readonly string[];
  /** As JSON; without one AWS allows everything. */
  readonly policy: string | undefined;
}

/** What is inside one VPC. */
export interface Inside {
  readonly vpcId: string;
  /** Undefined when AWS does not know the VPC. */
  readonly attributes: VpcAttributes | undefined;
  readonly subnets: readonly SubnetFound[];
  readonly tables: readonly RouteTable[];
  readonly endpoints: readonly VpcEndpoint[];
}

/** One of the things that a network is made of. */
export type ThingType = 'vpc' | 'internet gateway' | 'subnet' | 'route table' | 'endpoint';

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

/** What an account has of the network: ours by name, and what else is in our VPC. */
export interface NetworkActual {
  readonly vpc: (Vpc & VpcAttributes) | undefined;
  readonly gateway: InternetGateway | undefined;
  readonly subnets: Readonly<Record<string, SubnetFound>>;
  readonly tables: Readonly<Record<string, RouteTable>>;
  readonly endpoints: Readonly<Record<string, VpcEndpoint>>;
  readonly taggedAsOurs: readonly TaggedAsOurs[];
  /** In our VPC and not named by the baseline: dropped from it, or somebody else's, whatever tags it has. */
  readonly others: {
    readonly gateways: readonly InternetGateway[];
    readonly subnets: readonly SubnetFound[];
    readonly tables: readonly RouteTable[];
    readonly endpoints: readonly VpcEndpoint[];
  };
  /** All tables of our VPC: a subnet may be associated with any of them. */
  readonly allTables: readonly RouteTable[];
}
