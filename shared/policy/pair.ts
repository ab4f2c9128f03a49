import type { Statement } from './statement.ts';

/** A statement beside its meaning. */
export interface Entry {
  readonly index: number;
  readonly written: Statement;
  readonly meant: Statement;
  readonly key: string;
}

/** A statement of each side that belong together, or one that has no partner. */
interface Pair {
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
  for (const one of loose) {
    const other = mostAlike(one, [...open.values()].slice(0, mostCompared));
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

function mostAlike(one: Entry, others: readonly Entry[]): Entry | undefined {
  let best: { entry: Entry; score: number } | undefined;
  for (const entry of others) {
    const score = likeness(one, entry);
    if (score > (best?.score ?? 0)) best = { entry, score };
  }
  return best?.entry;
}

/** How many elements are equal; 0 when the effects differ or nothing but the effect is equal. */
function likeness(one: Entry, other: Entry): number {
  if (one.meant.Effect !== other.meant.Effect) return 0;
  const names = [
    'Principal',
    'NotPrincipal',
    'Action',
    'NotAction',
    'Resource',
    'NotResource',
    'Condition',
  ] as const;
  const equal = names.filter((name) => {
    const value = one.meant[name];
    return value !== undefined && JSON.stringify(value) === JSON.stringify(other.meant[name]);
  });
  return equal.length;
}

function index(pair: Pair): number {
  return (pair.left ?? pair.right)?.index ?? 0;
}
