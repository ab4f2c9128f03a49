import { type NamedPrincipal, namedIn } from './audience.ts';
import { type PolicyInput, parsePolicies } from './document.ts';
import { attempt, type Effort } from './effort.ts';
import {
  byAction,
  carrying,
  deniesSame,
  type Grant,
  grantsAll,
  grantsOf,
  mayReach,
  refusesAll,
  type Wanted,
  whyNot,
} from './grants.ts';
import type { Part } from './inclusion.ts';
import type { Conditions } from './statement.ts';

/** A permission that the required policy grants and the actual policy is not proven to grant. */
export interface Missing {
  /** `Allow`: no Allow of the actual policy is proven to grant it. `Deny`: a Deny of the actual policy may apply to it. */
  readonly effect: 'Allow' | 'Deny';
  readonly action: string;
  readonly resource: string;
  /** In trust and resource policies: `AWS arn:…`, `Service …`. */
  readonly principal?: string;
  /** The condition under which it is required. */
  readonly condition?: Conditions;
  /** Set if a proof would take too long: action and resource are `*`, and must not be granted. */
  readonly unproven?: true;
  /** For a Deny: the statement, and which of the actual policies it is in. */
  readonly denying?: { readonly policy: number; readonly statement: string };
  /** One sentence for people. */
  readonly reason: string;
}

/** `missing` is empty if and only if `covered`. */
export interface Coverage {
  readonly covered: boolean;
  readonly missing: readonly Missing[];
}

type Some = PolicyInput | readonly PolicyInput[];

/** What is known about the requests. */
export interface Circumstances {
  /** The condition keys of requests for an action (`s3:*`, in lower case), one value each: a Deny for other regions then does not apply. */
  readonly carried?: (action: string) => Conditions;
}

/** Limits: the number of listed combinations of principal, action and resource, and the effort to prove them. */
const mostTold = 200_000;
const mostEffort = 50_000_000;
const nothing = (): Conditions => ({});

/**
 * Whether `actual` grants at least what `required` grants: every request that `evaluate` allows by a statement of `required`, it also
 * allows with `actual` instead. Lists what is missing by action and resource. Sound, not complete: what is not proven is missing. A
 * Deny of `actual` makes a permission missing, unless `required` denies the same or requests never meet its conditions. Both must be
 * of the same kind: identity, trust or resource policies; several policies count together. Takes seconds at most: if a statement
 * takes longer, the rest of it becomes one more missing entry, `unproven`. The same statement on both sides is proven immediately.
 * @throws PolicyError if a document is not a policy
 */
export function covers(required: Some, actual: Some, { carried = nothing }: Circumstances = {}): Coverage {
  const needed = grantsOf(parsePolicies(required));
  const present = grantsOf(parsePolicies(actual));
  const effort: Effort = { left: mostEffort };
  const refusals = needed.filter((each) => each.effect === 'Deny');
  const denies = present.filter((each) => each.effect === 'Deny');
  const refused = new Set(refusals.map((each) => each.meaning));
  const isNew = (deny: Grant) =>
    !refused.has(deny.meaning) && !refusals.some((each) => deniesSame(each, deny, effort));
  const against = attempt(() => denies.filter(isNew)) ?? denies;
  const granting = present.filter((each) => each.effect === 'Allow');
  const granted = new Set(granting.map((each) => each.meaning));
  const allows = byAction(granting);
  let room = mostTold;
  const missing = needed.filter((each) => each.effect === 'Allow').flatMap((each) => missingOf(each));
  return { covered: missing.length === 0, missing };

  function missingOf(under: Grant): Missing[] {
    // The same statement grants the same: only a Deny can apply.
    const same = granted.has(under.meaning);
    if (same && against.length === 0) return [];
    const people = namedIn(under.audience).map((who) => [who, namedText(who)] as const);
    const actions = under.action.parts.map((part) => [part, partText(part)] as const);
    const resources = under.resource.parts.map((part) => [part, partText(part)] as const);
    const condition = Object.keys(under.conditions).length > 0 && { condition: under.conditions };
    // Long names are repeated in each combination, so they count more.
    const length =
      JSON.stringify(under.conditions).length + longest(people) + longest(actions) + longest(resources);
    const count = people.length * actions.length * resources.length * (1 + length / 1000);
    const found: Missing[] = [];
    const told = attempt(() => {
      if (count > room) return undefined;
      room -= count;
      for (const [who, principal] of people) {
        for (const [action, actionText] of actions) {
          const at = carrying(under, carried(actionText.toLowerCase()));
          for (const [resource, resourceText] of resources) {
            const lack = lacking({ who, action, resource, under: at }, same);
            if (lack === undefined) continue;
            const { effect, ...why } = lack;
            const what = { effect, action: actionText, resource: resourceText };
            found.push({ ...what, ...(who !== 'attached' && { principal }), ...condition, ...why });
          }
        }
      }
      return found;
    });
    const reason = `${under.label} of what is required is too large to be proven.`;
    return told ?? [...found, { effect: 'Allow', action: '*', resource: '*', unproven: true, reason }];
  }

  /** The missing entry; undefined if the permission is proven to be granted. */
  function lacking(
    wanted: Wanted,
    same: boolean,
  ): Pick<Missing, 'effect' | 'denying' | 'reason'> | undefined {
    if (refusals.some((each) => refusesAll(each, wanted, effort))) return undefined;
    const deny = against.find((each) => mayReach(each, wanted, effort));
    if (deny !== undefined) {
      const { policy, statement } = deny;
      return { effect: 'Deny', denying: { policy, statement }, reason: `${deny.label} denies it, or may.` };
    }
    if (same || allows.some(wanted.action, (each) => grantsAll(each, wanted, effort))) return undefined;
    return { effect: 'Allow', reason: whyNot(allows, wanted, effort) };
  }
}

const mostNamed = 20;

function partText(part: Part): string {
  if ('only' in part) return part.only.text;
  const { all } = part.except;
  if (all.length === 0) return '*';
  return allBut(
    all.slice(0, mostNamed).map((each) => each.text),
    all.length,
  );
}

function namedText(who: NamedPrincipal): string {
  if (who === 'attached') return '';
  return 'except' in who ? allBut([...who.except].slice(0, mostNamed), who.except.size) : who.key;
}

function allBut(first: readonly string[], count: number): string {
  const more = count > first.length ? ` and ${(count - first.length).toLocaleString('en')} more` : '';
  return `all but ${first.join(', ')}${more}`;
}

function longest(all: readonly (readonly [unknown, string])[]): number {
  return all.reduce((most, [, text]) => Math.max(most, text.length), 0);
}
