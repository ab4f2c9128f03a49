import { createRequire } from 'node:module';
import { stripVTControlCharacters } from 'node:util';

// Loading string-width takes as long as starting Node (it creates an Intl.Segmenter), and wrap-ansi loads it. Both are loaded only
// for a text that needs them; most fleets have none.
const require = createRequire(import.meta.url);

/** Minimum width of a column. Coloured texts are shorter, so they are never wrapped. */
const NARROW = 12;
const GAP = 2;

/** Rows in columns, without lines. No text is cut: texts that do not fit into `room` are wrapped. Pure. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], room: number): string {
  return pagedTable(head, room)(rows);
}

/** A table that is rendered one page at a time: only the first page has the head, and columns only become wider. */
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

/** Splits a row with cells of several lines into rows of one line. */
function linesOf(row: readonly string[]): string[][] {
  const cells = row.map((text) => text.split('\n'));
  const height = Math.max(1, ...cells.map((each) => each.length));
  return Array.from({ length: height }, (_, line) => cells.map((each) => each[line] ?? ''));
}

/** The maximum width of a column so that all columns fit into `room`. */
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

/** Wraps a text to a width, between words if possible. */
function wrap(text: string, most: number): string {
  if (width(text) <= most) return text;
  const { default: wrapAnsi } = require('wrap-ansi') as typeof import('wrap-ansi');
  return wrapAnsi(text, most, { hard: true });
}

/** Printable characters with a width of one, and the colours of terminal.ts, with none. */
const PLAIN = new RegExp(`^(?:[\\x20-\\x7e–→…]|${String.fromCharCode(27)}\\[\\d+m)*$`);

/** The width of a text on a terminal. */
function width(text: string): number {
  if (PLAIN.test(text)) return stripVTControlCharacters(text).length;
  const { default: stringWidth } = require('string-width') as typeof import('string-width');
  return stringWidth(text);
}
