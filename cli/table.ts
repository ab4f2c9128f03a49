import { createRequire } from 'node:module';
import { stripVTControlCharacters } from 'node:util';

// Loading string-width takes as long as loading Node itself (it makes an Intl.Segmenter), and wrap-ansi loads it: they
// are loaded for the first text that needs them, which most fleets never have.
const require = createRequire(import.meta.url);

/** A column is not made narrower: what has colours is shorter, and stays on one line. */
const NARROW = 12;
const GAP = 2;

/** Rows in columns, without lines. Nothing is cut: what does not fit into `room` is wrapped. Pure. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], room: number): string {
  return pagedTable(head, room)(rows);
}

/** A table that is made a page at a time: the head stands above the first, and columns only become wider. */
export function pagedTable(
  head: readonly string[],
  room: number,
): (rows: readonly (readonly string[])[]) => string {
  let first = true;
  let known: number[] = [];
  return (rows) => {
    const all = first && head.length > 0 ? [head, ...rows] : rows;
    first = false;
    const natural = widths(all, known);
    const wide = widest(natural, room);
    const wrapped = all.map((row) => row.map((text) => wrap(text, wide)));
    known = widths(wrapped, known);
    return inColumns(wrapped, known);
  };
}

function inColumns(wrapped: readonly (readonly string[])[], widths: readonly number[]): string {
  const between = ' '.repeat(GAP);
  const padded = (text: string, column: number) =>
    text + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(text)));
  return wrapped
    .flatMap(linesOf)
    .map((line) => line.map(padded).join(between).trimEnd())
    .join('\n');
}

/** A row of which every cell is one line, for each line of its longest cell. */
function linesOf(row: readonly string[]): string[][] {
  const cells = row.map((text) => text.split('\n'));
  const height = Math.max(1, ...cells.map((each) => each.length));
  return Array.from({ length: height }, (_, line) => cells.map((each) => each[line] ?? ''));
}

/** How wide a column may be for all of them to fit. */
function widest(columns: readonly number[], room: number): number {
  const gaps = GAP * (columns.length - 1);
  const needed = (most: number) => columns.reduce((sum, width) => sum + Math.min(width, most), gaps);
  let most = Math.max(NARROW, ...columns);
  while (most > NARROW && needed(most) > room) most -= 1;
  return most;
}

/** The width of each column, at least as `known`. */
function widths(rows: readonly (readonly string[])[], known: readonly number[]): number[] {
  const columns = [...known];
  for (const row of rows) {
    for (const [column, text] of row.entries()) {
      for (const line of text.split('\n')) columns[column] = Math.max(columns[column] ?? 1, width(line));
    }
  }
  return columns;
}

/** Lines of at most so many places, broken between words, and within a word that is longer than that. */
function wrap(text: string, most: number): string {
  if (width(text) <= most) return text;
  const { default: wrapAnsi } = require('wrap-ansi') as typeof import('wrap-ansi');
  return wrapAnsi(text, most, { hard: true });
}

/** Printable characters that take one place each, and the colours of terminal.ts, which take none. */
const PLAIN = new RegExp(`^(?:[\\x20-\\x7e–→…]|${String.fromCharCode(27)}\\[\\d+m)*$`);

/** Places that a text takes on a terminal. */
function width(text: string): number {
  if (PLAIN.test(text)) return stripVTControlCharacters(text).length;
  const { default: stringWidth } = require('string-width') as typeof import('string-width');
  return stringWidth(text);
}
