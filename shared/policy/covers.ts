import type { Audience, Named } from './admits.ts';
import { admits, admitsAccountOf, deniesAll, mayDeny, namedIn } from './admits.ts';
import { hasVariables } from './applies.ts';
import { partitionOf } from './canonical.ts';
import type { Policy, PolicyInput, Statement } from './document.ts';
import { parsePolicies } from './document.ts';
import { namesPrincipalArn } from './evaluate.ts';
import type { Extent, Part } from './extent.ts';
import { contains, extentOf, mayMeet, partsOf } from './extent.ts';
import type { Conditioned } from './implies.ts';
import { contradict, implies } from './implies.ts';
import type { Conditions } from './statement.ts';

/** Something that the required policy grants and the actual one is not proven to grant. */
export interface Missing {
  /** `Allow`: no Allow of the actual policy is proven to reach it. `Deny`: one of its Deny statements may. */
  readonly effect: 'Allow' | 'Deny';
  readonly action: string;
  readonly resource: string;
  /** In trust and resource policies: `AWS arn:…`, `Service …`. */
  readonly principal?: string;
  /** The condition under which it is required. */
  readonly condition?: Conditions;
  /** One sentence for people. */
  readonly reason: string;
}

/** `missing` is empty exactly when `covered`. */
export interface Coverage {
  readonly covered: boolean;
  readonly missing: readonly Missing[];
}

/** A statement made ready for comparison, and where it stands. */
interface Grant extends Conditioned {
  readonly effect: 'Allow' | 'Deny';
  readonly label: string;
  readonly audience: Audience;
  readonly action: Extent;
  readonly resource: Extent;
}

/** What is to be proven at a time: one principal, action and resource of a required statement. */
interface Wanted {
  readonly who: Named;
  readonly action: Part;
  readonly resource: Part;
  readonly under: Conditioned;
}

type Some = PolicyInput | readonly PolicyInput[];

const mostCombinations = 200_000;

/**
 * Whether `actual` grants at least what `required` does: then whatever `evaluate` allows by a statement of
 * `required`, it allows with `actual` in its place. Told action by action and resource by resource. Sound, not
 * complete: what is not proven is missing. A Deny of `actual` counts against it unless `required` denies the
 * same. Both are of the same kind, identity or trust or resource; several policies count together. Throws
 * PolicyError for what is no policy.
 */
export function covers(required: Some, actual: Some): Coverage {
  const needed = grantsOf(parsePolicies(required));
  const present = grantsOf(parsePolicies(actual));
  const refusals = needed.filter((each) => each.effect === 'Deny');
  const against = present.filter(
    (deny) => deny.effect === 'Deny' && !refusals.some((each) => deniesSame(each, deny)),
  );
  const allows = present.filter((each) => each.effect === 'Allow');
  const missing = needed.filter((each) => each.effect === 'Allow').flatMap((each) => missingOf(each));
  return { covered: missing.length === 0, missing };

  function missingOf(grant: Grant): Missing[] {
    const [who, actions, resources] = [
      namedIn(grant.audience),
      partsOf(grant.action),
      partsOf(grant.resource),
    ];
    if (who.length * actions.length * resources.length * present.length > mostCombinations) {
      return [
        { effect: 'Allow', action: '*', resource: '*', reason: `${grant.label} is too large to be proven.` },
      ];
    }
    return who.flatMap((each) =>
      actions.flatMap((action) =>
        resources.flatMap((resource) => absent({ who: each, action, resource, under: grant })),
      ),
    );
  }

  function absent(wanted: Wanted): Missing[] {
    if (refusals.some((each) => refusesAll(each, wanted))) return [];
    const deny = against.find((each) => mayReach(each, wanted));
    if (deny === undefined && allows.some((each) => grantsAll(each, wanted))) return [];
    const { who, action, resource, under } = wanted;
    return [
      {
        effect: deny === undefined ? 'Allow' : 'Deny',
        action: partText(action),
        resource: partText(resource),
        ...(who !== 'attached' && { principal: namedText(who) }),
        ...(Object.keys(under.conditions).length > 0 && { condition: under.conditions }),
        reason: deny === undefined ? whyNot(allows, wanted) : `${deny.label} denies it, or may.`,
      },
    ];
  }
}

