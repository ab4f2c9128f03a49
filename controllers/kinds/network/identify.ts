import { NAME_TAG, OWNER_TAG } from '../kind.ts';
import type { Tagged } from './actual.ts';
import { type Named, nameOf, VPC, wantedTags } from './names.ts';
import type { Network } from './render.ts';

/** Whose things are looked for, and which ids earlier passes recorded. */
export interface Identity {
  readonly owner: string;
  readonly recorded: Readonly<Record<string, string>>;
  readonly now: () => Date;
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

/** True when its `Name` is the one that we give, too: people who copy our tags onto things of theirs leave it out. */
export function isNamed({ tags }: Tagged, named: Named, wanted: Pick<Network, 'owner' | 'tags'>): boolean {
  return [nameOf(named), wantedTags(wanted, named).Name].includes(tags.Name);
}

/** True of a VPC with our tags that is ours although nothing was recorded. */
export function isOurVpc(vpc: Tagged & { readonly cidr: string }, wanted: Network): boolean {
  if (!isOurs(vpc, wanted.owner) || vpc.tags[NAME_TAG] !== VPC.logical) return false;
  return vpc.cidr === wanted.cidr || isNamed(vpc, VPC, wanted);
}

/**
 * Ours of that name among the candidates. The recorded id wins, even when its tags are gone; else the tags say it of
 * those that are like what we make (`isLike`), the first by `rank` (lower first) and then by id. `others` are the
 * others with these tags. What is recorded under another name is neither: a tag changed by hand moves nothing.
 */
export function pick<T extends Tagged>(
  candidates: readonly T[],
  named: Named,
  { owner, recorded }: Pick<Identity, 'owner' | 'recorded'>,
  isLike: (candidate: T) => boolean,
  rank: (candidate: T) => number = () => 0,
): { readonly chosen: T | undefined; readonly others: readonly T[] } {
  const elsewhere = new Set(
    Object.entries(recorded)
      .filter(([output]) => output !== named.output)
      .map(([, id]) => id),
  );
  const known = candidates.find(({ id }) => id === recorded[named.output]);
  const tagged = candidates
    .filter((one) => isOurs(one, owner) && one.tags[NAME_TAG] === named.logical && !elsewhere.has(one.id))
    .sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
  const chosen = known && !isAnothers(known, owner) ? known : tagged.find(isLike);
  return { chosen, others: tagged.filter((one) => one !== chosen) };
}
