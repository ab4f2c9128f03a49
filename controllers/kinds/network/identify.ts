import { NAME_TAG, OWNER_TAG } from '../kind.ts';
import type { Tagged } from './actual.ts';
import type { Named } from './names.ts';

/** Whose things are looked for, and which ids earlier passes recorded. */
export interface Identity {
  readonly owner: string;
  readonly recorded: Readonly<Record<string, string>>;
}

/** True when it carries our owner tag. */
export function isOurs(thing: Tagged, owner: string): boolean {
  return thing.tags[OWNER_TAG] === owner;
}

/** True when another Orgkeeper keeps it: its owner tag is the id of another account. */
export function isAnothers(thing: Tagged, owner: string): boolean {
  const value = thing.tags[OWNER_TAG];
  return value !== undefined && value !== owner && /^\d{12}$/.test(value);
}

/**
 * Ours of that name among the candidates. The recorded id wins, even when its tags are gone; else the tags say it,
 * the first by `rank` (lower first) and then by id. `duplicates` are the others with these tags. What is recorded
 * under another name is neither: a tag changed by hand moves nothing.
 */
export function pick<T extends Tagged>(
  candidates: readonly T[],
  named: Named,
  { owner, recorded }: Identity,
  rank: (candidate: T) => number = () => 0,
): { readonly chosen: T | undefined; readonly duplicates: readonly T[] } {
  const elsewhere = new Set(
    Object.entries(recorded)
      .filter(([output]) => output !== named.output)
      .map(([, id]) => id),
  );
  const known = candidates.find(({ id }) => id === recorded[named.output]);
  const tagged = candidates
    .filter((one) => isOurs(one, owner) && one.tags[NAME_TAG] === named.logical && !elsewhere.has(one.id))
    .sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
  const chosen = known && !isAnothers(known, owner) ? known : tagged[0];
  return { chosen, duplicates: tagged.filter((one) => one !== chosen) };
}
