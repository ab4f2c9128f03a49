import type { Effort } from './inclusion.ts';
import type { Item } from './item.ts';
import { isAll, meets, within } from './item.ts';

/** What an element is about: only what one of the patterns stands for, or everything but that. */
export interface Extent {
  readonly only: boolean;
  readonly items: readonly Item[];
}

/** One part of an extent, about which something is to be proven: one pattern, or all but some. */
export type Part = { readonly only: Item } | { readonly except: readonly Item[] };

/** The extent of Action/NotAction or Resource/NotResource; with neither, everything. `read` reads one. */
export function extentOf(
  only: readonly string[] | undefined,
  except: readonly string[] | undefined,
  read: (text: string) => Item,
): Extent {
  return { only: only !== undefined, items: (only ?? except ?? []).map(read) };
}

/** The parts that together are the extent. */
export function partsOf(extent: Extent): Part[] {
  return extent.only ? extent.items.map((only) => ({ only })) : [{ except: extent.items }];
}

/** Whether all of the part is proven to be in the extent. */
export function contains(extent: Extent, part: Part, effort: Effort): boolean {
  const { only, items } = extent;
  if (only) return items.some((outer) => ('only' in part ? within(outer, part.only, effort) : isAll(outer)));
  if ('only' in part) return !items.some((each) => meets(each, part.only, effort));
  return items.every((inner) => part.except.some((outer) => within(outer, inner, effort)));
}

/** Whether some of the part may be in the extent: false only when that is proven impossible. */
export function mayMeet(extent: Extent, part: Part, effort: Effort): boolean {
  const { only, items } = extent;
  if ('only' in part) {
    if (only) return items.some((each) => meets(each, part.only, effort));
    return !items.some((outer) => within(outer, part.only, effort));
  }
  return !only || items.some((each) => !part.except.some((outer) => within(outer, each, effort)));
}
