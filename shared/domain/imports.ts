import { z } from 'zod';
import { namesIn } from './interpolate.ts';

/**
 * Facts that accounts publish for each other: a baseline exports them by name (`exports`), and a section of another account's
 * baseline uses the values of all accounts that export the name, as `${imports.<name>}`.
 */

/** The name of an export. Many accounts may export the same name. */
export const ExportName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'the name of an export is lower-case letters, digits and dashes');

/** The most names that a baseline may export, and the most that it may import: all are saved in one transaction. */
export const MOST_NAMES = 20;

/**
 * The value of an export: an ARN, an id, a name. Neither wildcard nor `${…}`, because importers put it into policies, where it must
 * mean one thing only.
 */
export const ExportedValue = z
  .string()
  .regex(/^[\w+=,.@:/-]{1,1024}$/, 'an exported value is an ARN, an id or a name, without wildcards');

/** The `${…}` names, beside outputs of kinds, that an export may use: nothing that a request chooses. */
export const NAMES_TO_EXPORT: readonly string[] = ['account.id', 'partition', 'region'];

/**
 * Why an account must not export a value; undefined if it may. An account speaks for itself only: it exports neither an ARN nor an id
 * of another account. Pure.
 */
export function whyNotExported(value: string, accountId: string): string | undefined {
  if (!ExportedValue.safeParse(value).success)
    return 'an exported value is an ARN, an id or a name, without wildcards';
  const named = value.startsWith('arn:') ? value.split(':')[4] : /^\d{12}$/.exec(value)?.[0];
  if (named && named !== accountId) return `${value} belongs to account ${named}`;
  return undefined;
}

const IMPORT = /^imports\.(.*)$/s;

/** The export that a `${…}` name refers to: `lake-readers` for `imports.lake-readers`; undefined for any other name. Pure. */
export function exportOf(name: string): string | undefined {
  return IMPORT.exec(name)?.[1];
}

/** The export that a text refers to if it consists of one import: `${imports.lake-readers}`. Pure. */
export function importNameOf(text: string): string | undefined {
  const [name] = namesIn(text);
  return name !== undefined && text === `\${${name}}` ? exportOf(name) : undefined;
}

/** The exports that a JSON-like value refers to, sorted, each once. Pure. */
export function importsIn(value: unknown): string[] {
  if (typeof value === 'string') return namesIn(value).flatMap((name) => exportOf(name) ?? []);
  if (value === null || typeof value !== 'object') return [];
  return [...new Set(Object.values(value).flatMap(importsIn))].sort();
}

/** The values of each export, by its name. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/**
 * The value with each list element that is an import replaced by its values, which become elements of the list: sorted, each once. An
 * import without values stays as it is, so that no list ever becomes empty by it. Pure.
 */
export function withImports<T>(value: T, imports: Imports): T {
  if (Array.isArray(value)) return value.flatMap((item) => elements(item, imports)) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withImports(item, imports)]),
  ) as T;
}

function elements(item: unknown, imports: Imports): readonly unknown[] {
  const name = typeof item === 'string' ? importNameOf(item) : undefined;
  const values = name === undefined ? [] : (imports.get(name) ?? []);
  return values.length > 0 ? [...new Set(values)].sort() : [withImports(item, imports)];
}
