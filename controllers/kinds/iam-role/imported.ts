import { importNameOf } from '../../../shared/domain/imports.ts';
import type { Lookup } from '../../../shared/domain/interpolate.ts';

/**
 * The name of the import that an element of a list stands for, if no account exports it: such an element is nobody. Undefined for all
 * else. Pure.
 */
export function missingImport(element: unknown, lookup: Lookup): string | undefined {
  const exported = typeof element === 'string' ? importNameOf(element) : undefined;
  const name = `imports.${exported}`;
  return exported !== undefined && lookup(name) === undefined ? name : undefined;
}
