import { likePath, likeText } from './glob.ts';
import type { Place } from './organization.ts';

/** Which accounts get which baseline: everything that a rule says of an account must hold. */
export interface Rule {
  /**
   * The id of a unit or of the root, or a path of names: that unit and all below it; a path with `*` or `**` as it says.
   * A slash in a name is written `%2F`.
   */
  readonly organizationalUnit?: string | undefined;
  /** A tag of the account; without a value any value. */
  readonly tag?: { readonly key: string; readonly value?: string | undefined } | undefined;
  /** The account's name, with `*` and `?`. */
  readonly name?: string | undefined;
  /** `name` (its newest version when the account comes) or `name@version`. */
  readonly baseline: string;
}

/** Rules as they were written: the first that fits decides, and the default where none does. */
export interface Rules {
  readonly rules: readonly Rule[];
  readonly default: string;
}

/** Rules at a version, as they are stored: immutable once published. */
export interface RulesDocument extends Rules {
  readonly schemaVersion: 1;
  readonly version: number;
  readonly description: string;
  /** The YAML that they were published from, to the letter. */
  readonly text: string;
  readonly publishedAt: string;
}

/** What rules look at. */
export interface AccountFacts {
  readonly name: string;
  /** Absent for an account outside the organization, and where no rule asks. */
  readonly place?: Place | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** Which baseline an account gets, and why. */
export interface Explanation {
  readonly baseline: string;
  /** Number of the rule, from 1 on. */
  readonly rule: number | 'default';
  /** One sentence. */
  readonly why: string;
  /** The rules that were looked at, in order, each with what it found. */
  readonly considered: readonly { readonly rule: number; readonly fits: boolean; readonly why: string }[];
}

/** Which baseline the rules give to an account of which this is known. Pure. */
export function explain(rules: Rules, facts: AccountFacts): Explanation {
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
    rules.rules.length > 0 ? 'No rule fits, so the default decides.' : 'There is no rule but the default.';
  return { baseline: rules.default, rule: 'default', why, considered };
}

/** Whether a place is in a unit, named as a rule names it. Pure. */
export function isWithin(unit: string, { units, path }: Place): boolean {
  if (!unit.startsWith('/')) return units.includes(unit);
  return likePath(/[*?]/.test(unit) ? unit : `${unit}/**`, path);
}

/** What must be known of an account to follow the rules. Pure. */
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
  return { fits, why: `its name '${name}' is ${fits ? '' : 'not '}like ${pattern}` };
}
