import { ForeignResource } from '../../../../shared/errors.ts';
import type { Kind } from '../../kind.ts';
import type { NetworkActual } from '../actual.ts';
import { VPC } from '../names.ts';
import type { Network } from '../render.ts';
import type { NetworkSection } from '../section.ts';
import { diffGiven, type GivenActual, type GivenNetwork, outputsGiven, renderGiven } from './given.ts';
import { observeGiven } from './observe.ts';

/** The network as the baseline wants it, and the account's own where it brings one. */
export interface Wanted extends Network {
  readonly given?: GivenNetwork;
}
type Actual = NetworkActual | GivenActual;
type Made = Kind<NetworkSection, Network, NetworkActual>;

const isGiven = (actual: Actual): actual is GivenActual => 'given' in actual;

/**
 * The kind of a network that is made, taught that an account may bring its own (`network` of its registration): that
 * one is checked and published, never changed, unless it carries our owner tag: then our member template made it, and
 * it is kept like one that we made.
 */
export function withGiven(made: Made): Kind<NetworkSection, Wanted, Actual> {
  return {
    ...made,
    render(section, lookup, account) {
      const network = made.render(section, lookup, account);
      return account.network ? { ...network, given: renderGiven(network, account.network) } : network;
    },
    async observe(wanted, context) {
      if (!wanted.given) return made.observe(wanted, context);
      const { actual, ours } = await observeGiven(wanted.given, wanted.owner, context.clients.ec2);
      if (!ours) return { state: 'present', actual };
      return made.observe(wanted, {
        ...context,
        recorded: { ...context.recorded, [VPC.output]: wanted.given.vpcId },
      });
    },
    outputs: (actual) => (isGiven(actual) ? outputsGiven(actual) : made.outputs(actual)),
    diff(wanted, actual) {
      if (wanted.given && actual && isGiven(actual)) return diffGiven(wanted.given, actual);
      return made.diff(wanted, actual && !isGiven(actual) ? actual : undefined);
    },
    async apply(change, context) {
      const { actual } = change;
      if (actual && isGiven(actual)) throw new ForeignResource("The account's own network is never changed.");
      return made.apply({ ...change, actual }, context);
    },
  };
}
