import { dateOf, inRange, numberOf } from './compare.ts';
import type { Effort } from './inclusion.ts';
import type { Item } from './item.ts';
import { itemOf, within } from './item.ts';
import type { Base, Operator } from './operators.ts';
import { holdsWithout, operatorNamed } from './operators.ts';
import type { Syntax } from './pattern.ts';
import type { Conditions } from './statement.ts';

/** One condition: an operator, a key in lower case, and the values of which one must match. */
export interface Single {
  readonly operator: Operator;
  readonly key: string;
  readonly values: readonly Value[];
  /** The keys of the values, to find one without looking at each. */
  readonly known: ReadonlySet<string>;
}

interface Value {
  readonly text: string;
  /** Equal where the meaning is: the text, and whether a policy variable is in it. */
  readonly key: string;
  /** For operators that compare with a pattern or a whole string. */
  readonly item?: Item;
}

/** Addresses, dates and numbers are read anew each time. */
const readingEffort = 100;

/** The conditions of a statement one by one; `variables`: whether `${…}` is a variable in them. */
export function singlesOf(conditions: Conditions, variables: boolean): Single[] {
  return Object.entries(conditions).flatMap(([name, keys]) => {
    const operator = operatorNamed(name);
    if (operator === undefined) return [];
    const wildcards = wildcardsOf(operator.base);
    const read = (text: string): Value => ({
      text,
      key: `${variables && text.includes('${')} ${text}`,
      ...(wildcards && { item: itemOf(text, { variables, wildcards }) }),
    });
    return Object.entries(keys).map(([key, texts]) => {
      const values = texts.map(read);
      return { operator, key: key.toLowerCase(), values, known: new Set(values.map((each) => each.key)) };
    });
  });
}

/**
 * Whether the first conditions hold only where the second ones do: every one of the second follows from one of
 * the first on the same key, under the same operator or a wider one. False when that is not proven.
 */
export function implies(first: readonly Single[], second: readonly Single[], effort: Effort): boolean {
  return second.every((wanted) => first.some((each) => follows(each, wanted, effort)));
}

/** Whether the two can never hold together: one asks of a single key what the other rules out. */
export function contradict(first: readonly Single[], second: readonly Single[], effort: Effort): boolean {
  return first.some((one) =>
    second.some((other) => excludes(one, other, effort) || excludes(other, one, effort)),
  );
}

function follows(known: Single, wanted: Single, effort: Effort): boolean {
  if (known.key !== wanted.key) return false;
  const [a, b] = [known.operator, wanted.operator];
  if (b.base === 'Null' && a.base !== 'Null') {
    // Only a key that is there can meet these.
    const present = !a.ifExists && (a.set === 'ForAnyValue' || (a.set === undefined && !a.negated));
    const asked = wanted.values.some((each) => each.text.toLowerCase() === 'false');
    return present && known.values.length > 0 && asked;
  }
  if (a.set !== b.set || a.negated !== b.negated || (holdsWithout(a) && !holdsWithout(b))) return false;
  return a.negated ? allWithin(wanted, known, effort) : allWithin(known, wanted, effort);
}

/** Whether whatever meets one of the first values, without negation, meets one of the second. */
function allWithin(narrow: Single, wide: Single, effort: Effort): boolean {
  const [a, b] = [narrow.operator.base, wide.operator.base];
  return narrow.values.every(
    (value) =>
      (a === b && wide.known.has(value.key)) ||
      wide.values.some((other) => isWithin([a, value], [b, other], effort)),
  );
}

/** Whether whatever meets the one value under its positive operator meets the other under its own. */
function isWithin([a, value]: [Base, Value], [b, other]: [Base, Value], effort: Effort): boolean {
  if (--effort.left < 0) return false;
  if (value.item !== undefined && other.item !== undefined) {
    return a.startsWith('String') === b.startsWith('String') && within(other.item, value.item, effort);
  }
  if (a !== b) return false;
  effort.left -= readingEffort;
  if (a === 'Bool' || a === 'Null') return value.text.toLowerCase() === other.text.toLowerCase();
  if (a === 'IpAddress') return inRange(value.text, other.text);
  const read = a.startsWith('Date') ? dateOf : a.startsWith('Numeric') ? numberOf : undefined;
  if (read === undefined) return false;
  const [one, two] = [read(value.text), read(other.text)];
  if (a.includes('LessThan')) return one <= two;
  if (a.includes('GreaterThan')) return one >= two;
  return one === two;
}

/** `one` asks for a value on a key; `other` is the same operator negated, and rules all those values out. */
function excludes(one: Single, other: Single, effort: Effort): boolean {
  const [a, b] = [one.operator, other.operator];
  if (one.key !== other.key || a.negated || a.set !== undefined || a.ifExists || b.set !== undefined)
    return false;
  if (a.base === 'Null') return false;
  if (b.base === 'Null') return other.values.every((each) => each.text.toLowerCase() === 'true');
  return b.negated && allWithin(one, other, effort);
}

function wildcardsOf(base: string): Syntax['wildcards'] | undefined {
  if (base === 'StringEquals') return 'none';
  if (base === 'StringLike') return 'text';
  return base === 'ArnEquals' || base === 'ArnLike' ? 'arn' : undefined;
}
