import { type Lookup, namesIn } from '../../../shared/domain/interpolate.ts';

/**
 * The name of the import that an element of a list stands for, if no account exports it: such an element is nobody. Undefined for all
 * else. Pure.
 */
export function missingImport(element: unknown, lookup: Lookup): string | undefined {
  if (typeof element !== 'string' || !/^\$\{imports\.[^${}]+\}$/.test(element)) return undefined;
  return namesIn(element).find((name) => lookup(name) === undefined);
}
