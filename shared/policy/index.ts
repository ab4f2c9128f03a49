/**
 * The IAM policy language, independent of the rest of the project: it makes no calls and has one dependency (ipaddr.js).
 * docs/policies.md describes each function.
 *
 * - Read: `parsePolicy` (document.ts; its parts are json.ts, statement.ts).
 * - The same? `samePolicy`, `differences` (same.ts; canonical.ts says what means the same).
 * - Allowed? `evaluate` (evaluate.ts; requester.ts, conditions.ts, organization-policies.ts, pattern.ts).
 * - Grants at least that? `covers` (covers.ts; grants.ts, audience.ts, inclusion.ts, implies.ts, within the bounds of effort.ts).
 * - Who can assume a role? `trustAdmits`, `externalIdsIn`, `matchesRolePattern`, `carriedBySessions` (assume-role.ts).
 */
export {
  carriedBySessions,
  externalIdsIn,
  matchesRolePattern,
  trustAdmits,
} from './assume-role.ts';
export { type Circumstances, type Coverage, covers, type Missing } from './covers.ts';
export {
  type Conditions,
  type Policy,
  PolicyError,
  type PolicyInput,
  parsePolicy,
  type Statement,
} from './document.ts';
export { type Deciding, type Evaluation, evaluate, type PolicySet, type Request } from './evaluate.ts';
export type { Requester } from './requester.ts';
export { differences, type PolicyDifference, samePolicy } from './same.ts';
