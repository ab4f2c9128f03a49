import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';

/** A column is not made narrower: what has colours is shorter, and stays on one line. */
const NARROW = 12;
const GAP = 2;
/** cli-table3 compares each row with all before it, and a line of a cell with all its lines: it gets a few lines at a time. */
const FEW = 100;

const bare = { top: '', bottom: '', left: '', right: '', mid: '', middle: ' '.repeat(GAP) };
const corners = { 'top-mid': '', 'top-left': '', 'top-right': '', 'bottom-mid': '', 'bottom-left': '' };
const joints = { 'bottom-right': '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };

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

function inColumns(wrapped: readonly (readonly string[])[], colWidths: readonly number[]): string {
  const options = {
    chars: { ...bare, ...corners, ...joints },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colWidths: [...colWidths],
  };
  const lines = wrapped.flatMap(linesOf);
  const parts: string[] = [];
  for (let from = 0; from < lines.length; from += FEW) {
    const part = new Table(options);
    part.push(...lines.slice(from, from + FEW));
    parts.push(part.toString());
  }
  return parts
    .join('\n')
    .split('\n')
    .map((line) => line.trimEnd())
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

/** At least as wide as a terminal shows it: some characters take two places. */
function width(text: string): number {
  const plain = stripVTControlCharacters(text);
  return plain.length + (plain.match(/[\u1100-\uffff]/g)?.length ?? 0);
}

/** Lines of at most so many characters, broken between words where there are any. */
function wrap(text: string, most: number): string {
  if (width(text) <= most) return text;
  const line = new RegExp(`(?!.{1,${most}}$)(?:(.{1,${most}}) +|(.{${most}}))`, 'gu');
  return text.replaceAll(line, '$1$2\n');
}
