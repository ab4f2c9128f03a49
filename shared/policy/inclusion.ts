import { type Effort, looksAt, remembering, spend } from './effort.ts';
import {
  afterSymbol,
  closure,
  type Pattern,
  parsePattern,
  type Syntax,
  sameVariable,
  type Token,
  takes,
} from './pattern.ts';

/**
 * Compares the sets of texts that patterns match: two patterns (`includes`, `overlap`), patterns with their text (`within`, `meets`),
 * and the elements of a statement (`extentContains`, `mayMeet`). False means "not proven" for the first of each pair, and "proven
 * impossible" for the second.
 */

/** The maximum effort for one pair of patterns. */
const mostForOne = 2_000_000;
/** The effort for one position of a pattern, in comparisons of its text. */
const weight = 20;

/**
 * Whether `outer` matches every text that `inner` matches, for all values of variables. Exact except for variables, which only the
 * same variable or a `*` includes. False if that would take too long.
 *
 * Walks through `inner` step by step, with the set of positions that `outer` can be in after the same text.
 */
export function includes(outer: Pattern, inner: Pattern, effort: Effort): boolean {
  const start = commonStart(outer, inner);
  if (start === undefined) return false;
  const least = effort.left - mostForOne;
  spend(effort, start + outer.length);
  if (isSamePattern(outer, inner, start)) return true;
  const alphabet = alphabetOf(outer.slice(start));
  const seen = new Set<string>();
  const open: [number, ReadonlySet<number>][] = [[start, closure(outer, [start])]];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const [position, positions] = state;
    if (positions.size === 0) return false;
    const key = `${position}:${[...positions].sort((a, b) => a - b).join()}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const token = inner[position];
    if (token === undefined) {
      if (!positions.has(outer.length)) return false;
      continue;
    }
    if (token.kind === 'many') open.push([position + 1, positions]);
    const next = token.kind === 'many' ? position : position + 1;
    for (const symbol of symbols(token)) {
      spend(effort, weight * positions.size);
      if (effort.left < least) return false;
      open.push([next, afterSymbol(outer, positions, (each) => takesSymbol(each, symbol))]);
    }
  }
  return true;

  function symbols(token: Token): readonly Token[] {
    if (token.kind === 'char' || token.kind === 'variable') return [token];
    return alphabet.filter((char) => takes(token, char)).map((char) => ({ kind: 'char', char }));
  }
}

/** Whether some text may match both; a variable may be any text. True if that would take too long. */
export function overlap(one: Pattern, other: Pattern, effort: Effort): boolean {
  const start = commonStart(one, other);
  if (start === undefined) return false;
  const least = effort.left - mostForOne;
  spend(effort, start);
  const width = other.length + 1;
  const seen = new Set<number>();
  const open: [number, number][] = [[start, start]];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const [i, j] = state;
    if (seen.has(i * width + j)) continue;
    seen.add(i * width + j);
    spend(effort, weight);
    if (effort.left < least) return true;
    const [a, b] = [one[i], other[j]];
    if (a === undefined && b === undefined) return true;
    if (a !== undefined && repeats(a)) open.push([i + 1, j]);
    if (b !== undefined && repeats(b)) open.push([i, j + 1]);
    if (a === undefined || b === undefined || !meet(a, b)) continue;
    open.push([repeats(a) ? i : i + 1, repeats(b) ? j : j + 1]);
  }
  return false;
}

/** The number of plain characters that both begin with; undefined if they begin or end differently, as most pairs do. */
function commonStart(one: Pattern, other: Pattern): number | undefined {
  for (let back = 1; ; back++) {
    const [a, b] = [one.at(-back), other.at(-back)];
    if (a?.kind !== 'char' || b?.kind !== 'char') break;
    if (a.char !== b.char) return undefined;
  }
  for (let at = 0; ; at++) {
    const [a, b] = [one[at], other[at]];
    if (a?.kind !== 'char' || b?.kind !== 'char') return at;
    if (a.char !== b.char) return undefined;
  }
}

/** Whether both continue with the same tokens after the common beginning. */
function isSamePattern(one: Pattern, other: Pattern, from: number): boolean {
  if (one.length !== other.length) return false;
  return one.slice(from).every((a, index) => {
    const b = other[from + index];
    if (a.kind === 'char' || b?.kind === 'char')
      return b?.kind === 'char' && a.kind === 'char' && a.char === b.char;
    if (a.kind === 'variable') return b !== undefined && sameVariable(a, b);
    return b?.kind === a.kind && a.deep === b.deep;
  });
}

/** The literal characters of the pattern, the colon, and one character that represents all others. */
function alphabetOf(pattern: Pattern): string[] {
  const literals = new Set<string>();
  for (const token of pattern) if (token.kind === 'char') literals.add(token.char);
  let code = 'A'.charCodeAt(0);
  while (literals.has(String.fromCodePoint(code))) code++;
  return [...literals, ':', String.fromCodePoint(code)];
}

/** Whether a token matches a character, or any value of a variable. */
function takesSymbol(token: Token, symbol: Token): boolean {
  if (symbol.kind === 'char') return takes(token, symbol.char);
  return (token.kind === 'many' && token.deep) || sameVariable(token, symbol);
}

function repeats(token: Token): boolean {
  return token.kind === 'many' || token.kind === 'variable';
}

/** Whether one character matches both; every token except a literal matches some character other than a colon. */
function meet(a: Token, b: Token): boolean {
  if (a.kind === 'char' && b.kind !== 'variable') return takes(b, a.char);
  if (b.kind === 'char' && a.kind !== 'variable') return takes(a, b.char);
  return true;
}

/** A pattern with its text, and a summary that answers most questions about it. */
export interface PatternItem {
  readonly text: string;
  readonly pattern: Pattern;
  /** The plain characters at the beginning. */
  readonly start: string;
  /** The rest: nothing, one `*` that matches any text, or something else. */
  readonly rest: 'nothing' | 'anything' | 'more';
}

/** Parses a pattern. */
export function itemOf(text: string, syntax: Syntax): PatternItem {
  const pattern = parsePattern(text, syntax);
  let [start, at] = ['', 0];
  for (let token = pattern[at]; token?.kind === 'char'; token = pattern[++at]) start += token.char;
  const next = pattern[at];
  if (next === undefined) return { text, pattern, start, rest: 'nothing' };
  const all = next.kind === 'many' && next.deep && pattern.length === at + 1;
  return { text, pattern, start, rest: all ? 'anything' : 'more' };
}

/** Whether the pattern matches every text. */
function isAll(item: PatternItem): boolean {
  return item.start === '' && item.rest === 'anything';
}

/** Whether `outer` is proven to match every text that `inner` matches. */
export function within(outer: PatternItem, inner: PatternItem, effort: Effort): boolean {
  spend(effort, looksAt(outer.start));
  // A token that is not plain matches texts that continue differently, so no plain character includes it.
  if (!inner.start.startsWith(outer.start)) return false;
  if (outer.rest === 'nothing') return inner.rest === 'nothing' && inner.start === outer.start;
  return outer.rest === 'anything' || includes(outer.pattern, inner.pattern, effort);
}

/** Whether both may match the same text: false only if that is proven impossible. */
export function meets(one: PatternItem, other: PatternItem, effort: Effort): boolean {
  const [short, long] = one.start.length <= other.start.length ? [one, other] : [other, one];
  spend(effort, looksAt(short.start));
  if (!long.start.startsWith(short.start)) return false;
  if (short.rest === 'nothing' && long.rest === 'nothing') return short.start === long.start;
  return short.rest === 'anything' || overlap(one.pattern, other.pattern, effort);
}

/** Patterns, with an index of those without wildcards. */
interface Items {
  readonly all: readonly PatternItem[];
  readonly plain: ReadonlySet<string>;
  readonly wild: readonly PatternItem[];
  /** Whether one of them matches every text. */
  readonly everything: boolean;
}

/** The extent of an element: the texts that one of the patterns matches, or all other texts. */
export interface Extent {
  readonly only: boolean;
  readonly items: Items;
  /** What it is together. */
  readonly parts: readonly Part[];
}

/** One part of an extent, for a proof: one pattern, or all but some. */
export type Part = { readonly only: PatternItem } | { readonly except: Items };

/** The extent of Action/NotAction or Resource/NotResource; everything if there is neither. `read` parses one pattern. */
export function extentOf(
  only: readonly string[] | undefined,
  except: readonly string[] | undefined,
  read: (text: string) => PatternItem,
): Extent {
  const all = (only ?? except ?? []).map(read);
  const plain = new Set(all.filter((each) => each.rest === 'nothing').map((each) => each.start));
  const wild = all.filter((each) => each.rest !== 'nothing');
  const items = { all, plain, wild, everything: wild.some(isAll) };
  const parts = only === undefined ? [{ except: items }] : all.map((each) => ({ only: each }));
  return { only: only !== undefined, items, parts };
}

/** Whether the whole part is proven to be in the extent. */
export const extentContains = remembering(({ only, items }: Extent, part: Part, effort: Effort): boolean => {
  if ('only' in part)
    return only ? anyIncludes(items, part.only, effort) : !anyMeets(items, part.only, effort);
  if (only) return items.everything;
  return items.all.every((inner) => anyIncludes(part.except, inner, effort));
});

/** Whether some of the part may be in the extent: false only if that is proven impossible. */
export const mayMeet = remembering(({ only, items }: Extent, part: Part, effort: Effort): boolean => {
  if ('only' in part)
    return only ? anyMeets(items, part.only, effort) : !anyIncludes(items, part.only, effort);
  return !only || items.all.some((each) => !anyIncludes(part.except, each, effort));
});

function anyIncludes(items: Items, inner: PatternItem, effort: Effort): boolean {
  spend(effort, looksAt(inner.start));
  if (inner.rest === 'nothing' && items.plain.has(inner.start)) return true;
  return items.wild.some((outer) => within(outer, inner, effort));
}

function anyMeets(items: Items, one: PatternItem, effort: Effort): boolean {
  spend(effort, looksAt(one.start));
  if (one.rest !== 'nothing') return items.all.some((each) => meets(each, one, effort));
  return items.plain.has(one.start) || items.wild.some((each) => meets(each, one, effort));
}
