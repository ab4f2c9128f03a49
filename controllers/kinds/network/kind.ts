import { ADDRESS_OUTPUT } from '../../../shared/domain/addresses.ts';
import { ForeignResource, InvalidDesiredState } from '../../../shared/domain/errors.ts';
import { interpolateDeep, type Lookup, namesIn, unknownIn } from '../../../shared/domain/interpolate.ts';
import { unanswered } from '../../../shared/domain/made-at.ts';
import { formatPath } from '../../../shared/domain/requests.ts';
import type { Kind, KindAccount, KindContext } from '../kind.ts';
import { writesOfGroups } from './emr-groups.ts';
import { wantedEndpoint } from './endpoints.ts';
import { exceptions } from './exceptions.ts';
import { GATEWAY } from './internet-gateway.ts';
import type { Network, NetworkActual } from './model.ts';
import { apply, diff, isOutputOfNetwork, remove, resources } from './network.ts';
import { observe } from './observe.ts';
import { readsOfUsers } from './obstacles.ts';
import {
  asRecorded,
  diffOwnerManaged,
  isRecorded,
  type OwnerManagedActual,
  type OwnerManagedNetwork,
  observeOwnerManaged,
  outputsOwnerManaged,
  renderOwnerManaged,
  withoutOwnerManaged,
} from './owner-managed.ts';
import { ours } from './resource.ts';
import {
  canonicalBlock,
  layoutProblems,
  NetworkSection,
  outputNames,
  routingsOf,
  withBlocks,
  zonesOfOneRegion,
} from './section.ts';
import { wantedSubnet } from './subnets.ts';
import { VPC, VPC_BLOCK } from './vpc.ts';

/** The network that the baseline wants, and the owner's network if the account is registered with one. */
interface Wanted extends Network {
  readonly ownerManaged?: OwnerManagedNetwork;
}
type Actual = NetworkActual | OwnerManagedActual;

/**
 * The VPC of an account and what makes it usable: DNS attributes, internet gateway, subnets, one route table for
 * each routing, gateway endpoints, tags. Resources are found by recorded id, then by owner tags; what others added stays.
 *
 * An account may be registered with a network of its owner (`network` of its registration). That network is checked and
 * published, never changed. Exception: a network with our owner tag was made by our member template, and is managed.
 */
export const network: Kind<NetworkSection, Wanted, Actual> = {
  name: 'network',
  scope: 'regional',
  section: NetworkSection,
  permissions: {
    read: allOf([...resources.map(({ permissions }) => permissions.read), readsOfUsers]),
    write: allOf([...resources.map(({ permissions }) => permissions.write), writesOfGroups]),
  },
  outputNames,
  pool: { of: ({ cidrPool }) => cidrPool },
  exceptions,
  ofOneRegion: zonesOfOneRegion,

  render(section, lookup, account) {
    const wanted = render(section, lookup, account);
    return account.network
      ? { ...wanted, ownerManaged: renderOwnerManaged(wanted, account.network) }
      : wanted;
  },

  async observe(wanted, context) {
    const { ownerManaged } = wanted;
    if (!ownerManaged) return observe(wanted, contextFor(wanted, context));
    const found = await observeOwnerManaged(ownerManaged, wanted, context.clients.ec2);
    if (found.ours) return observe(wanted, contextFor(wanted, context));
    return { state: 'present', actual: found.actual };
  },

  outputs(actual) {
    if (isOwnerManaged(actual)) return outputsOwnerManaged(actual);
    const ids = Object.entries(actual.ours).map(([output, { id }]) => [output, id]);
    const vpc = ours(VPC, actual);
    return { ...Object.fromEntries(ids), ...(vpc && { [VPC_BLOCK]: vpc.cidr }) };
  },

  diff: (wanted, actual) =>
    actual && isOwnerManaged(actual) ? diffOwnerManaged(actual) : diff(wanted, actual),

  async apply({ wanted, actual, differences }, context) {
    if (actual && isOwnerManaged(actual)) {
      throw new ForeignResource("The owner's network is never changed.");
    }
    await apply({ wanted, actual, differences }, contextFor(wanted, context));
  },

  async remove(wanted, context) {
    const { ownerManaged } = wanted;
    const isOurs =
      !ownerManaged || (await observeOwnerManaged(ownerManaged, wanted, context.clients.ec2)).ours;
    if (!isOurs) return;
    const own = contextFor(wanted, context);
    await remove(wanted, await observe(wanted, own), own);
  },

  /** The owner's network is not ours. Without a VPC or an internet gateway of ours, no other resource of ours exists. */
  made(recorded) {
    const entries = Object.entries(withoutOwnerManaged(recorded)).filter(([name]) => isOutputOfNetwork(name));
    const ours = Object.fromEntries(entries);
    const roots = [VPC, GATEWAY].flatMap(({ output }) => [output, unanswered(output)]);
    return roots.some((output) => output in ours) ? ours : {};
  },

  broughtAlong: {
    supersedes: ({ [VPC.output]: vpcId }, account) =>
      account.network !== undefined && account.network.vpcId !== vpcId,
  },
};

function allOf<T>(lists: readonly (readonly T[])[]): T[] {
  return [...new Set(lists.flat())].sort();
}

function isOwnerManaged(actual: Actual): actual is OwnerManagedActual {
  return 'ownerManaged' in actual;
}

/** The context, with only the ids of our own resources in `recorded`. */
function contextFor<T extends KindContext>({ ownerManaged }: Wanted, context: T): T {
  if (ownerManaged) return asRecorded(ownerManaged, context);
  return isRecorded(context.recorded)
    ? { ...context, recorded: withoutOwnerManaged(context.recorded) }
    : context;
}

/** Problems have paths like `network.subnets[0].cidr`. */
function render(section: NetworkSection, lookup: Lookup, account: KindAccount): Network {
  const filled = withBlocks(interpolateDeep(section, lookup), lookup(ADDRESS_OUTPUT));
  const problems = layoutProblems(filled).map(({ path, message }) => ({
    path: formatPath('network', path),
    message,
  }));
  if (problems.length > 0) {
    const said = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new InvalidDesiredState(`The network is not valid: ${said}.`, problems, {
      remedy: 'Correct the baseline, or register the account again with the values that it needs.',
    });
  }
  const unknown = Object.entries(section.tags)
    .map(([key, value]) => [key, unknownIn(value, lookup)] as const)
    .filter(([, names]) => names.length > 0);
  const waiting = Object.fromEntries(unknown);
  return {
    owner: account.owner,
    cidr: canonicalBlock(filled.cidr),
    dnsSupport: filled.dnsSupport,
    dnsHostnames: filled.dnsHostnames,
    internetGateway: filled.internetGateway,
    subnets: filled.subnets.map(wantedSubnet),
    routings: routingsOf(filled.subnets),
    endpoints: filled.gatewayEndpoints.map((name) => wantedEndpoint(name, account.region)),
    tags: Object.fromEntries(Object.entries(filled.tags).filter(([key]) => !Object.hasOwn(waiting, key))),
    waiting: {
      layout: [filled.cidr, ...filled.subnets.flatMap(({ cidr, zoneId = '' }) => [cidr, zoneId])].flatMap(
        namesIn,
      ),
      tags: waiting,
    },
  };
}
