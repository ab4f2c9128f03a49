import { likePath, likeText } from './glob.ts';
import type { Place } from './organization.ts';

/** One rule about which accounts get which baseline. An account must meet all of its conditions. */
export interface Rule {
  /**
   * The id of a unit or of the root, or a path of names: the unit and all units below it. A path with `*` or `**` is matched as
   * a pattern instead. A slash in a name is written `%2F`.
   */
  readonly organizationalUnit?: string | undefined;
  /** A tag of the account; without `value`, any value. */
  readonly tag?: { readonly key: string; readonly value?: string | undefined } | undefined;
  /** A pattern for the account's name, with `*` and `?`. */
  readonly name?: string | undefined;
  /** `name` (the newest version when the account is onboarded) or `name@version`. */
  readonly baseline: string;
}

/** Rules in order: the first that matches decides; the default if none matches. */
export interface Rules {
  readonly rules: readonly Rule[];
  readonly default: string;
}

/** One version of the rules, as stored: immutable once published. */
export interface RulesDocument extends Rules {
  readonly schemaVersion: 1;
  readonly version: number;
  readonly description: string;
  /** The YAML that they were published from, unchanged. */
  readonly text: string;
  readonly publishedAt: string;
}

/** The facts about an account that rules use. */
export interface AccountFacts {
  readonly name: string;
  /** Absent for an account outside of the organization, or if no rule needs it. */
  readonly place?: Place | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** Which baseline an account gets, and why. */
export interface Explanation {
  readonly baseline: string;
  /** Number of the rule, from 1. */
  readonly rule: number | 'default';
  /** One sentence. */
  readonly why: string;
  /** The rules that were evaluated, in order, each with its result. */
  readonly considered: readonly { readonly rule: number; readonly fits: boolean; readonly why: string }[];
}

/** Which baseline the rules give to an account with these facts. Pure. */
export function baselineByRules(rules: Rules, facts: AccountFacts): Explanation {
  const considered: { rule: number; fits: boolean; why: string }[] = [];
  for (const [index, rule] of rules.rules.entries()) {
    const findings = lookAt(rule, facts);
    const fits = findings.every((finding) => finding.fits);
    const why = findings
      .filter((finding) => finding.fits === fits)
      .map((finding) => finding.why)
      .join(' and ');
    considered.push({ rule: index + 1, fits, why });
    if (fits)
      return { baseline: rule.baseline, rule: index + 1, why: `Rule ${index + 1}: ${why}.`, considered };
  }
  const why =
    rules.rules.length > 0
      ? 'No rule matches; the default applies.'
      : 'There are no rules; the default applies.';
  return { baseline: rules.default, rule: 'default', why, considered };
}

/** Whether a place is within a unit; `unit` is written as in a rule. Pure. */
export function isWithin(unit: string, { units, path }: Place): boolean {
  if (!unit.startsWith('/')) return units.includes(unit);
  return likePath(/[*?]/.test(unit) ? unit : `${unit}/**`, path);
}

/** Which facts about an account the rules need. Pure. */
export function factsNeeded({ rules }: Rules): { place: boolean; tags: boolean } {
  return {
    place: rules.some(({ organizationalUnit }) => organizationalUnit !== undefined),
    tags: rules.some(({ tag }) => tag !== undefined),
  };
}

interface Finding {
  readonly fits: boolean;
  readonly why: string;
}

function lookAt({ organizationalUnit, tag, name }: Rule, facts: AccountFacts): Finding[] {
  return [
    ...(organizationalUnit === undefined ? [] : [lookAtPlace(organizationalUnit, facts.place)]),
    ...(tag === undefined ? [] : [lookAtTag(tag, facts.tags)]),
    ...(name === undefined ? [] : [lookAtName(name, facts.name)]),
  ];
}

function lookAtPlace(unit: string, place: Place | undefined): Finding {
  if (!place) return { fits: false, why: 'it is in no organizational unit' };
  const fits = isWithin(unit, place);
  return { fits, why: `it is in ${place.path}, ${fits ? '' : 'not '}within ${unit}` };
}

function lookAtTag({ key, value }: NonNullable<Rule['tag']>, tags: AccountFacts['tags']): Finding {
  const actual = Object.hasOwn(tags, key) ? tags[key] : undefined;
  if (actual === undefined) return { fits: false, why: `it has no tag ${key}` };
  const fits = value === undefined || value === actual;
  return { fits, why: `its tag ${key} is '${actual}'${fits ? '' : `, not '${value}'`}` };
}

function lookAtName(pattern: string, name: string): Finding {
  const fits = likeText(pattern, name);
  return { fits, why: `its name '${name}' ${fits ? 'matches' : 'does not match'} ${pattern}` };
}
