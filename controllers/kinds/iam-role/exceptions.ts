import type { Difference } from '../../../shared/domain/status.ts';
import type { Exceptions } from '../kind.ts';
import { TRUST } from './compare.ts';

/**
 * What may be left of a role: each policy and each tag has a call of its own. Who may assume the role, and what it may do, only if the
 * exception says that its author knows.
 */
export const exceptions: Exceptions = {
  fields: {
    '': 'freely',
    description: 'freely',
    maxSessionDuration: 'freely',
    'tags.*': 'freely',
    'instanceProfile*': 'freely',
    [TRUST]: 'knowingly',
    permissionsBoundary: 'knowingly',
    'inlinePolicies.*': 'knowingly',
    'managedPolicies.*': 'knowingly',
  },
  goesWith: (other, left) =>
    other.resource === left.resource && (left.path === '' || (isInOneCall(left) && isInOneCall(other))),
};

/** UpdateRole writes both. */
function isInOneCall({ path }: Difference): boolean {
  return path === 'description' || path === 'maxSessionDuration';
}
