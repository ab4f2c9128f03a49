import { type Comparison, WAITING_FOR_OUTPUTS } from '../../kind.ts';
import type { NetworkActual } from '../actual.ts';
import { VPC } from '../names.ts';
import type { Network } from '../render.ts';
import { diffEndpoints } from './endpoints.ts';
import { block, joined } from './entry.ts';
import { diffGateway } from './gateway.ts';
import { diffOthers } from './others.ts';
import { diffSubnets } from './subnets.ts';
import { diffTables } from './tables.ts';
import { diffVpc } from './vpc.ts';

/** See Kind. Pure; the differences stand in the order in which they are written. */
export function diff(wanted: Network, actual: NetworkActual | undefined): Comparison {
  const { layout, tags } = wanted.waiting;
  if (layout.length > 0) return { differences: [], blocked: [waiting('cidr', layout)], unowned: [] };
  const waitingTags = Object.entries(tags).map(([key, names]) => waiting(`tags.${key}`, names));
  return joined([
    { blocked: waitingTags },
    diffVpc(wanted, actual?.vpc),
    diffGateway(wanted, actual),
    diffTables(wanted, actual),
    diffSubnets(wanted, actual),
    diffEndpoints(wanted, actual),
    diffOthers(actual),
  ]);
}

function waiting(path: string, names: readonly string[]) {
  const said = [...new Set(names)].map((name) => `\${${name}}`).join(', ');
  const message = `The network needs ${said}, which is not known yet: it waits for what gives it.`;
  return block(WAITING_FOR_OUTPUTS, message, { resource: VPC.resource, path, desired: said });
}
