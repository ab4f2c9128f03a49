import type { NetworkActual, Tagged, ThingType } from './actual.ts';
import { isOurs } from './identify.ts';

/**
 * Ids of everything of ours that goes when the network goes, by type: what we made twice, and what an earlier baseline
 * had, too. That one is told by having been recorded and by our owner tag: by the tag alone it may be a copy. Pure.
 */
export function toRemove(
  actual: NetworkActual,
  owner: string,
  recorded: Readonly<Record<string, string>>,
): Record<ThingType, string[]> {
  const { vpc, gateway, others } = actual;
  const known = new Set(Object.values(recorded));
  const all = (type: ThingType, kept: readonly (Tagged | undefined)[], rest: readonly Tagged[] = []) => [
    ...kept.flatMap((one) => one?.id ?? []),
    ...rest.filter((one) => isOurs(one, owner) && known.has(one.id)).map(({ id }) => id),
    ...actual.taggedAsOurs.filter((one) => one.type === type && one.made).map(({ id }) => id),
  ];
  return {
    vpc: all('vpc', [vpc]),
    'internet gateway': all('internet gateway', [gateway], others.gateways),
    subnet: all('subnet', Object.values(actual.subnets), others.subnets),
    'route table': all('route table', Object.values(actual.tables), others.tables),
    endpoint: all('endpoint', Object.values(actual.endpoints), others.endpoints),
  };
}
