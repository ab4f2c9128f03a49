import {
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
  type Tag,
} from '@aws-sdk/client-ec2';
import {
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import {
  DescribeParametersCommand,
  GetParametersByPathCommand,
  ListTagsForResourceCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { isNotFound, readConsistently } from './consistent-read.ts';
import type { localClient } from './deploy.ts';

/** Gives client settings for the administrator of any account. */
export interface Administrator {
  as(accountId: string): ReturnType<typeof localClient>;
}

/** Clients for one account and region, of the services that the `analytics` baseline has resources in. */
export interface AccountClients {
  readonly iam: IAMClient;
  readonly ec2: EC2Client;
  readonly ssm: SSMClient;
}

/** What AWS returns about the resources of the `analytics` baseline in an account. Ids are replaced by names. */
export interface World {
  readonly role: SeenRole | undefined;
  /** VPCs with the baseline's block: one, unless something was created twice. */
  readonly vpcs: readonly SeenVpc[];
  readonly gateways: readonly { attachedTo: string; tags: Tags }[];
  readonly subnets: Readonly<Record<string, SeenSubnet>>;
  readonly tables: readonly SeenTable[];
  readonly endpoints: readonly { service: string; type: string; tables: string[]; tags: Tags }[];
  readonly parameters: Readonly<Record<string, SeenParameter>>;
}
type Tags = Record<string, string>;
interface SeenRole {
  readonly arn: string;
  readonly path: string;
  readonly description: string;
  readonly maxSessionDuration: number;
  readonly boundary: string;
  readonly trust: unknown;
  readonly inline: Readonly<Record<string, unknown>>;
  readonly attached: readonly string[];
  readonly tags: Tags;
}
interface SeenVpc {
  readonly cidr: string;
  readonly dnsSupport: boolean;
  readonly dnsHostnames: boolean;
  readonly tags: Tags;
}
interface SeenSubnet {
  readonly zone: string;
  readonly mapPublicIp: boolean;
  readonly table: string;
  readonly tags: Tags;
}
interface SeenTable {
  readonly subnets: readonly string[];
  readonly routes: Readonly<Record<string, string>>;
  readonly tags: Tags;
}
interface SeenParameter {
  readonly value: string;
  readonly type: string;
  readonly tier: string;
  readonly description: string;
  readonly tags: Tags;
}

/** Ids of the resources in our VPC, for tampering with them. */
export interface Ids {
  readonly vpc: string;
  readonly gateway: string;
  readonly subnet: string;
  readonly table: string;
  readonly association: string;
  readonly endpoint: string;
}

export const ROLE = 'orgkeeper-execution';
export const CIDR = '10.0.0.0/16';
export const SUBNET = '10.0.0.0/20';

export function clientsIn(administrator: Administrator, accountId: string): AccountClients {
  const settings = administrator.as(accountId);
  return { iam: new IAMClient(settings), ec2: new EC2Client(settings), ssm: new SSMClient(settings) };
}

/** Reads an account through the SDK, as its administrator. */
export function readWorld(administrator: Administrator, accountId: string): Promise<World> {
  return readWorldWith(clientsIn(administrator, accountId));
}

/** Reads an account through clients that are there already. */
export async function readWorldWith({ iam, ec2, ssm }: AccountClients): Promise<World> {
  const [role, network, parameters] = await Promise.all([
    readConsistently(() => readRole(iam)),
    readConsistently(() => readNetwork(ec2)),
    readConsistently(() => readParameters(ssm)),
  ]);
  const { names, ...seen } = network;
  let text = JSON.stringify({ ...seen, parameters });
  for (const [id, name] of names) text = text.replaceAll(id, name);
  return { role, ...(JSON.parse(text) as Omit<World, 'role'>) };
}

/** Ids of a healthy account's network. */
export async function readIds(administrator: Administrator, accountId: string): Promise<Ids> {
  const raw = await readRaw(new EC2Client(administrator.as(accountId)));
  const table = raw.tables.find(({ Associations = [] }) => Associations.some(({ SubnetId }) => SubnetId));
  return {
    vpc: raw.vpcs[0]?.VpcId ?? '',
    gateway: raw.gateways[0]?.InternetGatewayId ?? '',
    subnet: raw.subnets.find(({ CidrBlock }) => CidrBlock === SUBNET)?.SubnetId ?? '',
    table: table?.RouteTableId ?? '',
    association:
      table?.Associations?.find(({ SubnetId }) => SubnetId !== undefined)?.RouteTableAssociationId ?? '',
    endpoint: raw.endpoints[0]?.VpcEndpointId ?? '',
  };
}

async function readRole(iam: IAMClient): Promise<SeenRole | undefined> {
  const of = { RoleName: ROLE };
  const found = await iam.send(new GetRoleCommand(of)).catch((error: Error) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (!found) return undefined;
  const { Role } = found;
  const [{ PolicyNames = [] }, { AttachedPolicies = [] }] = await Promise.all([
    iam.send(new ListRolePoliciesCommand(of)),
    iam.send(new ListAttachedRolePoliciesCommand(of)),
  ]);
  const inline = await Promise.all(
    PolicyNames.sort().map(async (PolicyName) => {
      const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ ...of, PolicyName }));
      return [PolicyName, decoded(PolicyDocument)] as const;
    }),
  );
  return {
    arn: Role?.Arn ?? '',
    path: Role?.Path ?? '',
    description: Role?.Description ?? '',
    maxSessionDuration: Role?.MaxSessionDuration ?? 0,
    boundary: Role?.PermissionsBoundary?.PermissionsBoundaryArn ?? '',
    trust: decoded(Role?.AssumeRolePolicyDocument),
    inline: Object.fromEntries(inline),
    attached: AttachedPolicies.map(({ PolicyArn = '' }) => PolicyArn).sort(),
    tags: tagsOf(Role?.Tags),
  };
}

