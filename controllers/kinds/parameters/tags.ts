import { NAME_TAG, OWNER_TAG } from '../kind.ts';
import type { ActualParameter } from './actual.ts';
import type { Parameter } from './section.ts';

/**
 * The tags that are kept on a parameter; others stay. One that was there before carries no owner tag: it is kept, but
 * it is not ours to remove.
 */
export function keptTags(
  parameter: Pick<Parameter, 'name' | 'tags'>,
  owner: string,
  whose: ActualParameter['whose'],
): Record<string, string> {
  return {
    ...parameter.tags,
    [NAME_TAG]: parameter.name.slice(0, 256),
    ...(whose === 'ours' ? { [OWNER_TAG]: owner } : {}),
  };
}
