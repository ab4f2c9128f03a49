import { isObject } from './wire.ts';

type Fields = Record<string, unknown>;

/**
 * True if an event matches a pattern of EventBridge: every field of the pattern must match by one of its values or matchers.
 * @throws for an unknown matcher
 */
export function matchesPattern(pattern: Fields, event: unknown): boolean {
  return Object.entries(pattern).every(([name, wanted]) => {
    if (name === '$or' && Array.isArray(wanted)) {
      return wanted.some((one) => isObject(one) && matchesPattern(one, event));
    }
    const actual = isObject(event) ? event[name] : undefined;
    if (isObject(wanted)) return matchesPattern(wanted, Array.isArray(actual) ? merged(actual) : actual);
    const matchers = Array.isArray(wanted) ? wanted : [];
    return matchers.some((matcher) => matches(matcher, actual));
  });
}

function matches(matcher: unknown, actual: unknown): boolean {
  if (isObject(matcher) && 'exists' in matcher) {
    return (actual !== undefined && !isObject(actual)) === matcher.exists;
  }
  if (actual === undefined) return false;
  const values: unknown[] = Array.isArray(actual) ? actual : [actual];
  return values.some((value) => matchesValue(matcher, value));
}

function matchesValue(matcher: unknown, value: unknown): boolean {
  if (!isObject(matcher)) return matcher === value;
  const [[name, argument] = ['', undefined]] = Object.entries(matcher);
  const text = typeof value === 'string' ? value : undefined;
  switch (name) {
    case 'prefix':
      return affix(argument, text, (is, wanted) => is.startsWith(wanted));
    case 'suffix':
      return affix(argument, text, (is, wanted) => is.endsWith(wanted));
    case 'equals-ignore-case':
      return text?.toLowerCase() === String(argument).toLowerCase();
    case 'wildcard':
      return text !== undefined && wildcard(String(argument)).test(text);
    case 'anything-but':
      return ![argument].flat().some((one) => matchesValue(one, value));
    case 'numeric':
      return typeof value === 'number' && Array.isArray(argument) && numeric(argument, value);
    default:
      throw new Error(`The local runtime does not know the matcher ${name} of an event pattern.`);
  }
}

function affix(
  argument: unknown,
  text: string | undefined,
  holds: (is: string, wanted: string) => boolean,
): boolean {
  if (text === undefined) return false;
  if (!isObject(argument)) return holds(text, String(argument));
  return holds(text.toLowerCase(), String(argument['equals-ignore-case']).toLowerCase());
}

function wildcard(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 's');
}

function numeric(comparisons: unknown[], value: number): boolean {
  for (let at = 0; at < comparisons.length; at += 2) {
    const wanted = Number(comparisons[at + 1]);
    const holds: Record<string, boolean> = {
      '=': value === wanted,
      '<': value < wanted,
      '<=': value <= wanted,
      '>': value > wanted,
      '>=': value >= wanted,
    };
    if (!holds[String(comparisons[at])]) return false;
  }
  return true;
}

/** Fields inside a list of objects match as if the list were one object with all their values. */
function merged(list: unknown[]): Fields {
  const all: Record<string, unknown[]> = {};
  for (const item of list.filter(isObject)) {
    for (const [name, value] of Object.entries(item)) {
      const values = all[name] ?? [];
      all[name] = values;
      values.push(...[value].flat());
    }
  }
  return all;
}
