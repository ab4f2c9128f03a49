import {
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import {
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { isNotFound, readConsistently } from '../consistent-read.ts';
import { localClient } from '../deploy.ts';

/** What AWS (the emulator) says of an account now, read with the SDK and nothing of Orgkeeper's. */
export interface World {
  readonly role:
    | {
        readonly arn: string;
        readonly trusts: readonly string[];
        readonly externalId: string;
        readonly inlinePolicies: readonly string[];
        readonly sids: readonly string[];
        readonly managedPolicies: readonly string[];
        readonly tags: readonly string[];
      }
    | undefined;
  readonly vpcs: readonly { readonly id: string; readonly cidr: string; readonly dnsHostnames: boolean }[];
  readonly subnets: readonly { readonly id: string; readonly cidr: string; readonly publicIps: boolean }[];
  /** `10.0.0.0/16 local`, `0.0.0.0/0 igw-…` of the route tables that have subnets. */
  readonly routes: readonly string[];
  readonly attachedGateways: readonly string[];
  /** Services of the gateway endpoints that a route table leads to. */
  readonly endpoints: readonly string[];
  readonly parameters: Readonly<Record<string, string>>;
}

export interface Where {
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  readonly roleName: string;
}

/** Reads role, network and parameters of an account; the default VPC is left out. */
export async function readWorld(where: Where): Promise<World> {
  const settings = localClient(where.endpoint, where.accountId, where.region);
  const [role, network, parameters] = await Promise.all([
    readConsistently(() => readRole(new IAMClient(settings), where.roleName)),
    readConsistently(() => readNetwork(new EC2Client(settings))),
    readParameters(new SSMClient(settings)),
  ]);
  return { role, ...network, parameters };
}

async function readRole(iam: IAMClient, name: string): Promise<World['role']> {
  const found = await iam.send(new GetRoleCommand({ RoleName: name })).catch((error: Error) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (!found?.Role) return undefined;
  const { Arn: arn = '', AssumeRolePolicyDocument: text = '', Tags = [] } = found.Role;
  const trust = decoded(text)[0];
  const { PolicyNames: inlinePolicies = [] } = await iam.send(
    new ListRolePoliciesCommand({ RoleName: name }),
  );
  const attached = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: name }));
  const documents = await Promise.all(
    inlinePolicies.map((PolicyName) => iam.send(new GetRolePolicyCommand({ RoleName: name, PolicyName }))),
  );
  return {
    arn,
    trusts: [trust?.Principal?.AWS ?? []].flat(),
    externalId: trust?.Condition?.StringEquals?.['sts:ExternalId'] ?? 'none',
    inlinePolicies,
    sids: documents.flatMap(({ PolicyDocument = '' }) =>
      decoded(PolicyDocument).flatMap(({ Sid }) => Sid ?? []),
    ),
    managedPolicies: (attached.AttachedPolicies ?? []).flatMap(({ PolicyArn }) => PolicyArn ?? []),
    tags: Tags.flatMap(({ Key }) => Key ?? []),
  };
}

interface Statement {
  readonly Sid?: string;
  readonly Principal?: { readonly AWS?: string | string[] };
  readonly Condition?: { readonly StringEquals?: Readonly<Record<string, string>> };
}

function decoded(text: string): Statement[] {
  return [(JSON.parse(decodeURIComponent(text)) as { Statement: Statement | Statement[] }).Statement].flat();
}

async function readNetwork(ec2: EC2Client): Promise<Omit<World, 'role' | 'parameters'>> {
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
  const own = Vpcs.filter(({ IsDefault }) => !IsDefault);
  const ids = own.flatMap(({ VpcId }) => VpcId ?? []);
  const within = { Filters: [{ Name: 'vpc-id', Values: ids.length > 0 ? ids : ['none'] }] };
  const [subnets, tables, gateways, endpoints, hostnames] = await Promise.all([
    ec2.send(new DescribeSubnetsCommand(within)),
    ec2.send(new DescribeRouteTablesCommand(within)),
    ec2.send(new DescribeInternetGatewaysCommand({})),
    ec2.send(new DescribeVpcEndpointsCommand(within)),
    Promise.all(
      ids.map((VpcId) =>
        ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsHostnames' })),
      ),
    ),
  ]);
  const withSubnets = (tables.RouteTables ?? []).filter(({ Associations = [] }) =>
    Associations.some(({ SubnetId }) => SubnetId),
  );
  return {
    vpcs: own.map(({ VpcId: id = '', CidrBlock: cidr = '' }, index) => ({
      id,
      cidr,
      dnsHostnames: hostnames[index]?.EnableDnsHostnames?.Value ?? false,
    })),
    subnets: (subnets.Subnets ?? []).map(
      ({ SubnetId: id = '', CidrBlock: cidr = '', MapPublicIpOnLaunch }) => ({
        id,
        cidr,
        publicIps: MapPublicIpOnLaunch ?? false,
      }),
    ),
    routes: withSubnets.flatMap(({ Routes = [] }) =>
      Routes.filter(({ DestinationCidrBlock }) => DestinationCidrBlock).map(
        ({ DestinationCidrBlock, GatewayId }) => `${DestinationCidrBlock} ${GatewayId}`,
      ),
    ),
    attachedGateways: (gateways.InternetGateways ?? [])
      .filter(({ Attachments = [] }) => Attachments.some(({ VpcId }) => ids.includes(VpcId ?? '')))
      .flatMap(({ InternetGatewayId }) => InternetGatewayId ?? []),
    endpoints: (endpoints.VpcEndpoints ?? [])
      .filter(
        ({ State, RouteTableIds = [] }) => State?.toLowerCase() === 'available' && RouteTableIds.length > 0,
      )
      .map(({ ServiceName }) => ServiceName ?? ''),
  };
}

async function readParameters(ssm: SSMClient): Promise<Record<string, string>> {
  const { Parameters = [] } = await ssm.send(
    new GetParametersByPathCommand({ Path: '/orgkeeper', Recursive: true }),
  );
  return Object.fromEntries(Parameters.map(({ Name = '', Value = '' }) => [Name, Value]));
}
