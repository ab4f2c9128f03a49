import type { Difference } from '../../../../shared/status.ts';
import type { Comparison } from '../../kind.ts';
import type { NetworkActual } from '../actual.ts';
import { report } from './entry.ts';

/** What else is in our VPC stays and is reported; of what we made twice, what nothing uses is removed. */
export function diffOthers(actual: NetworkActual | undefined): Partial<Comparison> {
  if (!actual) return {};
  const { subnets, tables, endpoints } = actual.others;
  const duplicates = actual.duplicates.map(({ type, id, logical, unused }): Difference => {
    const field = { resource: `${type} ${id}`, path: '', actual: { id, duplicateOf: logical } };
    return unused ? { kind: 'network', ...field, action: 'removed' } : report(field);
  });
  return {
    differences: duplicates.filter(({ action }) => action === 'removed'),
    foreign: [
      ...subnets.map(({ id, cidr }) => report({ resource: `subnet ${id}`, path: '', actual: { id, cidr } })),
      ...tables.map(({ id }) => report({ resource: `route table ${id}`, path: '', actual: { id } })),
      ...endpoints.map(({ id, serviceName }) =>
        report({ resource: `endpoint ${id}`, path: '', actual: { id, serviceName } }),
      ),
      ...duplicates.filter(({ action }) => action === 'reported'),
    ],
  };
}
