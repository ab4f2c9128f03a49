import type { Statement } from './statement.ts';

/** A statement beside its meaning. */
export interface Entry {
  readonly index: number;
  readonly written: Statement;
  readonly meant: Statement;
  readonly key: string;
}

/** A statement of each side that belong together, or one that has no partner. */
export interface Pair {
  readonly left?: Entry;
  readonly right?: Entry;
}

const mostCompared = 200;

/**
 * Pairs the statements that differ, so that a difference can be told element by element: those that mean the
 * same are left out (duplicates too), then the same Sid, then the most alike with the same effect.
 */
export function pairUp(left: readonly Entry[], right: readonly Entry[]): Pair[] {
  const leftOver = without(left, right);
  const rightOver = without(right, left);
  const pairs: Pair[] = [];
  const open = new Map(rightOver.map((each) => [each.index, each]));
  const bySid = new Map(
    rightOver.flatMap((each) => (each.meant.Sid ? [[each.meant.Sid, each] as const] : [])),
  );
  const loose: Entry[] = [];
  for (const one of leftOver) {
    const other = one.meant.Sid === undefined ? undefined : bySid.get(one.meant.Sid);
    if (other !== undefined && open.delete(other.index)) pairs.push({ left: one, right: other });
    else loose.push(one);
  }
  const elements = new Map([...loose, ...open.values()].map((each) => [each, elementsOf(each)]));
  for (const one of loose) {
    const other = mostAlike(one, open.values(), elements);
    if (other !== undefined) open.delete(other.index);
    pairs.push(other === undefined ? { left: one } : { left: one, right: other });
  }
  for (const other of open.values()) pairs.push({ right: other });
  return pairs.sort((a, b) => index(a) - index(b));
}

/** Those whose meaning the other side lacks, each meaning once. */
function without(entries: readonly Entry[], others: readonly Entry[]): Entry[] {
  const known = new Set(others.map((each) => each.key));
  return entries.filter((each) => !known.has(each.key) && known.add(each.key));
}

/** The first `mostCompared` are looked at, so that long policies take no longer than they must. */
function mostAlike(
  one: Entry,
  others: Iterable<Entry>,
  elements: ReadonlyMap<Entry, readonly string[]>,
): Entry | undefined {
  let best: { entry: Entry; score: number } | undefined;
  let compared = 0;
  for (const entry of others) {
    if (compared++ === mostCompared) break;
    if (entry.meant.Effect !== one.meant.Effect) continue;
    const known = elements.get(entry) ?? [];
    const score = (elements.get(one) ?? []).filter((each) => known.includes(each)).length;
    if (score > (best?.score ?? 0)) best = { entry, score };
  }
  return best?.entry;
}

/** The elements that make statements alike, each as text. */
function elementsOf({ meant }: Entry): string[] {
  const { Effect: _effect, Sid: _sid, ...rest } = meant;
  return Object.entries(rest).map((each) => JSON.stringify(each));
}

function index(pair: Pair): number {
  return (pair.left ?? pair.right)?.index ?? 0;
}
