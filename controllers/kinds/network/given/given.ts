import type { Difference } from '../../../../shared/domain/status.ts';
import type { Blocked, Comparison } from '../../kind.ts';
import type { Network } from '../render.ts';

/** The network that an account brings along, in place of one that is made: checked and published, never changed. */
export interface GivenNetwork {
  readonly vpcId: string;
  /** Ids under the names of the baseline's subnets, in order; no id where the account brings too few, no name for more. */
  readonly subnets: readonly { readonly name: string | undefined; readonly id: string | undefined }[];
  readonly dnsSupport: boolean;
  readonly dnsHostnames: boolean;
}

/** Records that the VPC is the account's own, so that its ids never pass for ours. */
export const GIVEN_OUTPUT = 'network.given';

/** What AWS says of it. */
export interface GivenActual {
  readonly given: true;
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
  readonly wanted: GivenNetwork;
}

/** The account's network against the baseline's subnets. Pure. */
export function renderGiven(
  network: Network,
  given: { vpcId: string; subnetIds: readonly string[] },
): GivenNetwork {
  const most = Math.max(network.subnets.length, given.subnetIds.length);
  return {
    vpcId: given.vpcId,
    subnets: Array.from({ length: most }, (_, index) => ({
      name: network.subnets[index]?.name,
      id: given.subnetIds[index],
    })),
    dnsSupport: network.dnsSupport,
    dnsHostnames: network.dnsHostnames,
  };
}

/** What is not as the baseline needs it; all of it is reported, nothing is written. Pure. */
export function diffGiven(actual: GivenActual): Comparison {
  const note = 'It is the network that the account brought along: checked and published, never changed.';
  return { differences: [], blocked: problems(actual), unowned: [], note };
}

/** Published under the names of the baseline, once nothing is wrong with it: until then what was published stays. Pure. */
export function outputsGiven(actual: GivenActual): Record<string, string> {
  const { vpc, wanted } = actual;
  if (!vpc || problems(actual).length > 0) return {};
  const subnets = wanted.subnets.flatMap(({ name, id }) =>
    name && id ? [[`subnet.${name}.id`, id] as const] : [],
  );
  return { 'vpc.id': vpc.id, 'vpc.cidr': vpc.cidr, [GIVEN_OUTPUT]: vpc.id, ...Object.fromEntries(subnets) };
}

function problems(actual: GivenActual): Blocked[] {
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
  { name, id }: GivenNetwork['subnets'][number],
  { wanted, subnets }: GivenActual,
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
  const difference: Difference = {
    kind: 'network',
    resource,
    path,
    desired,
    ...(found !== undefined && { actual: found }),
    action: 'reported',
  };
  const message =
    found === undefined
      ? `The account's own network lacks ${resource}: correct it by registering the account again.`
      : `${path} of ${resource} is ${String(found)}, and the baseline needs ${String(desired)}: its owner must change it, ` +
        'or register the account again with another network.';
  return [{ reason: found === undefined ? 'NetworkMissing' : 'NetworkDiffers', message, difference }];
}
