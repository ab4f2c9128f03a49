import { includes, overlap } from './inclusion.ts';
import type { Pattern, Syntax } from './pattern.ts';
import { parsePattern } from './pattern.ts';

/** A pattern beside its text. */
interface Item {
  readonly text: string;
  readonly pattern: Pattern;
}

/** What an element is about: only what one of the patterns stands for, or everything but that. */
export interface Extent {
  readonly only: boolean;
  readonly items: readonly Item[];
}

/** One part of an extent, about which something is to be proven: one pattern, or all but some. */
export type Part = { readonly only: Item } | { readonly except: readonly Item[] };

/** The extent of Action/NotAction or Resource/NotResource; with neither, everything. */
export function extentOf(
  only: readonly string[] | undefined,
  except: readonly string[] | undefined,
  syntax: Syntax & { readonly ignoreCase?: boolean },
): Extent {
  const items = (only ?? except ?? []).map((text) => ({
    text,
    pattern: parsePattern(syntax.ignoreCase ? text.toLowerCase() : text, syntax),
  }));
  return { only: only !== undefined, items };
}

/** The parts that together are the extent. */
export function partsOf(extent: Extent): Part[] {
  return extent.only ? extent.items.map((only) => ({ only })) : [{ except: extent.items }];
}

/** Whether all of the part is proven to be in the extent. */
export const contains = remembered((extent, part) => {
  if (extent.only)
    return extent.items.some((outer) => ('only' in part ? within(outer, part.only) : isAll(outer)));
  if ('only' in part) return !extent.items.some((each) => overlap(each.pattern, part.only.pattern));
  return extent.items.every((inner) => part.except.some((outer) => within(outer, inner)));
});

/** Whether some of the part may be in the extent: false only when that is proven impossible. */
export const mayMeet = remembered((extent, part) => {
  if (extent.only) {
    return extent.items.some((each) =>
      'only' in part
        ? overlap(each.pattern, part.only.pattern)
        : !part.except.some((outer) => within(outer, each)),
    );
  }
  return !('only' in part) || !extent.items.some((outer) => within(outer, part.only));
});

/** Each part is asked about once for every combination that it is in, and answered once. */
function remembered(
  answer: (extent: Extent, part: Part) => boolean,
): (extent: Extent, part: Part) => boolean {
  const known = new WeakMap<Extent, WeakMap<Part, boolean>>();
  return (extent, part) => {
    const ofExtent = known.get(extent) ?? new WeakMap<Part, boolean>();
    known.set(extent, ofExtent);
    const found = ofExtent.get(part) ?? answer(extent, part);
    ofExtent.set(part, found);
    return found;
  };
}

function within(outer: Item, inner: Item): boolean {
  return isAll(outer) || includes(outer.pattern, inner.pattern);
}

function isAll(item: Item): boolean {
  return item.text === '*';
}
