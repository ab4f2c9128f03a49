import { isDeepStrictEqual } from 'node:util';
import { cell } from '../shared/domain/escape.ts';
import type { Difference } from '../shared/domain/status.ts';
import { GLOBAL } from '../shared/domain/unit.ts';
import { counted } from '../shared/domain/words.ts';
import { blockDiff, type DiffLine, diffText, isObject, lacking } from './block-diff.ts';
import { colours, print } from './terminal.ts';

/** A row that may have a region; it names one if its account has several. */
interface Placed {
  readonly region?: string;
}

/** The column REGION, if any row names a region; a row without one is global. Pure. */
export function regionColumn(things: readonly Placed[]): {
  readonly head: readonly string[];
  cells(thing: Placed): readonly string[];
} {
  if (things.every(({ region }) => region === undefined)) return { head: [], cells: () => [] };
  return { head: ['REGION'], cells: ({ region }) => [region ?? GLOBAL] };
}

/**
 * Prints differences for people, as a block for each resource; never wrapped.
 * @param omitted the number of further differences, which nobody kept
 */
export function printDifferences(differences: readonly Difference[], omitted = 0): void {
  printDiff(blockDiff(differences));
  if (omitted > 0) print(`… and ${counted(omitted, 'further difference')}, which the table has no room for`);
}

/** Prints the lines of a diff, coloured on a terminal. */
export function printDiff(lines: readonly DiffLine[]): void {
  const c = colours();
  const paint = { '+': c.green, '-': c.red, '~': c.yellow, '!': c.dim, ' ': c.dim };
  for (const line of lines) print(paint[line.sign](diffText({ ...line, text: cell(line.text) })));
}

/**
 * A JSON value in a cell; a dash if absent. On a terminal, long documents are reduced to the parts that differ from the other
 * value.
 */
export function value(of: unknown, beside: unknown): string {
  if (of === undefined) return '–';
  const text = inJson(of);
  if (!process.stdout.isTTY || text.length + inJson(beside).length <= LONG) return text;
  return inJson(apart(of, beside));
}

/** Total length up to which two values are shown whole on a terminal. */
const LONG = 100;

function inJson(of: unknown): string {
  return cell(typeof of === 'string' ? of : (JSON.stringify(of) ?? ''));
}

/**
 * The parts of a JSON document that differ from another one, recursively. Returns the whole document if nothing is left, as when
 * only the order of a list differs. Pure.
 */
export function apart(of: unknown, beside: unknown): unknown {
  if (Array.isArray(of) && Array.isArray(beside)) {
    const own = lacking(of, beside);
    const others = lacking(beside, of);
    if (own.length === 0 && others.length === 0) return of;
    return own.length === others.length ? own.map((each, index) => apart(each, others[index])) : own;
  }
  if (!isObject(of) || !isObject(beside)) return of;
  const members = Object.entries(of).filter(([key, value]) => !isDeepStrictEqual(value, beside[key]));
  return Object.fromEntries(members.map(([key, value]) => [key, apart(value, beside[key])]));
}
