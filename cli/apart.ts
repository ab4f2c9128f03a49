import { isDeepStrictEqual } from 'node:util';

/**
 * What of a JSON document is not in the one beside it: the members that differ, each again only where it differs.
 * The whole of it where nothing is left, as when only the order of a list differs. Pure.
 */
export function apart(of: unknown, beside: unknown): unknown {
  if (Array.isArray(of) && Array.isArray(beside)) {
    const own = lacking(of, beside);
    const others = lacking(beside, of);
    if (own.length === 0 && others.length === 0) return of;
    return own.length === others.length ? own.map((each, index) => apart(each, others[index])) : own;
  }
  if (!isObject(of) || !isObject(beside)) return of;
  const members = Object.entries(of).filter(([key, value]) => !isDeepStrictEqual(value, beside[key]));
  return Object.fromEntries(members.map(([key, value]) => [key, apart(value, beside[key])]));
}

function lacking(of: readonly unknown[], other: readonly unknown[]): unknown[] {
  return of.filter((each) => !other.some((one) => isDeepStrictEqual(one, each)));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
