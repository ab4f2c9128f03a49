import type { Effort } from './effort.ts';
import { looksAt, spend } from './effort.ts';
import { includes, overlap } from './inclusion.ts';
import type { Pattern, Syntax } from './pattern.ts';
import { parsePattern } from './pattern.ts';

/** A pattern beside its text, and what is enough to answer most questions about it. */
export interface Item {
  readonly text: string;
  readonly pattern: Pattern;
  /** The plain characters that it begins with. */
  readonly start: string;
  /** What follows them: nothing, one `*` that stands for anything, or more than that. */
  readonly rest: 'nothing' | 'anything' | 'more';
}

/** Reads a pattern. */
export function itemOf(text: string, syntax: Syntax): Item {
  const pattern = parsePattern(text, syntax);
  let [start, at] = ['', 0];
  for (let token = pattern[at]; token?.kind === 'char'; token = pattern[++at]) start += token.char;
  const next = pattern[at];
  if (next === undefined) return { text, pattern, start, rest: 'nothing' };
  const all = next.kind === 'many' && next.deep && pattern.length === at + 1;
  return { text, pattern, start, rest: all ? 'anything' : 'more' };
}

/** Whether it stands for everything there is. */
export function isAll(item: Item): boolean {
  return item.start === '' && item.rest === 'anything';
}

/** Whether `inner` is proven to stand for nothing that `outer` does not stand for too. */
export function within(outer: Item, inner: Item, effort: Effort): boolean {
  spend(effort, looksAt(outer.start));
  // What is not plain stands for texts that go on in different ways, so no plain character includes it.
  if (!inner.start.startsWith(outer.start)) return false;
  if (outer.rest === 'nothing') return inner.rest === 'nothing' && inner.start === outer.start;
  return outer.rest === 'anything' || includes(outer.pattern, inner.pattern, effort);
}

/** Whether both may stand for the same: false only when that is proven impossible. */
export function meets(one: Item, other: Item, effort: Effort): boolean {
  const [short, long] = one.start.length <= other.start.length ? [one, other] : [other, one];
  spend(effort, looksAt(short.start));
  if (!long.start.startsWith(short.start)) return false;
  if (short.rest === 'nothing' && long.rest === 'nothing') return short.start === long.start;
  return short.rest === 'anything' || overlap(one.pattern, other.pattern, effort);
}
