import {
  type Audience,
  admits,
  admitsAccountOf,
  audienceOf,
  deniesAll,
  mayDeny,
  type NamedPrincipal,
} from './audience.ts';
import { canonicalAction, canonicalStatement, partitionOfPrincipals } from './canonical.ts';
import type { Policy, Statement } from './document.ts';
import { type Effort, spend } from './effort.ts';
import { hasVariables, namesPrincipalArn } from './evaluate.ts';
import { contradict, implies, type Singles, singlesOf } from './implies.ts';
import {
  type Extent,
  extentContains,
  extentOf,
  itemOf,
  mayMeet,
  type Part,
  type PatternItem,
} from './inclusion.ts';
import type { Conditions } from './statement.ts';

/** A statement prepared for comparison, with its place. */
export interface Grant {
  readonly effect: 'Allow' | 'Deny';
  readonly label: string;
  /** The index of its policy, and its place and Sid there: `Statement[2] (Regions)`. */
  readonly policy: number;
  readonly statement: string;
  /** The statement in one spelling without its Sid: equal keys grant and deny the same. */
  readonly meaning: string;
  readonly audience: Audience;
  readonly action: Extent;
  readonly resource: Extent;
  readonly conditions: Conditions;
  readonly singles: Singles;
}

/** The subject of one proof: one principal, action and resource of a required statement. */
export interface Wanted {
  readonly who: NamedPrincipal;
  readonly action: Part;
  readonly resource: Part;
  readonly under: Grant;
}

/** The statements of all policies, prepared for comparison. */
export function grantsOf(policies: readonly Policy[]): Grant[] {
  return policies.flatMap((policy, number) => {
    const [variables, partition] = [hasVariables(policy), partitionOfPrincipals(policy)];
    const prefix = policies.length > 1 ? `Policy ${number + 1}, ` : '';
    return policy.Statement.map((statement, index) => {
      const sid = statement.Sid ? ` (${statement.Sid})` : '';
      const place = `Statement[${index}]${sid}`;
      const where = { policy: number, statement: place, label: `${prefix}${place}` };
      return { ...grantOf(statement, partition, variables), ...where };
    });
  });
}

function grantOf(
  statement: Statement,
  partition: string,
  variables: boolean,
): Omit<Grant, 'label' | 'policy' | 'statement'> {
  const { Effect, Action, NotAction, Resource, NotResource, Condition = {} } = statement;
  const { Sid: _, ...meant } = canonicalStatement(statement, partition);
  return {
    effect: Effect,
    meaning: JSON.stringify([variables, meant]),
    audience: audienceOf(statement, partition, namesPrincipalArn(statement)),
    action: extentOf(Action, NotAction, actionItem),
    resource: extentOf(Resource, NotResource, (text) => itemOf(text, { variables, wildcards: 'resource' })),
    conditions: Condition,
    singles: singlesOf(Condition, variables),
  };
}

/**
 * The statement with the conditions that requests are known to meet added; its own conditions on a key take precedence.
 */
export function carrying(grant: Grant, carried: Conditions): Grant {
  const known = [...singlesOf(carried, false, true)].filter(([key]) => !grant.singles.has(key));
  return known.length === 0 ? grant : { ...grant, singles: new Map([...grant.singles, ...known]) };
}

function actionItem(text: string): PatternItem {
  return { ...itemOf(canonicalAction(text), { variables: false, wildcards: 'text' }), text };
}

/** Statements, indexed by action. */
interface Grants {
  /** Whether the predicate holds for one of the statements that can include the action. */
  some(action: Part, holds: (grant: Grant) => boolean): boolean;
  /** Why nothing is granted to the principal; undefined if something is. Computed once. */
  whyNobody(who: NamedPrincipal, effort: Effort): string | undefined;
}

