import type { Policy } from './document.ts';
import { type Conditions, operatorNamed, type Principals, type Statement } from './statement.ts';

/** How to read bare account ids if the document does not show its partition. */
export interface Reading {
  /** The partition of bare account ids: `aws`, `aws-cn`, `aws-us-gov` … Default: that of the document. */
  readonly partition?: string;
}

/**
 * A statement reduced to its meaning: two statements mean the same exactly if their JSON is equal. Sorted, without duplicates, with
 * actions and condition keys in lower case, accounts as root ARNs, and without an empty Sid or Condition.
 */
export function canonicalStatement(statement: Statement, partition: string): Statement {
  const { Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource } = statement;
  const Condition = canonicalConditions(statement.Condition ?? {});
  return {
    ...(Sid && { Sid }),
    Effect,
    ...(Principal && { Principal: canonicalPrincipals(Principal, partition) }),
    ...(NotPrincipal && { NotPrincipal: canonicalPrincipals(NotPrincipal, partition) }),
    ...(Action && { Action: distinct(Action.map(canonicalAction)) }),
    ...(NotAction && { NotAction: distinct(NotAction.map(canonicalAction)) }),
    ...(Resource && { Resource: distinct(Resource) }),
    ...(NotResource && { NotResource: distinct(NotResource) }),
    ...(Object.keys(Condition).length > 0 && { Condition }),
  };
}

/**
 * The partition of a document's bare account ids: that of its principals and resources if all have the same, else `aws`. IAM refuses
 * principals of another partition, so the named one is the document's.
 */
export function partitionOfPrincipals(policy: Policy): string {
  const arns = policy.Statement.flatMap((each) => [
    ...Object.values({ ...each.Principal }).flat(),
    ...Object.values({ ...each.NotPrincipal }).flat(),
    ...(each.Resource ?? []),
    ...(each.NotResource ?? []),
  ]);
  const found = new Set(arns.flatMap((arn) => /^arn:(aws[a-z-]*):/.exec(arn)?.[1] ?? []));
  const [only] = found;
  return found.size === 1 && only !== undefined ? only : 'aws';
}

/** An AWS principal in one spelling: a 12-digit account id becomes its root ARN. */
export function canonicalPrincipal(name: string, partition: string): string {
  return /^\d{12}$/.test(name) ? `arn:${partition}:iam::${name}:root` : name;
}

function canonicalPrincipals(principals: Principals, partition: string): Principals {
  const { AWS = [], Service = [], Federated = [], CanonicalUser = [] } = principals;
  const aws = AWS.map((each) => canonicalPrincipal(each, partition));
  return {
    ...(AWS.length > 0 && { AWS: distinct(aws) }),
    ...(Service.length > 0 && { Service: distinct(Service) }),
    ...(Federated.length > 0 && { Federated: distinct(Federated) }),
    ...(CanonicalUser.length > 0 && { CanonicalUser: distinct(CanonicalUser) }),
  };
}

/** An action in one spelling: in lower case, and every action has a colon, so `*:*` is `*`. */
export function canonicalAction(action: string): string {
  return action === '*:*' ? '*' : action.toLowerCase();
}

function canonicalConditions(conditions: Conditions): Conditions {
  const operators = Object.entries(conditions).flatMap(([name, keys]) => {
    const base = operatorNamed(name)?.base;
    const folds = base === 'Bool' || base === 'Null';
    const sorted = Object.entries(keys)
      .map(
        ([key, values]) =>
          [key.toLowerCase(), distinct(folds ? values.map((each) => each.toLowerCase()) : values)] as const,
      )
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.length === 0 ? [] : [[name, Object.fromEntries(sorted)] as const];
  });
  return Object.fromEntries(operators.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
