import { NAME_TAG, OWNER_TAG } from '../kind.ts';
import type { Whose } from './actual.ts';
import type { Parameter } from './section.ts';

/** Value of its name tag: a tag has 256 characters at most. */
export function nameTag(name: string): string {
  return name.slice(0, 256);
}

/**
 * The tags that are kept on a parameter; others stay. One that was there before carries no owner tag: it is kept, but
 * it is not ours to remove. Where somebody put our owner tag on one, its name tag tells that it is not ours: it is not
 * corrected.
 */
export function keptTags(
  parameter: Pick<Parameter, 'name' | 'tags'>,
  owner: string,
  whose: Whose,
): Record<string, string> {
  return {
    ...parameter.tags,
    ...(whose === 'lookalike' ? {} : { [NAME_TAG]: nameTag(parameter.name) }),
    ...(whose === 'ours' ? { [OWNER_TAG]: owner } : {}),
  };
}
