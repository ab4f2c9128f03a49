import type { z } from 'zod';

/**
 * zod's issues as plain sentences about the field, for `safeParse(value, { error: inPlainWords })`. A schema's own message takes
 * precedence. Pure.
 */
export const inPlainWords: z.core.$ZodErrorMap = (issue) => {
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
