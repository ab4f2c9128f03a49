import { DescribeSubnetsCommand, DescribeVpcsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { Blocked, Comparison, KindContext } from '../kind.ts';
import type { Network } from './model.ts';
import { block } from './resource.ts';
import { isOurVpc, readAttributes, VPC, VPC_BLOCK, vpcOf } from './vpc.ts';

/** The network that an account brings along, in place of one that is made: checked and published, never changed. */
export interface OwnerManagedNetwork {
  readonly vpcId: string;
  /** Ids under the names of the baseline's subnets, in order; no id where the account brings too few, no name for more. */
  readonly subnets: readonly { readonly name: string | undefined; readonly id: string | undefined }[];
  readonly dnsSupport: boolean;
  readonly dnsHostnames: boolean;
}

/** Records that the VPC is the account's own, so that its ids never pass for ours. */
const OUTPUT = 'network.given';

/** What AWS has of it. */
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
  /** By id; those that do not exist are not there. */
  readonly subnets: Readonly<Record<string, { readonly vpcId: string; readonly available: boolean }>>;
  readonly wanted: OwnerManagedNetwork;
}

/** The account's network against the baseline's subnets. Pure. */
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

/** Reads the account's own network: four calls at once. `ours`: our template made it, as its tags say. */
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

/** What is not as the baseline needs it; all of it is reported, nothing is written. Pure. */
export function diffOwnerManaged(actual: OwnerManagedActual): Comparison {
  const note = 'It is the network that the account brought along: checked and published, never changed.';
  return { differences: [], blocked: problems(actual), unowned: [], note };
}

/** Published under the names of the baseline, once nothing is wrong with it: until then what was published stays. Pure. */
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

/** The account's network counts as recorded: it was found to be ours. */
export function asRecorded<T extends KindContext>({ vpcId }: OwnerManagedNetwork, context: T): T {
  return { ...context, recorded: { ...context.recorded, [VPC.output]: vpcId } };
}

/** True when the network that is recorded is one that the account brought along. Pure. */
export function isRecorded(recorded: Readonly<Record<string, string>>): boolean {
  return recorded[OUTPUT] !== undefined && recorded[OUTPUT] === recorded[VPC.output];
}

/**
 * What is recorded of our network, without the ids of one that the account brought along earlier: what is recorded counts
 * as ours, and that is not. It must never be taken over, or away, because a later registration does not mention it. Pure.
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
    const message = `The account's own network lacks ${resource}: correct it by registering the account again.`;
    return [block('NetworkMissing', message, { resource, path, desired })];
  }
  const message =
    `${path} of ${resource} is ${String(found)}, and the baseline needs ${String(desired)}: its owner must change it, ` +
    'or register the account again with another network.';
  return [block('NetworkDiffers', message, { resource, path, desired, actual: found })];
}
