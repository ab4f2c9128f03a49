import type { Tag } from '@aws-sdk/client-ec2';
import { failure } from './failure.ts';

/** A member account: plain data, so that an account can be copied. */
export interface MemberAccount {
  readonly accountId: string;
  readonly roles: Map<string, SimulatedRole>;
  readonly regions: Map<string, SimulatedRegion>;
  /** For ids of resources: the number made so far. */
  made: number;
}

interface SimulatedRole {
  readonly RoleName: string;
  readonly Path: string;
  readonly Arn: string;
  Description: string;
  MaxSessionDuration: number;
  /** URL-encoded, as IAM answers it. */
  AssumeRolePolicyDocument: string;
  Tags: Tag[];
  readonly inline: Map<string, string>;
}

interface SimulatedRegion {
  readonly vpcs: Vpc[];
  readonly gateways: Gateway[];
  readonly tables: RouteTable[];
  readonly subnets: Subnet[];
  readonly endpoints: Endpoint[];
  readonly parameters: Map<string, SimulatedParameter>;
}

type Vpc = { VpcId: string; CidrBlock: string; support: boolean; hostnames: boolean; Tags: Tag[] };
type Gateway = {
  InternetGatewayId: string;
  Attachments: { VpcId: string; State: string }[];
  Tags: Tag[];
};
type RouteTable = {
  RouteTableId: string;
  VpcId: string;
  Routes: Record<string, string>[];
  Associations: Record<string, unknown>[];
  Tags: Tag[];
};
type Subnet = {
  SubnetId: string;
  VpcId: string;
  CidrBlock: string;
  AvailabilityZoneId: string;
  MapPublicIpOnLaunch: boolean;
  AvailableIpAddressCount: number;
  Tags: Tag[];
};
type Endpoint = {
  VpcEndpointId: string;
  VpcId: string;
  ServiceName: string;
  VpcEndpointType: string;
  State: string;
  RouteTableIds: string[];
  PolicyDocument: string;
  Tags: Tag[];
};
interface SimulatedParameter {
  Value: string;
  Type: string;
  Tier: string;
  Description: string;
  Tags: Tag[];
}

/** An account as AWS makes it, without a default VPC. */
export function newMember(accountId: string): MemberAccount {
  return { accountId, roles: new Map(), regions: new Map(), made: 0 };
}

/** The same in another account: whatever names the account's id or its name names the other one's. */
export function copyOf(one: MemberAccount, rename: (text: string) => string): MemberAccount {
  return JSON.parse(rename(JSON.stringify(one, mapsAsLists)), listsAsMaps);
}

function mapsAsLists(_: string, value: unknown): unknown {
  return value instanceof Map ? { map: [...value] } : value;
}

function listsAsMaps(_: string, value: unknown): unknown {
  const { map } = (value ?? {}) as { map?: [string, unknown][] };
  return Array.isArray(map) ? new Map(map) : value;
}

/** The region of an account, which has nothing in it at first. */
export function regionIn({ regions }: MemberAccount, name: string): SimulatedRegion {
  const there = regions.get(name);
  if (there) return there;
  const empty = { vpcs: [], gateways: [], tables: [], subnets: [], endpoints: [], parameters: new Map() };
  regions.set(name, empty);
  return empty;
}

// biome-ignore lint/suspicious/noExplicitAny: the inputs of the SDK's commands, each of its own type
type Input = any;
type Answer = (input: Input, member: MemberAccount, region: string) => object;

