import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import type { Difference } from '../shared/domain/status.ts';

/**
 * What differs between two baselines as they were written: one difference for each top-level key (a section, `regions`, `name`);
 * comments and the order of keys do not count. Pure.
 * @param from text of a published baseline; what is not a mapping, as in a damaged item, counts as empty
 */
export function diffBaselines(from: string, to: string): Difference[] {
  const [before, after] = [keysOf(from), keysOf(to)];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => !isDeepStrictEqual(before[key], after[key]))
    .map((key) => {
      const [actual, desired] = [before[key], after[key]];
      const action = desired === undefined ? 'removed' : actual === undefined ? 'created' : 'updated';
      return {
        ...{ kind: key, resource: '', path: '', action },
        ...(actual !== undefined && { actual }),
        ...(desired !== undefined && { desired }),
      };
    });
}

function keysOf(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = parse(text);
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? { ...value } : {};
}