async function readRaw(ec2: EC2Client) {
  const { Vpcs: vpcs = [] } = await ec2.send(
    new DescribeVpcsCommand({ Filters: [{ Name: 'cidr', Values: [CIDR] }] }),
  );
  const Filters = [{ Name: 'vpc-id', Values: [...vpcs.map(({ VpcId = '' }) => VpcId), 'vpc-none'] }];
  const [{ Subnets: subnets = [] }, { RouteTables: tables = [] }, { VpcEndpoints: endpoints = [] }, igws] =
    await Promise.all([
      ec2.send(new DescribeSubnetsCommand({ Filters })),
      ec2.send(new DescribeRouteTablesCommand({ Filters })),
      ec2.send(new DescribeVpcEndpointsCommand({ Filters })),
      ec2.send(new DescribeInternetGatewaysCommand({})),
    ]);
  return { vpcs, subnets, tables, endpoints, gateways: igws.InternetGateways ?? [] };
}

async function readNetwork(ec2: EC2Client) {
  const raw = await readRaw(ec2);
  const names = new Map<string, string>();
  for (const { VpcId = '' } of raw.vpcs) names.set(VpcId, '<vpc>');
  for (const { InternetGatewayId = '' } of raw.gateways) names.set(InternetGatewayId, '<gateway>');
  for (const { SubnetId = '', CidrBlock } of raw.subnets) names.set(SubnetId, `<subnet ${CidrBlock}>`);
  for (const { VpcEndpointId = '' } of raw.endpoints) names.set(VpcEndpointId, '<endpoint>');
  const tables = raw.tables.map(({ RouteTableId = '', Associations = [], Routes = [], Tags }) => {
    const main = Associations.some(({ Main }) => Main);
    const subnets = Associations.flatMap(({ SubnetId }) => SubnetId ?? []);
    names.set(RouteTableId, main ? '<main table>' : '<our table>');
    const routes = Routes.map((route) => [
      route.DestinationCidrBlock ?? (route.DestinationPrefixListId ? '<prefix list>' : ''),
      `${route.GatewayId ?? route.InstanceId ?? '?'} ${route.State}`,
    ]);
    return { main, id: RouteTableId, subnets, routes: Object.fromEntries(routes), tags: tagsOf(Tags) };
  });
  const tableOf = (subnet = '') =>
    tables.find(({ subnets }) => subnets.includes(subnet))?.id ?? tables.find(({ main }) => main)?.id ?? '';
  const vpcs = await Promise.all(
    raw.vpcs.map(async ({ VpcId, CidrBlock, Tags }) => {
      const [support, hostnames] = await Promise.all([
        ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsSupport' })),
        ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsHostnames' })),
      ]);
      return {
        cidr: CidrBlock,
        dnsSupport: support.EnableDnsSupport?.Value,
        dnsHostnames: hostnames.EnableDnsHostnames?.Value,
        tags: tagsOf(Tags),
      };
    }),
  );
  return {
    names,
    vpcs,
    gateways: raw.gateways.map(({ Attachments = [], Tags }) => ({
      attachedTo: Attachments[0]?.VpcId ?? 'nothing',
      tags: tagsOf(Tags),
    })),
    subnets: Object.fromEntries(
      raw.subnets.map(({ SubnetId, CidrBlock, AvailabilityZoneId, MapPublicIpOnLaunch, Tags }) => [
        CidrBlock ?? '',
        {
          zone: AvailabilityZoneId,
          mapPublicIp: MapPublicIpOnLaunch,
          table: tableOf(SubnetId),
          tags: tagsOf(Tags),
        },
      ]),
    ),
    tables: tables.filter(({ main }) => !main).map(({ main: _, id: __, ...table }) => table),
    endpoints: raw.endpoints
      .filter(({ State }) => !/delet/i.test(State ?? ''))
      .map(({ ServiceName, VpcEndpointType, RouteTableIds = [], Tags }) => ({
        service: ServiceName,
        type: VpcEndpointType,
        tables: [...RouteTableIds].sort(),
        tags: tagsOf(Tags),
      })),
  };
}

async function readParameters(ssm: SSMClient): Promise<Record<string, SeenParameter>> {
  const [{ Parameters = [] }, { Parameters: described = [] }] = await Promise.all([
    ssm.send(new GetParametersByPathCommand({ Path: '/orgkeeper', Recursive: true, MaxResults: 10 })),
    ssm.send(new DescribeParametersCommand({ MaxResults: 50 })),
  ]);
  const each = await Promise.all(
    Parameters.map(async ({ Name = '', Value = '', Type = '' }) => {
      const about = described.find((one) => one.Name === Name);
      const { TagList } = await ssm.send(
        new ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId: Name }),
      );
      const seen: SeenParameter = {
        value: Value,
        type: Type,
        tier: about?.Tier ?? 'Standard',
        description: about?.Description ?? '',
        tags: tagsOf(TagList),
      };
      return [Name, seen] as const;
    }),
  );
  return Object.fromEntries(each.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function decoded(document = ''): unknown {
  return JSON.parse(document.startsWith('%') ? decodeURIComponent(document) : document);
}

function tagsOf(tags: readonly Tag[] = []): Tags {
  return Object.fromEntries(
    tags.map(({ Key = '', Value = '' }) => [Key, Value] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
