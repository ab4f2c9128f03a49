import type { z } from 'zod';

/** What zod found. */
export type Issues = Pick<z.ZodError, 'issues'>;

/** A value that fits a schema, or what is wrong with it. */
type Checked<T> =
  | { readonly success: true; readonly data: T; readonly error?: undefined }
  | { readonly success: false; readonly data?: undefined; readonly error: Issues };

/**
 * Checks a value from outside against a schema; problems come in plain words. Never throws: zod compares the `length` of
 * any value that has one, which throws a TypeError if that is an object without a primitive value.
 */
export function check<S extends z.ZodType>(schema: S, value: unknown): Checked<z.output<S>> {
  try {
    return schema.safeParse(value, { error: inPlainWords });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const path = oddlyMeasured(value, []) ?? [];
    const message = 'must not have a field `length` or `size` that is a group of fields';
    return { success: false, error: { issues: [{ code: 'custom', path, message, input: undefined }] } };
  }
}

/** The path of the first object whose length or size is an object. */
function oddlyMeasured(value: unknown, path: PropertyKey[]): PropertyKey[] | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const { length, size } = value as { length?: unknown; size?: unknown };
  if ([length, size].some((one) => one !== null && typeof one === 'object')) return path;
  for (const [key, item] of Object.entries(value)) {
    const found = oddlyMeasured(item, [...path, Array.isArray(value) ? Number(key) : key]);
    if (found) return found;
  }
  return undefined;
}

/**
 * zod's issues as plain sentences about the field. A schema's own message takes precedence. Pure.
 */
const inPlainWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? 'is missing'
        : `must be ${KINDS[issue.expected] ?? issue.expected}, not ${kindOf(issue.input)}`;
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'too_small':
      if (issue.minimum === 1 && MEASURES[issue.origin]) return 'must not be empty';
      return `must ${MEASURES[issue.origin]?.('at least', issue.minimum) ?? `be at least ${issue.minimum}`}`;
    case 'too_big':
      return `must ${MEASURES[issue.origin]?.('at most', issue.maximum) ?? `be at most ${issue.maximum}`}`;
    case 'invalid_format':
      return issue.pattern && issue.format === 'regex'
        ? `must match ${issue.pattern}`
        : `must be a valid ${FORMATS[issue.format] ?? issue.format}`;
    case 'invalid_key':
      return 'is not an allowed name';
    case 'invalid_union':
      return 'is not an allowed value';
    default:
      return undefined;
  }
};

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of fields',
  record: 'a group of fields',
};

const FORMATS: Readonly<Record<string, string>> = { email: 'email address', datetime: 'time, ISO 8601' };

const MEASURES: Readonly<Record<string, (bound: string, size: number | bigint) => string>> = {
  string: (bound, size) => `have ${bound} ${size} characters`,
  array: (bound, size) => `have ${bound} ${size} ${size === 1 ? 'entry' : 'entries'}`,
};

function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  return KINDS[Array.isArray(value) ? 'array' : typeof value] ?? typeof value;
}
