import { NAME_TAG, OWNER_TAG } from '../kind.ts';
import { isYoungerThanUnanswered } from './just-made.ts';
import {
  isMainTable,
  isThere,
  type Network,
  type NetworkActual,
  ofType,
  type TaggedAsOurs,
  type Thing,
  type ThingType,
  vpcIdOf,
} from './model.ts';
import { type Named, nameOf, type Resource, type Signs, wantedTags } from './resource.ts';

/** By what our resources are identified: the value of the owner tag, and the ids that earlier runs recorded. */
export interface Identity {
  readonly owner: string;
  readonly recorded: Readonly<Record<string, string>>;
  readonly now: () => Date;
}

type Tagged = Pick<Thing, 'id' | 'tags'>;

export function isOurs({ tags }: Pick<Tagged, 'tags'>, owner: string): boolean {
  return tags[OWNER_TAG] === owner;
}

/** True if another Orgkeeper manages the resource: its owner tag is the id of another Main account. */
export function isAnothers({ tags }: Pick<Tagged, 'tags'>, owner: string): boolean {
  const value = tags[OWNER_TAG];
  return value !== undefined && value !== owner && /^\d{12}$/.test(value);
}

/** True if the tag `Name` is the one that we set: people who copy our tags to their own resources change it. */
export function isNamed(
  { tags }: Pick<Tagged, 'tags'>,
  named: Pick<Named, 'logical'>,
  wanted: Pick<Network, 'owner' | 'tags'>,
): boolean {
  return [nameOf(named), wantedTags(wanted, named).Name].includes(tags.Name);
}

/**
 * Chooses our resource of a name among the candidates: the one with the recorded id, even if its tags are gone; else, of those
 * with our tags that are like what we make (`isLike`), the first by `rank` (lowest first), then by id. `others` are the
 * other candidates with these tags. A candidate recorded under another name is in neither: a tag changed by hand moves nothing.
 */
export function pick<T extends Tagged>(
  candidates: readonly T[],
  named: Pick<Named, 'logical' | 'output'>,
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

/**
 * Divides the resources that were read into ours, others with our tags, and others in our VPC. Pure.
 * @param resources the VPC first
 * @param things all resources that were read: of the region, and in each VPC that may be ours
 */
export function tellApart(
  resources: readonly Resource[],
  things: readonly Thing[],
  wanted: Network,
  identity: Identity,
): NetworkActual {
  const ours: Record<string, Thing> = {};
  const taggedAsOurs: TaggedAsOurs[] = [];
  const vpcId = () => Object.values(ours).find(({ type }) => type === 'vpc')?.id;
  for (const resource of resources) {
    const candidates = ofType(resource.type, things)
      .filter(isThere)
      .filter((one) => resource.standsIn === 'region' || vpcIdOf(one) === vpcId());
    for (const signs of resource.signs(wanted, things, vpcId())) {
      const { named } = signs;
      const isLike = (one: Thing) => isNamed(one, named, wanted) || (signs.isLike?.(one) ?? false);
      const { chosen, others } = pick(candidates, named, identity, isLike, (one) => signs.rank?.(one) ?? 0);
      if (chosen) ours[named.output] = chosen;
      for (const one of others) {
        const made = chosen !== undefined && isSecond(one, chosen, signs, wanted, identity);
        taggedAsOurs.push({ type: resource.type, id: one.id, logical: named.logical, made });
      }
    }
  }
  const inside = things.filter((one) => vpcId() !== undefined && vpcIdOf(one) === vpcId());
  const second = taggedAsOurs.filter(({ made }) => made);
  const known = new Set([...Object.values(ours), ...second].map(({ id }) => id));
  const others = inside.filter((one) => !known.has(one.id) && isThere(one) && !isMainTable(one));
  return { ours, others, inside, taggedAsOurs };
}

/** True of a resource that appeared after a create call without an answer, and is as that call makes it. */
function isSecond(
  one: Thing,
  kept: Thing,
  signs: Signs<Thing>,
  wanted: Network,
  identity: Identity,
): boolean {
  const { named } = signs;
  return (
    isYoungerThanUnanswered(named, one.id, identity) &&
    hasOurTagsOnly(one, named, wanted) &&
    signs.isAsMade(one, kept)
  );
}

function hasOurTagsOnly({ tags }: Tagged, named: Named, wanted: Network): boolean {
  const ours = Object.entries(wantedTags(wanted, named));
  return ours.length === Object.keys(tags).length && ours.every(([key, value]) => tags[key] === value);
}

/**
 * Ids of our resources of one type that are removed with the network, with duplicates and with those of an earlier baseline.
 * The latter must be recorded and carry our owner tag: the tag alone may be a copy. Pure.
 */
export function idsToRemove(
  type: ThingType,
  actual: NetworkActual,
  { owner, recorded }: Pick<Identity, 'owner' | 'recorded'>,
): string[] {
  const known = new Set(Object.values(recorded));
  return [
    ...ofType(type, Object.values(actual.ours)),
    ...ofType(type, actual.others).filter((one) => isOurs(one, owner) && known.has(one.id)),
    ...actual.taggedAsOurs.filter((one) => one.type === type && one.made),
  ].map(({ id }) => id);
}
