import type { Duplicate, NetworkActual, Tagged } from './actual.ts';
import { isOurs } from './identify.ts';

/** In our VPC, whose users are looked for: a second one that others use does not go unseen. */
const INSIDE: ReadonlySet<Duplicate['type']> = new Set(['subnet', 'route table', 'endpoint']);

/**
 * Ids of everything of ours that goes when the network goes, by type: what an earlier baseline had, and second ones
 * with our tags, too. A second VPC or internet gateway that is in use is none of it. Pure.
 */
export function toRemove(actual: NetworkActual, owner: string): Record<Duplicate['type'], string[]> {
  const { vpc, gateway, others } = actual;
  const all = (
    type: Duplicate['type'],
    known: readonly (Tagged | undefined)[],
    rest: readonly Tagged[] = [],
  ) => [
    ...known.flatMap((one) => one?.id ?? []),
    ...rest.filter((one) => isOurs(one, owner)).map(({ id }) => id),
    ...actual.duplicates.filter((one) => one.type === type && goes(one)).map(({ id }) => id),
  ];
  return {
    vpc: all('vpc', [vpc]),
    'internet gateway': all('internet gateway', [gateway], others.gateways),
    subnet: all('subnet', Object.values(actual.subnets), others.subnets),
    'route table': all('route table', Object.values(actual.tables), others.tables),
    endpoint: all('endpoint', Object.values(actual.endpoints), others.endpoints),
  };
}

/** Second ones with our tags that stay, because they are in use. Pure. */
export function duplicatesInUse({ duplicates }: NetworkActual): Duplicate[] {
  return duplicates.filter((one) => !goes(one));
}

function goes({ type, unused }: Duplicate): boolean {
  return unused || INSIDE.has(type);
}
