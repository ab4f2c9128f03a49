import { NAME_TAG, OWNER_TAG } from '../../../controllers/kinds/kind.ts';
import { endpointNamed, fullAccess } from '../../../controllers/kinds/network/endpoints.ts';
import { GATEWAY } from '../../../controllers/kinds/network/internet-gateway.ts';
import { network } from '../../../controllers/kinds/network/kind.ts';
import type {
  InternetGateway,
  Network,
  NetworkActual,
  RouteTable,
  SubnetFound,
  Vpc,
  VpcEndpoint,
} from '../../../controllers/kinds/network/model.ts';
import { diff } from '../../../controllers/kinds/network/network.ts';
import { tableNamed } from '../../../controllers/kinds/network/route-tables.ts';
import { NetworkSection } from '../../../controllers/kinds/network/section.ts';
import { subnetNamed } from '../../../controllers/kinds/network/subnets.ts';
import { VPC } from '../../../controllers/kinds/network/vpc.ts';
import { NOW, testClock } from '../../kit/clock.ts';
import { memberAccount as account, type FakeContext, kindContext } from '../../kit/kind-context.ts';
import { onEach } from '../../kit/sdk.ts';

export const section = {
  cidr: '10.0.0.0/16',
  internetGateway: true,
  subnets: [{ name: 'public', cidr: '10.0.0.0/24', zoneId: 'euw1-az1', routing: 'public' }],
  gatewayEndpoints: ['s3'],
};

/** The sample section with some keys of its own, rendered. */
export function wantedWith(
  overrides: Record<string, unknown> = {},
  known: Record<string, string> = {},
): Network {
  return network.render(NetworkSection.parse({ ...section, ...overrides }), (name) => known[name], account);
}

export function ours(logical: string): Record<string, string> {
  return { Name: `orgkeeper/${logical}`, [OWNER_TAG]: account.owner, [NAME_TAG]: logical };
}

/** What an account has, as tests write it: by resource and name. */
export interface Sample {
  readonly vpc?: Vpc | undefined;
  readonly gateway?: InternetGateway | undefined;
  readonly subnets: Readonly<Record<string, SubnetFound>>;
  readonly tables: Readonly<Record<string, RouteTable>>;
  readonly endpoints: Readonly<Record<string, VpcEndpoint>>;
  readonly taggedAsOurs: NetworkActual['taggedAsOurs'];
  readonly others: NetworkActual['others'];
  /** All route tables of our VPC. */
  readonly allTables: readonly RouteTable[];
}

/** What an account has, as the kind knows it. */
export function actualOf({ vpc, gateway, subnets, tables, endpoints, ...sample }: Sample): NetworkActual {
  const named = <T>(things: Readonly<Record<string, T>>, nameOf: (name: string) => { output: string }) =>
    Object.entries(things).map(([name, thing]) => [nameOf(name).output, thing] as const);
  const ours = Object.fromEntries([
    ...(vpc ? [[VPC.output, vpc] as const] : []),
    ...(gateway ? [[GATEWAY.output, gateway] as const] : []),
    ...named(tables, tableNamed),
    ...named(subnets, subnetNamed),
    ...named(endpoints, endpointNamed),
  ]);
  return { ours, others: sample.others, inside: sample.allTables, taggedAsOurs: sample.taggedAsOurs };
}

/** What an account has in which the sample section is all in order. */
export const healthy: Sample = {
  vpc: {
    type: 'vpc',
    id: 'vpc-1',
    cidr: '10.0.0.0/16',
    plain: true,
    dnsSupport: true,
    dnsHostnames: true,
    tags: ours('vpc'),
  },
  gateway: { type: 'internet gateway', id: 'igw-1', attachedTo: 'vpc-1', tags: ours('internet-gateway') },
  subnets: {
    public: {
      type: 'subnet',
      id: 'subnet-1',
      vpcId: 'vpc-1',
      cidr: '10.0.0.0/24',
      zoneId: 'euw1-az1',
      mapPublicIpOnLaunch: true,
      availableAddresses: 251,
      tags: ours('subnet/public'),
    },
  },
  ...withTable({}),
  endpoints: {
    s3: {
      type: 'endpoint',
      id: 'vpce-1',
      vpcId: 'vpc-1',
      serviceName: 'com.amazonaws.eu-west-1.s3',
      endpointType: 'Gateway',
      state: 'available',
      tableIds: ['rtb-1'],
      policy: JSON.stringify(fullAccess('*')),
      tags: ours('endpoint/s3'),
    },
  },
  taggedAsOurs: [],
  others: [],
};

