import type { Named } from './admits.ts';
import { namedIn } from './admits.ts';
import type { PolicyInput } from './document.ts';
import { parsePolicies } from './document.ts';
import type { Part } from './extent.ts';
import { partsOf } from './extent.ts';
import type { Grant, Wanted } from './grants.ts';
import { byAction, deniesSame, grantsAll, grantsOf, mayReach, refusesAll, whyNot } from './grants.ts';
import type { Effort } from './inclusion.ts';
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

type Some = PolicyInput | readonly PolicyInput[];

/** So many combinations of principal, action and resource are told, and so much is done to prove them. */
const mostTold = 200_000;
const mostEffort = 50_000_000;

/**
 * Whether `actual` grants at least what `required` does: then whatever `evaluate` allows by a statement of
 * `required`, it allows with `actual` in its place. Told action by action and resource by resource. Sound, not
 * complete: what is not proven is missing. A Deny of `actual` counts against it unless `required` denies the
 * same. Both are of the same kind, identity or trust or resource; several policies count together. Takes
 * seconds at most: what would take longer is not proven, and its reason says so. Throws PolicyError for what is
 * no policy.
 */
export function covers(required: Some, actual: Some): Coverage {
  const needed = grantsOf(parsePolicies(required));
  const present = grantsOf(parsePolicies(actual));
  const effort: Effort = { left: mostEffort };
  const refusals = needed.filter((each) => each.effect === 'Deny');
  const against = present.filter(
    (deny) => deny.effect === 'Deny' && !refusals.some((each) => deniesSame(each, deny, effort)),
  );
  const allows = byAction(present.filter((each) => each.effect === 'Allow'));
  let room = mostTold;
  const missing = needed.filter((each) => each.effect === 'Allow').flatMap((each) => missingOf(each));
  return { covered: missing.length === 0, missing };

  function missingOf(under: Grant): Missing[] {
    const people = namedIn(under.audience);
    const [actions, resources] = [partsOf(under.action), partsOf(under.resource)];
    // A long condition is told with each of them, and counts for more.
    const weight = 1 + JSON.stringify(under.conditions).length / 1000;
    const count = people.length * actions.length * resources.length * weight;
    if (count > room || effort.left < 0) {
      return [{ effect: 'Allow', action: '*', resource: '*', reason: `${under.label} ${tooLarge}` }];
    }
    room -= count;
    return people.flatMap((who) =>
      actions.flatMap((action) => resources.flatMap((resource) => absent({ who, action, resource, under }))),
    );
  }

  function absent(wanted: Wanted): Missing[] {
    if (refusals.some((each) => refusesAll(each, wanted, effort))) return [];
    const deny = against.find((each) => mayReach(each, wanted, effort));
    if (deny === undefined && allows.some(wanted.action, (each) => grantsAll(each, wanted, effort)))
      return [];
    const { who, action, resource, under } = wanted;
    const why = deny === undefined ? whyNot(allows, wanted, effort) : `${deny.label} denies it, or may.`;
    return [
      {
        effect: deny === undefined ? 'Allow' : 'Deny',
        action: partText(action),
        resource: partText(resource),
        ...(who !== 'attached' && { principal: namedText(who) }),
        ...(Object.keys(under.conditions).length > 0 && { condition: under.conditions }),
        reason: effort.left < 0 ? `${under.label} ${tooLarge}` : why,
      },
    ];
  }
}

const mostNamed = 20;
const tooLarge = 'of what is required is too large to be proven.';

function partText(part: Part): string {
  if ('only' in part) return part.only.text;
  const texts = part.except.all.map((each) => each.text);
  return texts.length === 0 ? '*' : allBut(texts);
}

function namedText(who: Exclude<Named, 'attached'>): string {
  return 'except' in who ? allBut([...who.except]) : who.key;
}

function allBut(texts: readonly string[]): string {
  const more = texts.length > mostNamed ? ` and ${(texts.length - mostNamed).toLocaleString('en')} more` : '';
  return `all but ${texts.slice(0, mostNamed).join(', ')}${more}`;
}
