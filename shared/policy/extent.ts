import type { Effort } from './effort.ts';
import { looksAt, remembering, spend } from './effort.ts';
import type { Item } from './item.ts';
import { isAll, meets, within } from './item.ts';

/** Patterns, of which those without wildcards are found without looking at each. */
export interface Items {
  readonly all: readonly Item[];
  readonly plain: ReadonlySet<string>;
  readonly wild: readonly Item[];
  /** Whether one of them stands for everything. */
  readonly everything: boolean;
}

/** What an element is about: only what one of the patterns stands for, or everything but that. */
export interface Extent {
  readonly only: boolean;
  readonly items: Items;
  /** What it is together. */
  readonly parts: readonly Part[];
}

/** One part of an extent, about which something is to be proven: one pattern, or all but some. */
export type Part = { readonly only: Item } | { readonly except: Items };

/** The extent of Action/NotAction or Resource/NotResource; with neither, everything. `read` reads one. */
export function extentOf(
  only: readonly string[] | undefined,
  except: readonly string[] | undefined,
  read: (text: string) => Item,
): Extent {
  const all = (only ?? except ?? []).map(read);
  const plain = new Set(all.filter((each) => each.rest === 'nothing').map((each) => each.start));
  const wild = all.filter((each) => each.rest !== 'nothing');
  const items = { all, plain, wild, everything: wild.some(isAll) };
  const parts = only === undefined ? [{ except: items }] : all.map((each) => ({ only: each }));
  return { only: only !== undefined, items, parts };
}

/** Whether all of the part is proven to be in the extent. */
export const contains = remembering(({ only, items }: Extent, part: Part, effort: Effort): boolean => {
  if ('only' in part)
    return only ? anyIncludes(items, part.only, effort) : !anyMeets(items, part.only, effort);
  if (only) return items.everything;
  return items.all.every((inner) => anyIncludes(part.except, inner, effort));
});

/** Whether some of the part may be in the extent: false only when that is proven impossible. */
export const mayMeet = remembering(({ only, items }: Extent, part: Part, effort: Effort): boolean => {
  if ('only' in part)
    return only ? anyMeets(items, part.only, effort) : !anyIncludes(items, part.only, effort);
  return !only || items.all.some((each) => !anyIncludes(part.except, each, effort));
});

function anyIncludes(items: Items, inner: Item, effort: Effort): boolean {
  spend(effort, looksAt(inner.start));
  if (inner.rest === 'nothing' && items.plain.has(inner.start)) return true;
  return items.wild.some((outer) => within(outer, inner, effort));
}

function anyMeets(items: Items, one: Item, effort: Effort): boolean {
  spend(effort, looksAt(one.start));
  if (one.rest !== 'nothing') return items.all.some((each) => meets(each, one, effort));
  return items.plain.has(one.start) || items.wild.some((each) => meets(each, one, effort));
}