/** Our public route table, changed. */
export function withTable(overrides: Partial<RouteTable>): Pick<Sample, 'tables' | 'allTables'> {
  const table: RouteTable = {
    type: 'route table',
    id: 'rtb-1',
    vpcId: 'vpc-1',
    routes: [
      { destination: '10.0.0.0/16', target: 'local', active: true },
      { destination: '0.0.0.0/0', target: 'igw-1', active: true },
      { destination: 'pl-6da54004', target: 'vpce-1', active: true },
    ],
    associations: [{ id: 'rtbassoc-1', subnetId: 'subnet-1', gatewayId: undefined, main: false }],
    tags: ours('route-table/public'),
    ...overrides,
  };
  const main: RouteTable = {
    type: 'route table',
    id: 'rtb-main',
    vpcId: 'vpc-1',
    routes: [{ destination: '10.0.0.0/16', target: 'local', active: true }],
    associations: [{ id: 'rtbassoc-main', subnetId: undefined, gatewayId: undefined, main: true }],
    tags: {},
  };
  return { tables: { public: table }, allTables: [main, table] };
}

/** A case of a table: what differs from `healthy`, and what the comparison says of it. */
export interface Case {
  readonly reason: string;
  readonly actual: Partial<Sample>;
  readonly says: string[];
}

/** `resource path action` of each difference to be written, then `! reason resource path`, then `? resource path`. */
export function said(sample: Sample | undefined, wanted = wantedWith()): string[] {
  const { differences, blocked, unowned } = diff(wanted, sample && actualOf(sample));
  return [
    ...differences.map(({ resource, path, action }) => `${resource} ${path} ${action}`),
    ...blocked.map(({ reason, difference }) => `! ${reason} ${difference.resource} ${difference.path}`),
    ...unowned.map(({ resource, path }) => `? ${resource} ${path}`),
  ];
}

/** The change that is to be written where this is there; undefined: nothing. */
export function change(sample: Sample | undefined, wanted = wantedWith()) {
  const actual = sample && actualOf(sample);
  return { wanted, actual, differences: diff(wanted, actual).differences };
}

/** What EC2 answers when the sample section is made. */
export const answers = {
  CreateVpc: { Vpc: { VpcId: 'vpc-1' } },
  CreateInternetGateway: { InternetGateway: { InternetGatewayId: 'igw-1' } },
  CreateRouteTable: { RouteTable: { RouteTableId: 'rtb-1' } },
  CreateSubnet: { Subnet: { SubnetId: 'subnet-1' } },
  CreateVpcEndpoint: { VpcEndpoint: { VpcEndpointId: 'vpce-1' } },
};

/** The error with which this fails; undefined when it does not. */
export function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(() => undefined).catch((thrown: unknown) => thrown);
}

type Ec2Answer =
  | Record<string, unknown>
  | Error
  | ((input: Record<string, unknown>) => Record<string, unknown>);

/** EC2 in which nothing is, and which does all that the kind may ask of it. */
const EMPTY = onEach([...network.permissions.read, ...network.permissions.write], () => undefined);

/** What the kind works with where EC2 answers so, by command name: nothing where nothing is said. */
export function fakeContext(
  answers: Record<string, Ec2Answer>,
  recorded: Record<string, string> = {},
  now = NOW,
): FakeContext {
  const given = onEach(Object.keys(answers), (name, input: Record<string, unknown>) => {
    const answer = answers[name];
    if (answer instanceof Error) throw answer;
    return typeof answer === 'function' ? answer(input) : answer;
  });
  return kindContext([...given, ...EMPTY], { account, recorded, clock: testClock(now) });
}
