/** Gives the value of a `${…}` name, or undefined if it is not known (yet). */
export type Lookup = (name: string) => string | undefined;

const NAME = /\$\{([^${}]*)\}/g;

/** The `${…}` names in a text, in order, including repeats. */
export function namesIn(text: string): string[] {
  return [...text.matchAll(NAME)].map((match) => match[1] ?? '');
}

/**
 * The names in a text that `lookup` does not know. Only for a text as its author wrote it: after `interpolate`, values are data
 * and may themselves contain `${…}`.
 */
export function unknownIn(text: string, lookup: Lookup): string[] {
  return namesIn(text).filter((name) => lookup(name) === undefined);
}

/** Replaces each `${name}` that `lookup` knows, in one pass: values are data, never templates. Unknown names stay unchanged. */
export function interpolate(text: string, lookup: Lookup): string {
  return text.replaceAll(NAME, (whole, name: string) => lookup(name) ?? whole);
}

/** `interpolate` on every string (values, not keys) of a JSON-like value; returns a new value of the same shape. */
export function interpolateDeep<T>(value: T, lookup: Lookup): T {
  if (typeof value === 'string') return interpolate(value, lookup) as T;
  if (Array.isArray(value)) return value.map((item) => interpolateDeep(item, lookup)) as T;
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, interpolateDeep(item, lookup)]),
    ) as T;
  }
  return value;
}
