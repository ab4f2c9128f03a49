import { dateOf, inRange, numberOf } from './compare.ts';
import { includes } from './inclusion.ts';
import type { Operator } from './operators.ts';
import { operatorNamed } from './operators.ts';
import type { Syntax } from './pattern.ts';
import { parsePattern } from './pattern.ts';
import type { Conditions } from './statement.ts';

/** A statement's conditions, and whether `${…}` is a variable in them. */
export interface Conditioned {
  readonly conditions: Conditions;
  readonly variables: boolean;
}

/** One condition: an operator, a key in lower case, and the values of which one must match. */
interface Single {
  readonly operator: Operator;
  readonly key: string;
  readonly values: readonly string[];
  readonly variables: boolean;
}

/**
 * Whether the first conditions hold only where the second ones do: every one of the second follows from one of
 * the first on the same key, under the same operator or a wider one. False when that is not proven.
 */
export function implies(first: Conditioned, second: Conditioned): boolean {
  const known = singles(first);
  return singles(second).every((wanted) => known.some((each) => follows(each, wanted)));
}

/** Whether the two can never hold together: one asks of a single key what the other rules out. */
export function contradict(first: Conditioned, second: Conditioned): boolean {
  const [ones, others] = [singles(first), singles(second)];
  return ones.some((one) => others.some((other) => excludes(one, other) || excludes(other, one)));
}

function follows(known: Single, wanted: Single): boolean {
  if (known.key !== wanted.key) return false;
  const [a, b] = [known.operator, wanted.operator];
  if (b.base === 'Null' && a.base !== 'Null') {
    // Only a key that is there can meet these.
    const present = !a.ifExists && (a.set === 'ForAnyValue' || (a.set === undefined && !a.negated));
    return present && known.values.length > 0 && wanted.values.some((each) => each.toLowerCase() === 'false');
  }
  if (a.set !== b.set || a.negated !== b.negated || (a.ifExists && !b.ifExists)) return false;
  const [narrow, wide] = a.negated ? [wanted, known] : [known, wanted];
  return narrow.values.every((value) => wide.values.some((other) => isWithin(narrow, value, wide, other)));
}

/** Whether whatever meets `value` under `narrow`'s positive operator meets `other` under `wide`'s. */
function isWithin(narrow: Single, value: string, wide: Single, other: string): boolean {
  const [a, b] = [narrow.operator.base, wide.operator.base];
  const alike = narrow.variables === wide.variables || !`${value}${other}`.includes('${');
  if (a === b && value === other && alike) return true;
  const [from, to] = [wildcardsOf(a), wildcardsOf(b)];
  if (from !== undefined && to !== undefined) {
    if (a.startsWith('String') !== b.startsWith('String')) return false;
    const inner = parsePattern(value, { variables: narrow.variables, wildcards: from });
    return includes(parsePattern(other, { variables: wide.variables, wildcards: to }), inner);
  }
  if (a !== b) return false;
  if (a === 'Bool' || a === 'Null') return value.toLowerCase() === other.toLowerCase();
  if (a === 'IpAddress') return inRange(value, other);
  const read = a.startsWith('Date') ? dateOf : a.startsWith('Numeric') ? numberOf : undefined;
  if (read === undefined) return false;
  if (a.includes('LessThan')) return read(value) <= read(other);
  if (a.includes('GreaterThan')) return read(value) >= read(other);
  return read(value) === read(other);
}

/** `one` asks for a value on a key; `other` is the same operator negated, and rules all those values out. */
function excludes(one: Single, other: Single): boolean {
  const [a, b] = [one.operator, other.operator];
  if (one.key !== other.key || a.negated || a.set !== undefined || a.ifExists || b.set !== undefined)
    return false;
  if (a.base === 'Null') return false;
  if (b.base === 'Null') return other.values.every((each) => each.toLowerCase() === 'true');
  return (
    b.negated && one.values.every((value) => other.values.some((each) => isWithin(one, value, other, each)))
  );
}

function wildcardsOf(base: string): Syntax['wildcards'] | undefined {
  if (base === 'StringEquals') return 'none';
  if (base === 'StringLike') return 'text';
  return base === 'ArnEquals' || base === 'ArnLike' ? 'arn' : undefined;
}

function singles({ conditions, variables }: Conditioned): Single[] {
  return Object.entries(conditions).flatMap(([name, keys]) => {
    const operator = operatorNamed(name);
    if (operator === undefined) return [];
    return Object.entries(keys).map(([key, values]) => ({
      operator,
      key: key.toLowerCase(),
      values,
      variables,
    }));
  });
}
