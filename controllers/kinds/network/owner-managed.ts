import { DescribeSubnetsCommand, DescribeVpcsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { Blocked, Comparison, KindContext } from '../kind.ts';
import type { Network } from './model.ts';
import { block } from './resource.ts';
import { isOurVpc, readAttributes, VPC, VPC_BLOCK, vpcOf } from './vpc.ts';

/** The network of the account's owner, used in place of one that we make: checked and published, never changed. */
export interface OwnerManagedNetwork {
  readonly vpcId: string;
  /** The registered ids with the names of the baseline's subnets, in order. No id if too few are registered, no name if too many. */
  readonly subnets: readonly { readonly name: string | undefined; readonly id: string | undefined }[];
  readonly dnsSupport: boolean;
  readonly dnsHostnames: boolean;
}

/** Output that records that the VPC is its owner's, so that its ids never count as ours. */
const OUTPUT = 'network.given';

/** The owner's network, as AWS describes it. */
export interface OwnerManagedActual {
  readonly ownerManaged: true;
  readonly vpc:
    | {
        readonly id: string;
        readonly cidr: string;
        readonly available: boolean;
        readonly dnsSupport: boolean;
        readonly dnsHostnames: boolean;
      }
    | undefined;
  /** By id; without those that do not exist. */
  readonly subnets: Readonly<Record<string, { readonly vpcId: string; readonly available: boolean }>>;
  readonly wanted: OwnerManagedNetwork;
}

/** Matches the owner's subnets with those of the baseline. Pure. */
export function renderOwnerManaged(
  network: Network,
  { vpcId, subnetIds }: { readonly vpcId: string; readonly subnetIds: readonly string[] },
): OwnerManagedNetwork {
  const most = Math.max(network.subnets.length, subnetIds.length);
  return {
    vpcId,
    subnets: Array.from({ length: most }, (_, index) => ({
      name: network.subnets[index]?.name,
      id: subnetIds[index],
    })),
    dnsSupport: network.dnsSupport,
    dnsHostnames: network.dnsHostnames,
  };
}

/** Reads the owner's network: four calls at once. `ours`: by its tags, our member template made the network. */
export async function observeOwnerManaged(
  wanted: OwnerManagedNetwork,
  network: Network,
  ec2: EC2Client,
): Promise<{ readonly actual: OwnerManagedActual; readonly ours: boolean }> {
  const ids = wanted.subnets.flatMap(({ id }) => id ?? []);
  const [{ Vpcs = [] }, attributes, { Subnets = [] }] = await Promise.all([
    ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: 'vpc-id', Values: [wanted.vpcId] }] })),
    readAttributes(ec2, wanted.vpcId),
    // A filter and no ids: an id that does not exist would fail the whole call.
    ec2.send(
      new DescribeSubnetsCommand({
        Filters: [{ Name: 'subnet-id', Values: ids.length > 0 ? ids : ['none'] }],
      }),
    ),
  ]);
  const [found] = Vpcs;
  const subnets = Subnets.map(({ SubnetId = '', VpcId: vpcId = '', State }) => [
    SubnetId,
    { vpcId, available: State === 'available' },
  ]);
  return {
    ours: found !== undefined && isOurVpc(vpcOf(found), network),
    actual: {
      ownerManaged: true,
      vpc: found && {
        id: found.VpcId ?? wanted.vpcId,
        cidr: found.CidrBlock ?? '',
        available: found.State === 'available',
        dnsSupport: attributes?.dnsSupport ?? false,
        dnsHostnames: attributes?.dnsHostnames ?? false,
      },
      subnets: Object.fromEntries(subnets),
      wanted,
    },
  };
}

/** Reports where the owner's network does not fit the baseline. Nothing of it is ever written. Pure. */
export function diffOwnerManaged(actual: OwnerManagedActual): Comparison {
  const note = "It is the owner's network: checked and published, never changed.";
  return { differences: [], blocked: problems(actual), unowned: [], note };
}

/** The ids under the baseline's names. Empty while something is wrong with the network, so that earlier outputs stay. Pure. */
export function outputsOwnerManaged(actual: OwnerManagedActual): Record<string, string> {
  const { vpc, wanted } = actual;
  if (!vpc || problems(actual).length > 0) return {};
  const subnets = wanted.subnets.flatMap(({ name, id }) =>
    name && id ? [[`subnet.${name}.id`, id] as const] : [],
  );
  return {
    [VPC.output]: vpc.id,
    [VPC_BLOCK]: vpc.cidr,
    [OUTPUT]: vpc.id,
    ...Object.fromEntries(subnets),
  };
}

/** The context, with the network recorded as ours, because its tags say that our template made it. */
export function asRecorded<T extends KindContext>({ vpcId }: OwnerManagedNetwork, context: T): T {
  return { ...context, recorded: { ...context.recorded, [VPC.output]: vpcId } };
}

/** True if the recorded network is its owner's. Pure. */
export function isRecorded(recorded: Readonly<Record<string, string>>): boolean {
  return recorded[OUTPUT] !== undefined && recorded[OUTPUT] === recorded[VPC.output];
}

/**
 * The recorded outputs, without those of an owner's network: what is recorded counts as ours, and that network is not ours.
 * It must not be changed or removed because a later registration no longer names it. Pure.
 */
export function withoutOwnerManaged(recorded: Readonly<Record<string, string>>): Record<string, string> {
  const ours = Object.entries(recorded).filter(
    ([name]) => !(isRecorded(recorded) && /^(vpc|subnet|network)\./.test(name)),
  );
  return Object.fromEntries(ours);
}

function problems(actual: OwnerManagedActual): Blocked[] {
  const { vpc, wanted } = actual;
  return vpc
    ? [
        ...check(wanted.vpcId, 'state', 'available', vpc.available ? 'available' : 'pending'),
        ...check(wanted.vpcId, 'dnsSupport', wanted.dnsSupport, vpc.dnsSupport),
        ...check(wanted.vpcId, 'dnsHostnames', wanted.dnsHostnames, vpc.dnsHostnames),
        ...wanted.subnets.flatMap((subnet) => subnetProblems(subnet, actual)),
      ]
    : check(wanted.vpcId, '', { vpcId: wanted.vpcId }, undefined);
}

function subnetProblems(
  { name, id }: OwnerManagedNetwork['subnets'][number],
  { wanted, subnets }: OwnerManagedActual,
): Blocked[] {
  if (!id) return check(`subnet ${name}`, '', 'a subnet of the account', undefined);
  const found = subnets[id];
  if (!found) return check(id, '', { subnetId: id }, undefined);
  return [
    ...check(id, 'vpcId', wanted.vpcId, found.vpcId),
    ...check(id, 'state', 'available', found.available ? 'available' : 'pending'),
  ];
}

function check(resource: string, path: string, desired: unknown, found: unknown): Blocked[] {
  if (desired === found) return [];
  if (found === undefined) {
    const message = `The owner's network lacks ${resource}: register the account again with the right ids.`;
    return [block('NetworkMissing', message, { resource, path, desired })];
  }
  const message =
    `${path} of ${resource} is ${String(found)}, and the baseline needs ${String(desired)}: have its owner change it, ` +
    'or register the account again with another network.';
  return [block('NetworkDiffers', message, { resource, path, desired, actual: found })];
}
