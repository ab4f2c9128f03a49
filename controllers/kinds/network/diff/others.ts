import type { Difference } from '../../../../shared/domain/status.ts';
import { taggedLikeOurs } from '../../comparison.ts';
import type { Comparison } from '../../kind.ts';
import type { NetworkActual } from '../actual.ts';
import { report } from './entry.ts';

/**
 * What else is in our VPC, and what else carries our tags, stays and is reported; only what we made twice is removed.
 */
export function diffOthers(actual: NetworkActual | undefined): Partial<Comparison> {
  if (!actual) return {};
  const { subnets, tables, endpoints } = actual.others;
  const inside = new Set([...subnets, ...tables, ...endpoints].map(({ id }) => id));
  const second = actual.taggedAsOurs.filter(({ made }) => made);
  const copies = actual.taggedAsOurs.filter(({ made }) => !made);
  return {
    differences: second.map(({ type, id, logical }): Difference => {
      const resource = `${type} ${id}`;
      return { kind: 'network', resource, path: '', actual: { id, duplicateOf: logical }, action: 'removed' };
    }),
    unowned: [
      ...subnets.map(({ id, cidr }) => report({ resource: `subnet ${id}`, path: '', actual: { id, cidr } })),
      ...tables.map(({ id }) => report({ resource: `route table ${id}`, path: '', actual: { id } })),
      ...endpoints.map(({ id, serviceName }) =>
        report({ resource: `endpoint ${id}`, path: '', actual: { id, serviceName } }),
      ),
      ...copies
        .filter(({ id }) => !inside.has(id))
        .map(({ type, id, logical }) =>
          report({ resource: `${type} ${id}`, path: '', actual: { id, taggedLike: logical } }),
        ),
    ],
    warnings: taggedLikeOurs(copies.map(({ type, id }) => `${type} ${id}`)),
  };
}
