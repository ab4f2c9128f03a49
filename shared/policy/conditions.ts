import ipaddr from 'ipaddr.js';
import { matches, parsePattern, replaceVariables, type Syntax } from './pattern.ts';
import { type Context, variableIn } from './requester.ts';
import { type Base, type Conditions, holdsWithout, type Operator, operatorNamed } from './statement.ts';

/**
 * Whether all conditions hold. If the request lacks a key, a positive operator and ForAnyValue do not hold; a negated operator,
 * IfExists and ForAllValues do. For ForAllValues and ForAnyValue an empty string is not a value. Any other operator holds for several
 * values if it holds for one of them (a negated operator: for all).
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_multi-value-conditions.html
 */
export function conditionsHold(conditions: Conditions, context: Context, variables: boolean): boolean {
  return Object.entries(conditions).every(([name, keys]) => {
    const operator = operatorNamed(name);
    if (operator === undefined) return false;
    return Object.entries(keys).every(([key, values]) => holds(operator, key, values, context, variables));
  });
}

function holds(
  operator: Operator,
  key: string,
  values: readonly string[],
  context: Context,
  variables: boolean,
): boolean {
  const given = context.get(key.toLowerCase()) ?? [];
  const { base, set, negated } = operator;
  if (base === 'Null') return values.some((each) => each.toLowerCase() === String(given.length === 0));
  const found = set === undefined ? given : given.filter((each) => each !== '');
  if (found.length === 0) return holdsWithout(operator);
  const value = variableIn(context);
  const meets = (actual: string) =>
    values.some((wanted) => meetsValue(base, actual, wanted, variables, value)) !== negated;
  if (set === 'ForAllValues') return found.every(meets);
  return set === undefined && negated ? found.every(meets) : found.some(meets);
}

/**
 * Whether the request's value matches the policy's value under a positive operator. Policy variables work in strings and ARNs only. A
 * value that is not of the operator's type (an invalid date) matches nothing.
 */
export function meetsValue(
  base: Exclude<Base, 'Null'>,
  actual: string,
  wanted: string,
  variables: boolean,
  value: (key: string) => string | undefined,
): boolean {
  const like = (wildcards: Syntax['wildcards'], fold = false): boolean => {
    const pattern = replaceVariables(parsePattern(wanted, { variables, wildcards }), value);
    if (pattern === undefined) return false;
    if (!fold) return matches(pattern, actual);
    const folded = pattern.map((each) =>
      each.kind === 'char' ? ({ kind: 'char', char: each.char.toLowerCase() } as const) : each,
    );
    // Character by character: some characters become two in lower case, and a final sigma depends on its neighbours.
    const characters = Array.from(actual, (each) => each.toLowerCase());
    return matches(folded, characters);
  };
  switch (base) {
    case 'StringEquals':
      return like('none');
    case 'StringEqualsIgnoreCase':
      return like('none', true);
    case 'StringLike':
      return like('text');
    case 'ArnEquals':
    case 'ArnLike':
      return /^arn:[^:]*:[^:]*:[^:]*:[^:]*:./.test(actual) && like('arn');
    case 'Bool':
      return /^(true|false)$/i.test(wanted) && actual.toLowerCase() === wanted.toLowerCase();
    case 'BinaryEquals':
      return (
        [actual, wanted].every((each) => /^([\w+/-]{4})*([\w+/-]{2,3}={0,2})?$/.test(each)) &&
        binary(actual).equals(binary(wanted))
      );
    case 'IpAddress':
      return inRange(actual, wanted);
    default:
      return ordered(base, base.startsWith('Date') ? dateOf : numberOf, actual, wanted);
  }
}

function ordered(base: string, read: (text: string) => number, actual: string, wanted: string): boolean {
  const [a, b] = [read(actual), read(wanted)];
  if (Number.isNaN(a) || Number.isNaN(b)) return false;
  if (base.endsWith('LessThan')) return a < b;
  if (base.endsWith('LessThanEquals')) return a <= b;
  if (base.endsWith('GreaterThan')) return a > b;
  if (base.endsWith('GreaterThanEquals')) return a >= b;
  return a === b;
}

/** NaN if the text is not a number; IAM's numbers are decimal integers and fractions. */
export function numberOf(text: string): number {
  return /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

/** Milliseconds, from ISO 8601 (a date alone is midnight UTC) or seconds since 1970. NaN if the text is not a date. */
export function dateOf(text: string): number {
  if (/^\d+$/.test(text) && text.length > 4) return Number(text) * 1000;
  const iso = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?)?)?$/;
  if (!iso.test(text)) return Number.NaN;
  const [year, month = 1, day = 1] = text.slice(0, 10).split('-').map(Number);
  // Date.parse reads the 31st of February as the 3rd of March.
  return day > new Date(Date.UTC(year ?? 0, month, 0)).getUTCDate() ? Number.NaN : Date.parse(text);
}

/** Whether the address, or the whole range, is within the other range. Never across IPv4 and IPv6. */
export function inRange(inner: string, outer: string): boolean {
  const [a, b] = [rangeOf(inner), rangeOf(outer)];
  if (a === undefined || b === undefined || a[0].kind() !== b[0].kind()) return false;
  return a[1] >= b[1] && a[0].match(b[0], b[1]);
}

function rangeOf(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined {
  const [address = '', bits, ...more] = text.split('/');
  const v4 = ipaddr.IPv4.isValidFourPartDecimal(address);
  if (more.length > 0 || !(v4 || (address.includes(':') && ipaddr.IPv6.isValid(address)))) return undefined;
  const most = v4 ? 32 : 128;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined;
  const length = bits === undefined ? most : Number(bits);
  return length > most ? undefined : [ipaddr.parse(address), length];
}

function binary(text: string): Buffer {
  return Buffer.from(text, 'base64');
}