/** The answers of a member account, by call: `ec2:DescribeVpcs`. */
export const memberAnswers: Readonly<Record<string, Answer>> = {
  'iam:GetRole': ({ RoleName }, member) => {
    const { inline: _, ...role } = roleOf(member, RoleName);
    return { Role: role };
  },
  'iam:ListRolePolicies': ({ RoleName }, member) => ({
    PolicyNames: [...roleOf(member, RoleName).inline.keys()],
  }),
  'iam:ListAttachedRolePolicies': ({ RoleName }, member) => {
    roleOf(member, RoleName);
    return { AttachedPolicies: [] };
  },
  'iam:GetRolePolicy': ({ RoleName, PolicyName }, member) => {
    const document = roleOf(member, RoleName).inline.get(PolicyName);
    if (document === undefined) throw failure('NoSuchEntityException', 404);
    return { RoleName, PolicyName, PolicyDocument: document };
  },
  'iam:CreateRole': (input, member) => {
    const { RoleName, Path = '/', Description = '', MaxSessionDuration = 3600, Tags = [] } = input;
    if (member.roles.has(RoleName)) throw failure('EntityAlreadyExistsException', 409);
    const role: SimulatedRole = {
      ...{ RoleName, Path, Description, MaxSessionDuration, Tags },
      Arn: `arn:aws:iam::${member.accountId}:role${Path}${RoleName}`,
      AssumeRolePolicyDocument: encodeURIComponent(input.AssumeRolePolicyDocument),
      inline: new Map(),
    };
    member.roles.set(RoleName, role);
    return { Role: role };
  },
  'iam:PutRolePolicy': ({ RoleName, PolicyName, PolicyDocument }, member) => {
    roleOf(member, RoleName).inline.set(PolicyName, encodeURIComponent(PolicyDocument));
    return {};
  },
  'iam:DeleteRolePolicy': ({ RoleName, PolicyName }, member) => {
    roleOf(member, RoleName).inline.delete(PolicyName);
    return {};
  },
  'iam:UpdateAssumeRolePolicy': ({ RoleName, PolicyDocument }, member) => {
    roleOf(member, RoleName).AssumeRolePolicyDocument = encodeURIComponent(PolicyDocument);
    return {};
  },
  'ec2:DescribeVpcs': (_, member, region) => ({
    Vpcs: regionIn(member, region).vpcs.map((vpc) => ({
      ...vpc,
      CidrBlockAssociationSet: [{ CidrBlock: vpc.CidrBlock }],
      InstanceTenancy: 'default',
    })),
  }),
  'ec2:DescribeVpcAttribute': ({ VpcId, Attribute }, member, region) => {
    const { support, hostnames } = vpcOf(member, region, VpcId);
    return Attribute === 'enableDnsSupport'
      ? { EnableDnsSupport: { Value: support } }
      : { EnableDnsHostnames: { Value: hostnames } };
  },
  'ec2:DescribeInternetGateways': (_, member, region) => ({
    InternetGateways: regionIn(member, region).gateways,
  }),
  'ec2:DescribeRouteTables': (input, member, region) => ({
    RouteTables: inVpc(input, regionIn(member, region).tables),
  }),
  'ec2:DescribeSubnets': (input, member, region) => ({
    Subnets: inVpc(input, regionIn(member, region).subnets),
  }),
  'ec2:DescribeVpcEndpoints': (input, member, region) => ({
    VpcEndpoints: inVpc(input, regionIn(member, region).endpoints),
  }),
  'ec2:DescribeAvailabilityZones': (_, __, region) => ({
    AvailabilityZones: ['1', '2', '3'].map((zone) => ({ ZoneId: `${region}-az${zone}` })),
  }),
  'ec2:CreateVpc': ({ CidrBlock, ...more }, member, region) => {
    const vpc: Vpc = {
      VpcId: id('vpc', member),
      CidrBlock,
      support: true,
      hostnames: false,
      Tags: tagsIn(more),
    };
    const here = regionIn(member, region);
    here.vpcs.push(vpc);
    const { VpcId } = vpc;
    const RouteTableId = id('rtb', member);
    here.tables.push({
      ...{ RouteTableId, VpcId, Tags: [] },
      Routes: [localRoute(CidrBlock)],
      Associations: [{ RouteTableAssociationId: id('rtbassoc', member), Main: true }],
    });
    return { Vpc: vpc };
  },
  'ec2:ModifyVpcAttribute': ({ VpcId, EnableDnsSupport, EnableDnsHostnames }, member, region) => {
    const vpc = vpcOf(member, region, VpcId);
    if (EnableDnsSupport) vpc.support = EnableDnsSupport.Value;
    if (EnableDnsHostnames) vpc.hostnames = EnableDnsHostnames.Value;
    return {};
  },
  'ec2:CreateInternetGateway': (input, member, region) => {
    const gateway = { InternetGatewayId: id('igw', member), Attachments: [], Tags: tagsIn(input) };
    regionIn(member, region).gateways.push(gateway);
    return { InternetGateway: gateway };
  },
  'ec2:AttachInternetGateway': ({ InternetGatewayId, VpcId }, member, region) => {
    const found = regionIn(member, region).gateways.find(
      (one) => one.InternetGatewayId === InternetGatewayId,
    );
    if (!found) throw failure('InvalidInternetGatewayID.NotFound', 400);
    found.Attachments.push({ VpcId, State: 'available' });
    return {};
  },
  'ec2:CreateRouteTable': ({ VpcId, ...more }, member, region) => {
    const { CidrBlock } = vpcOf(member, region, VpcId);
    const RouteTableId = id('rtb', member);
    const table = {
      RouteTableId,
      VpcId,
      Routes: [localRoute(CidrBlock)],
      Associations: [],
      Tags: tagsIn(more),
    };
    regionIn(member, region).tables.push(table);
    return { RouteTable: table };
  },
  'ec2:CreateRoute': ({ RouteTableId, DestinationCidrBlock, GatewayId }, member, region) => {
    tableOf(member, region, RouteTableId).Routes.push({ DestinationCidrBlock, GatewayId, State: 'active' });
    return {};
  },
  'ec2:CreateSubnet': ({ VpcId, CidrBlock, AvailabilityZoneId, ...more }, member, region) => {
    const free = 2 ** (32 - Number(CidrBlock.split('/')[1])) - 5;
    const subnet: Subnet = {
      ...{ SubnetId: id('subnet', member), VpcId, CidrBlock, AvailabilityZoneId, Tags: tagsIn(more) },
      ...{ MapPublicIpOnLaunch: false, AvailableIpAddressCount: free },
    };
    regionIn(member, region).subnets.push(subnet);
    return { Subnet: subnet };
  },
  'ec2:ModifySubnetAttribute': ({ SubnetId, MapPublicIpOnLaunch }, member, region) => {
    const found = regionIn(member, region).subnets.find((one) => one.SubnetId === SubnetId);
    if (!found) throw failure('InvalidSubnetID.NotFound', 400);
    found.MapPublicIpOnLaunch = MapPublicIpOnLaunch.Value;
    return {};
  },
  'ec2:AssociateRouteTable': ({ RouteTableId, SubnetId }, member, region) => {
    const RouteTableAssociationId = id('rtbassoc', member);
    tableOf(member, region, RouteTableId).Associations.push({
      RouteTableAssociationId,
      SubnetId,
      Main: false,
    });
    return { AssociationId: RouteTableAssociationId };
  },
  'ec2:CreateVpcEndpoint': ({ VpcId, ServiceName, RouteTableIds, ...more }, member, region) => {
    const endpoint: Endpoint = {
      ...{ VpcEndpointId: id('vpce', member), VpcId, ServiceName, RouteTableIds, Tags: tagsIn(more) },
      ...{ VpcEndpointType: 'Gateway', State: 'available' },
      PolicyDocument: JSON.stringify({
        Version: '2008-10-17',
        Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }],
      }),
    };
    regionIn(member, region).endpoints.push(endpoint);
    return { VpcEndpoint: endpoint };
  },
  'ssm:GetParameters': ({ Names }, member, region) => ({
    Parameters: parametersIn(member, region, Names).map(([Name, { Value, Type }]) => ({ Name, Value, Type })),
  }),
  'ssm:DescribeParameters': ({ ParameterFilters }, member, region) => ({
    Parameters: parametersIn(member, region, ParameterFilters[0].Values).map(
      ([Name, { Tier, Description, Type }]) => ({ Name, Tier, Description, Type }),
    ),
  }),
  'ssm:ListTagsForResource': ({ ResourceId }, member, region) => {
    const [found] = parametersIn(member, region, [ResourceId]);
    if (!found) throw failure('InvalidResourceId', 400);
    return { TagList: found[1].Tags };
  },
  'ssm:PutParameter': ({ Name, Overwrite, ...given }, member, region) => {
    const { parameters } = regionIn(member, region);
    const before = parameters.get(Name);
    if (before && !Overwrite) throw failure('ParameterAlreadyExists', 400);
    const { Value, Type = before?.Type ?? 'String', Tier = 'Standard', Description = '' } = given;
    parameters.set(Name, { Value, Type, Tier, Description, Tags: given.Tags ?? before?.Tags ?? [] });
    return {};
  },
  'tagging:GetResources': (_, member, region) => ({
    ResourceTagMappingList: [...regionIn(member, region).parameters].map(([name, { Tags }]) => ({
      ResourceARN: `arn:aws:ssm:${region}:${member.accountId}:parameter${name}`,
      Tags,
    })),
  }),
};