function grantsOf(policies: readonly Policy[]): Grant[] {
  return policies.flatMap((policy, number) => {
    const [variables, partition] = [hasVariables(policy), partitionOf(policy)];
    const prefix = policies.length > 1 ? `Policy ${number + 1}, ` : '';
    return policy.Statement.map((statement, index) => {
      const sid = statement.Sid ? ` (${statement.Sid})` : '';
      return { ...grantOf(statement, partition, variables), label: `${prefix}Statement[${index}]${sid}` };
    });
  });
}

function grantOf(statement: Statement, partition: string, variables: boolean): Omit<Grant, 'label'> {
  const { Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource, Condition } = statement;
  const viaPrincipalArn = namesPrincipalArn(statement);
  return {
    effect: Effect,
    audience: { principal: Principal, notPrincipal: NotPrincipal, partition, viaPrincipalArn },
    action: extentOf(Action, NotAction, { variables: false, wildcards: 'text', ignoreCase: true }),
    resource: extentOf(Resource, NotResource, { variables, wildcards: 'resource' }),
    conditions: Condition ?? {},
    variables,
  };
}

function grantsAll(grant: Grant, { who, action, resource, under }: Wanted): boolean {
  return (
    admits(grant.audience, who) &&
    contains(grant.action, action) &&
    contains(grant.resource, resource) &&
    implies(under, grant)
  );
}

/** Whether a Deny of `required` takes the wanted part back, so that it is not required after all. */
function refusesAll(deny: Grant, { who, action, resource, under }: Wanted): boolean {
  const { principal, notPrincipal } = deny.audience;
  const everyone = principal?.AWS?.includes('*') || (who === 'attached' && !principal && !notPrincipal);
  return (
    everyone === true &&
    contains(deny.action, action) &&
    contains(deny.resource, resource) &&
    implies(under, deny)
  );
}

function mayReach(deny: Grant, { who, action, resource, under }: Wanted): boolean {
  return (
    mayDeny(deny.audience, who) &&
    mayMeet(deny.action, action) &&
    mayMeet(deny.resource, resource) &&
    !contradict(under, deny)
  );
}

/** Whether whatever `inner` denies, `outer` denies. */
function deniesSame(outer: Grant, inner: Grant): boolean {
  return (
    deniesAll(outer.audience, inner.audience) &&
    partsOf(inner.action).every((each) => contains(outer.action, each)) &&
    partsOf(inner.resource).every((each) => contains(outer.resource, each)) &&
    implies(inner, outer)
  );
}

/** The nearest miss: what of principal, action, resource and condition is the first that no statement meets. */
function whyNot(allows: readonly Grant[], { who, action, resource }: Wanted): string {
  const admitting = allows.filter((each) => admits(each.audience, who));
  if (admitting.length === 0) {
    if (who === 'attached') return 'No Allow without a Principal is there to grant it.';
    const account = allows.find((each) => admitsAccountOf(each.audience, who));
    if (account === undefined) return 'No Allow admits this principal.';
    return `${account.label} names only its account, which leaves it to identity policies.`;
  }
  const acting = admitting.filter((each) => contains(each.action, action));
  if (acting.length === 0) return 'No Allow is proven to include this action.';
  const near = acting.filter((each) => contains(each.resource, resource));
  const labels = (near.length > 0 ? near : acting).slice(0, 3).map((each) => each.label);
  if (near.length === 0)
    return `${labels.join(' and ')} allows the action, but is not proven to on this resource.`;
  return `${labels.join(' and ')} allows it only under a condition that is not required.`;
}

function partText(part: Part): string {
  if ('only' in part) return part.only.text;
  return part.except.length === 0 ? '*' : `all but ${part.except.map((each) => each.text).join(', ')}`;
}

function namedText(who: Exclude<Named, 'attached'>): string {
  return 'except' in who ? `all but ${who.except.join(', ')}` : `${who.type} ${who.name}`;
}
