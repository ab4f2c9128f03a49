import { ForeignResource } from '../../../../shared/domain/errors.ts';
import type { Kind, KindContext } from '../../kind.ts';
import type { NetworkActual } from '../actual.ts';
import { VPC } from '../names.ts';
import type { Network } from '../render.ts';
import type { NetworkSection } from '../section.ts';
import {
  diffGiven,
  GIVEN_OUTPUT,
  type GivenActual,
  type GivenNetwork,
  outputsGiven,
  renderGiven,
} from './given.ts';
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
      if (!wanted.given) return made.observe(wanted, withoutGiven(context));
      const { actual, ours } = await observeGiven(wanted.given, wanted, context.clients.ec2);
      return ours ? made.observe(wanted, keeping(wanted.given, context)) : { state: 'present', actual };
    },
    outputs: (actual) => (isGiven(actual) ? outputsGiven(actual) : made.outputs(actual)),
    diff(wanted, actual) {
      if (actual && isGiven(actual)) return diffGiven(actual);
      return made.diff(wanted, actual);
    },
    async apply(change, context) {
      const { actual } = change;
      if (actual && isGiven(actual)) throw new ForeignResource("The account's own network is never changed.");
      return made.apply({ ...change, actual }, contextFor(change.wanted, context));
    },
    async remove(wanted, context) {
      if (!wanted.given) return made.remove(wanted, withoutGiven(context));
      const { ours } = await observeGiven(wanted.given, wanted, context.clients.ec2);
      if (ours) await made.remove(wanted, keeping(wanted.given, context));
    },
  };
}

function contextFor<T extends KindContext>({ given }: Wanted, context: T): T {
  return given ? keeping(given, context) : withoutGiven(context);
}

/** The account's network counts as recorded: it was found to be ours. */
function keeping<T extends KindContext>({ vpcId }: GivenNetwork, context: T): T {
  return { ...context, recorded: { ...context.recorded, [VPC.output]: vpcId } };
}

/**
 * Without the ids of a network that the account brought along earlier: what is recorded counts as ours, and that is
 * not. It must never be taken over, or away, because a later registration does not mention it.
 */
function withoutGiven<T extends KindContext>(context: T): T {
  const { recorded } = context;
  if (!recorded[GIVEN_OUTPUT] || recorded[GIVEN_OUTPUT] !== recorded[VPC.output]) return context;
  const ours = Object.entries(recorded).filter(([name]) => !/^(vpc|subnet|network)\./.test(name));
  return { ...context, recorded: Object.fromEntries(ours) };
}
