import { dateOf, inRange, numberOf } from './conditions.ts';
import { type Effort, looksAt, remembering, spend } from './effort.ts';
import { itemOf, meets, type PatternItem, within } from './inclusion.ts';
import type { Syntax } from './pattern.ts';
import { type Base, type Conditions, holdsWithout, type Operator, operatorNamed } from './statement.ts';

/** The conditions of a statement, by key in lower case. */
export type Singles = ReadonlyMap<string, readonly Single[]>;

/** One condition on a key: an operator and its values, one of which must match. */
interface Single {
  readonly operator: Operator;
  readonly values: readonly Value[];
  /** The keys of the values, for a fast lookup. */
  readonly known: ReadonlySet<string>;
  /** Whether requests have at most one value of the key. */
  readonly alone: boolean;
}

interface Value {
  readonly text: string;
  /** Equal if the meaning is: the text, and whether it contains a policy variable. */
  readonly key: string;
  /** For operators that compare with a pattern or a whole string. */
  readonly item?: PatternItem;
}

/** Addresses, dates and numbers are parsed each time. */
const readingEffort = 100;

/**
 * The conditions of a statement, one by one. `variables`: whether `${…}` is a variable in them; `alone`: whether requests have at
 * most one value of each of these keys.
 */
export function singlesOf(conditions: Conditions, variables: boolean, alone = false): Singles {
  const singles = new Map<string, Single[]>();
  for (const [name, keys] of Object.entries(conditions)) {
    const operator = operatorNamed(name);
    if (operator === undefined) continue;
    const wildcards = wildcardsOf(operator.base);
    const read = (text: string): Value => ({
      text,
      key: `${variables && text.includes('${')} ${text}`,
      ...(wildcards && { item: itemOf(text, { variables, wildcards }) }),
    });
    for (const [key, texts] of Object.entries(keys)) {
      const values = texts.map(read);
      const single = { operator, values, known: new Set(values.map((each) => each.key)), alone };
      const before = singles.get(key.toLowerCase());
      if (before === undefined) singles.set(key.toLowerCase(), [single]);
      else before.push(single);
    }
  }
  return singles;
}

/**
 * Whether the first conditions imply the second: each of the second follows from one of the first on the same key, under the same
 * operator or a wider one. False if that is not proven.
 */
export const implies = remembering((first: Singles, second: Singles, effort: Effort): boolean => {
  for (const [key, wanted] of second) {
    spend(effort);
    const known = first.get(key) ?? [];
    if (!wanted.every((each) => known.some((one) => follows(one, each, effort)))) return false;
  }
  return true;
});

/** Whether the two can never hold together: one requires a value of a single-valued key that the other excludes. */
export const contradict = remembering((first: Singles, second: Singles, effort: Effort): boolean => {
  for (const [key, ones] of first) {
    spend(effort);
    const others = second.get(key) ?? [];
    const apart = (one: Single, other: Single) =>
      excludes(one, other, effort) || excludes(other, one, effort);
    if (ones.some((one) => others.some((other) => apart(one, other)))) return true;
  }
  return false;
});

function follows(known: Single, wanted: Single, effort: Effort): boolean {
  spend(effort);
  const [a, b] = [known.operator, wanted.operator];
  if (b.base === 'Null' && a.base !== 'Null') {
    // These hold only if the key is present.
    const present = !a.ifExists && (a.set === 'ForAnyValue' || (a.set === undefined && !a.negated));
    return present && known.values.length > 0 && wanted.values.some((each) => isWord(each, 'false', effort));
  }
  if (a.set !== b.set || a.negated !== b.negated || (holdsWithout(a) && !holdsWithout(b))) return false;
  return a.negated ? allWithin(wanted, known, effort) : allWithin(known, wanted, effort);
}

/** Whether every text that matches one of the first values, without negation, matches one of the second. */
function allWithin(narrow: Single, wide: Single, effort: Effort): boolean {
  const [a, b] = [narrow.operator.base, wide.operator.base];
  return narrow.values.every((value) => {
    spend(effort, looksAt(value.key));
    if (a === b && wide.known.has(value.key)) return true;
    return wide.values.some((other) => isWithin([a, value], [b, other], effort));
  });
}

/** Whether every text that matches the one value under its positive operator matches the other under its own. */
function isWithin([a, value]: [Base, Value], [b, other]: [Base, Value], effort: Effort): boolean {
  spend(effort);
  if (value.item !== undefined && other.item !== undefined) {
    return a.startsWith('String') === b.startsWith('String') && within(other.item, value.item, effort);
  }
  if (a !== b) return false;
  spend(effort, readingEffort + value.text.length + other.text.length);
  if (a === 'Bool' || a === 'Null') return value.text.toLowerCase() === other.text.toLowerCase();
  if (a === 'IpAddress') return inRange(value.text, other.text);
  const read = a.startsWith('Date') ? dateOf : a.startsWith('Numeric') ? numberOf : undefined;
  if (read === undefined) return false;
  const [one, two] = [read(value.text), read(other.text)];
  if (a.includes('LessThan')) return one <= two;
  if (a.includes('GreaterThan')) return one >= two;
  return one === two;
}

/**
 * Whether `one` and `other` exclude each other: `one` requires a value of a key, and `other` is the same operator negated and
 * excludes all those values, or requires only different values of a single-valued key.
 */
function excludes(one: Single, other: Single, effort: Effort): boolean {
  const [a, b] = [one.operator, other.operator];
  spend(effort);
  if (a.negated || a.set !== undefined || a.ifExists || b.set !== undefined) return false;
  if (a.base === 'Null') return false;
  if (b.base === 'Null') return other.values.every((each) => isWord(each, 'true', effort));
  if (b.negated) return allWithin(one, other, effort);
  if (!one.alone) return false;
  return one.values.every((value) =>
    other.values.every((each) => isApart([a.base, value], [b.base, each], effort)),
  );
}

/** Whether no text matches both values under their positive operators. */
function isApart([a, value]: [Base, Value], [b, other]: [Base, Value], effort: Effort): boolean {
  spend(effort);
  if (value.item !== undefined && other.item !== undefined) {
    return a.startsWith('String') === b.startsWith('String') && !meets(value.item, other.item, effort);
  }
  const words = [value.text, other.text].map((each) => each.toLowerCase());
  return (
    a === 'Bool' &&
    b === 'Bool' &&
    words.every((each) => /^(true|false)$/.test(each)) &&
    words[0] !== words[1]
  );
}

function isWord({ text }: Value, word: 'true' | 'false', effort: Effort): boolean {
  spend(effort, looksAt(text));
  return text.toLowerCase() === word;
}

function wildcardsOf(base: string): Syntax['wildcards'] | undefined {
  if (base === 'StringEquals') return 'none';
  if (base === 'StringLike') return 'text';
  return base === 'ArnEquals' || base === 'ArnLike' ? 'arn' : undefined;
}