/** Indexes statements by the actions that they name; statements with wildcards are checked for every action. */
export function byAction(all: readonly Grant[]): Grants {
  const wild: Grant[] = [];
  const named = new Map<string, Grant[]>();
  for (const grant of all) {
    const { only, items } = grant.action;
    if (!only || items.wild.length > 0) wild.push(grant);
    else
      for (const name of items.plain)
        named
          .set(name, named.get(name) ?? [])
          .get(name)
          ?.push(grant);
  }
  const reasons = new Map<NamedPrincipal, string | undefined>();
  return {
    some(action, holds) {
      const name = 'only' in action && action.only.rest === 'nothing' ? action.only.start : '';
      return named.get(name)?.some(holds) === true || wild.some(holds);
    },
    whyNobody(who, effort) {
      if (!reasons.has(who)) reasons.set(who, whyNobody(all, who, effort));
      return reasons.get(who);
    },
  };
}

/** Whether an Allow is proven to grant the wanted permission. */
export function grantsAll(grant: Grant, wanted: Wanted, effort: Effort): boolean {
  return admits(grant.audience, wanted.who, effort) && reachesAll(grant, wanted, effort);
}

/** Whether a Deny of `required` covers the wanted permission, so that it is not required. */
export function refusesAll(deny: Grant, wanted: Wanted, effort: Effort): boolean {
  spend(effort);
  const { everyone, named, except } = deny.audience;
  const all = everyone || (wanted.who === 'attached' && named === undefined && except === undefined);
  return all && reachesAll(deny, wanted, effort);
}

function reachesAll(grant: Grant, { action, resource, under }: Wanted, effort: Effort): boolean {
  return (
    extentContains(grant.action, action, effort) &&
    extentContains(grant.resource, resource, effort) &&
    implies(under.singles, grant.singles, effort)
  );
}

/** Whether a Deny may apply to the wanted permission: false only if that is proven impossible. */
export function mayReach(deny: Grant, { who, action, resource, under }: Wanted, effort: Effort): boolean {
  return (
    mayDeny(deny.audience, who, effort) &&
    mayMeet(deny.action, action, effort) &&
    mayMeet(deny.resource, resource, effort) &&
    !contradict(under.singles, deny.singles, effort)
  );
}

/** Whether `outer` denies everything that `inner` denies. */
export function deniesSame(outer: Grant, inner: Grant, effort: Effort): boolean {
  return (
    deniesAll(outer.audience, inner.audience, effort) &&
    inner.action.parts.every((each) => extentContains(outer.action, each, effort)) &&
    inner.resource.parts.every((each) => extentContains(outer.resource, each, effort)) &&
    implies(inner.singles, outer.singles, effort)
  );
}

/** Why the permission is missing: the first of principal, action, resource and condition that no Allow matches. */
export function whyNot(allows: Grants, { who, action, resource }: Wanted, effort: Effort): string {
  const acting: Grant[] = [];
  allows.some(action, (each) => {
    if (admits(each.audience, who, effort) && extentContains(each.action, action, effort)) acting.push(each);
    return false;
  });
  if (acting.length === 0)
    return allows.whyNobody(who, effort) ?? 'No Allow is proven to include this action.';
  const near = acting.filter((each) => extentContains(each.resource, resource, effort));
  const labels = (near.length > 0 ? near : acting).slice(0, 3).map((each) => each.label);
  const [allow, are] = labels.length > 1 ? ['allow', 'are'] : ['allows', 'is'];
  const which = `${labels.join(' and ')} ${allow}`;
  if (near.length === 0) return `${which} the action, but ${are} not proven to on this resource.`;
  return `${which} it only under a condition that is not required.`;
}

function whyNobody(allows: readonly Grant[], who: NamedPrincipal, effort: Effort): string | undefined {
  if (allows.some((each) => admits(each.audience, who, effort))) return undefined;
  if (who === 'attached') return 'No Allow without a Principal is there to grant it.';
  const account = allows.find((each) => admitsAccountOf(each.audience, who));
  if (account === undefined) return 'No Allow admits this principal.';
  return `${account.label} names only its account, which leaves it to identity policies.`;
}
