import { NAME_TAG, OWNER_TAG } from './kind.ts';

/** How many a condition names: it is stored with every status. */
const MOST = 10;

/**
 * Of things that carry our tags and that Orgkeeper did not make, such as copies of the tags of ours: one warning for
 * all of them, none where there are none. Pure.
 */
export function taggedLikeOurs(things: readonly string[]): string[] {
  if (things.length === 0) return [];
  const more = things.length > MOST ? ` and ${things.length - MOST} more` : '';
  return [
    `TaggedLikeOurs: ${things.slice(0, MOST).join(', ')}${more} ${things.length === 1 ? 'carries' : 'carry'} the tags ` +
      'of what Orgkeeper makes, is not known to be made by it, and stays; ' +
      `take the tags ${OWNER_TAG} and ${NAME_TAG} off, or delete it if nobody uses it`,
  ];
}