/** @throws as IAM does, if there is no such role */
function roleOf({ roles }: MemberAccount, name: string): SimulatedRole {
  return found(roles.get(name), 'NoSuchEntityException', 404);
}

function vpcOf(member: MemberAccount, region: string, VpcId: string): Vpc {
  const { vpcs } = regionIn(member, region);
  return found(
    vpcs.find((one) => one.VpcId === VpcId),
    'InvalidVpcID.NotFound',
  );
}

function tableOf(member: MemberAccount, region: string, RouteTableId: string): RouteTable {
  const { tables } = regionIn(member, region);
  return found(
    tables.find((one) => one.RouteTableId === RouteTableId),
    'InvalidRouteTableID.NotFound',
  );
}

function found<T>(one: T | undefined, otherwise: string, status = 400): T {
  if (one === undefined) throw failure(otherwise, status);
  return one;
}

function inVpc<T extends { VpcId: string }>({ Filters }: Input, all: readonly T[]): T[] {
  return all.filter(({ VpcId }) => Filters[0].Values.includes(VpcId));
}

function parametersIn(member: MemberAccount, region: string, names: readonly string[]) {
  const { parameters } = regionIn(member, region);
  return names.flatMap((name) => {
    const one = parameters.get(name);
    return one ? [[name, one] as const] : [];
  });
}

function localRoute(DestinationCidrBlock: string): Record<string, string> {
  return { DestinationCidrBlock, GatewayId: 'local', State: 'active' };
}

function tagsIn({ TagSpecifications = [] }: Input): Tag[] {
  return TagSpecifications[0]?.Tags ?? [];
}

function id(prefix: string, member: MemberAccount): string {
  member.made += 1;
  return `${prefix}-${member.made.toString(16).padStart(17, '0')}`;
}
