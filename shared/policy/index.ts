/**
 * The policy module, for whoever uses it as a library: all that docs/policies.md tells of. It stands alone, with
 * one dependency, and calls nobody.
 */
export { type Coverage, covers, type Missing } from './covers.ts';
export { type Policy, PolicyError, type PolicyInput, parsePolicy, type Statement } from './document.ts';
export { evaluate, type PolicySet, type Request } from './evaluate.ts';
export type { Deciding, Evaluation } from './evaluation.ts';
export { differences, type PolicyDifference, samePolicy } from './same.ts';
export type { Requester } from './who.ts';
