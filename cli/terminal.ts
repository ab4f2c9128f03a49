import { fileURLToPath } from 'node:url';
import pc from 'picocolors';
import type { AccountState } from '../shared/domain/account-view.ts';
import { shellWord, visible } from '../shared/domain/escape.ts';
import type { PassResult } from '../shared/domain/status.ts';
import { pagedTable } from './table.ts';

/** Colours for what goes to stdout: none unless it is a terminal, and none with NO_COLOR. */
export function colours(): ReturnType<typeof pc.createColors> {
  return pc.createColors(!!process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb');
}

/** Prints a line of the answer itself. Of what steers a terminal only our colours reach it: `cell` first what came from outside. */
export function print(text: string): void {
  process.stdout.write(`${forTerminal(text)}\n`);
}

/** Prints a text that somebody wrote: to the letter, but on a terminal. */
export function printText(text: string): void {
  process.stdout.write(`${process.stdout.isTTY ? visible(text) : text}\n`);
}

/** The codes of `colours`. */
const COLOUR = new RegExp(`(${String.fromCharCode(27)}\\[(?:2|22|31|32|33|39)m)`);

/** What came from outside, escaped; what we painted, as it is. */
function forTerminal(text: string): string {
  if (!colours().isColorSupported) return visible(text);
  return text
    .split(COLOUR)
    .map((part, at) => (at % 2 === 0 ? visible(part) : part))
    .join('');
}

/** Prints the answer for scripts. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

/** A sentence for a person, alone or with lines below it. */
export type Told = string | { readonly sentence: string; readonly lines: readonly string[] };

/**
 * As it is shown: the sentence and each line below it stay one line, and nothing in them can steer a terminal. A text
 * from outside cannot look like a sentence of ours.
 */
export function inLines(told: Told): string {
  if (typeof told === 'string') return cell(told);
  return [cell(told.sentence), ...told.lines.map((line) => `  ${cell(line)}`)].join('\n');
}

/** Says something to the person, beside the answer: on stderr. */
export function say(told: Told): void {
  process.stderr.write(`${inLines(told)}\n`);
}

/** A text in our colours, or with such a part. What of it came from outside is escaped before. */
export class Painted {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** A row of a table. Every text in it is shown as `cell` shows it. */
export type Row = readonly (string | Painted)[];

/** A table without lines, for people: as wide as it needs to be, and on a terminal no wider than that. */
export function printTable(head: readonly string[], rows: readonly Row[]): void {
  startTable(head)(rows);
}

/** Begins a table that is printed a page at a time. */
export function startTable(head: readonly string[]): (rows: readonly Row[]) => void {
  const { isTTY, columns } = process.stdout;
  const titles = head.map((title) => colours().dim(title));
  const page = pagedTable(titles, isTTY && columns ? columns : Number.POSITIVE_INFINITY);
  const shown = (content: string | Painted) => (typeof content === 'string' ? cell(content) : content.text);
  return (rows) => print(page(rows.map((row) => row.map(shown))));
}

/** Begins a list for scripts that is printed a page at a time, as `printJson` prints it whole. */
export function startJsonList(): { add(values: readonly unknown[]): void; end(): void } {
  let isEmpty = true;
  return {
    add(values) {
      for (const value of values) {
        const text = visible(JSON.stringify(value, undefined, 2)).replaceAll('\n', '\n  ');
        process.stdout.write(`${isEmpty ? '[' : ','}\n  ${text}`);
        isEmpty = false;
      }
    },
    end: () => print(isEmpty ? '[]' : '\n]'),
  };
}

/** Text for a cell: on one line, and nothing in it can steer a terminal. */
export function cell(text: string): string {
  return visible(text.replaceAll(/\s*[\t\n\v\f\r]\s*/g, ' '));
}

/** `2026-03-04 05:06:07Z`: a time to the second. */
export function time(iso: string | undefined): string {
  return iso ? iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z') : '–';
}

/** The state of an account, coloured on a terminal. */
export function paintState(state: AccountState): Painted {
  const c = colours();
  if (state === 'active') return new Painted(c.green(state));
  if (state === 'failed') return new Painted(c.red(state));
  return new Painted(state === 'pending' || state === 'paused' ? c.yellow(state) : c.dim(state));
}

/** Whether it is ready, in a word, coloured on a terminal. */
export function paintReady(ready: boolean): Painted {
  return new Painted(ready ? colours().green('yes') : colours().yellow('no'));
}

/** The result of a pass, coloured on a terminal; a dash when there was none. */
export function paintResult(result: PassResult | undefined): Painted {
  const c = colours();
  if (!result) return new Painted('–');
  if (result === 'failed') return new Painted(c.red(result));
  return new Painted(result === 'unchanged' ? c.green(result) : c.yellow(result));
}

/** `1 pass`, `2 passes`: how many, in words; `many` where it is not `one` with an s. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/**
 * The command line as one word for a shell that works from any directory: in what is printed to be pasted. The package
 * has no name of ours in the registry, from which npx would run whatever somebody publishes under it.
 */
export const COMMAND = shellWord(fileURLToPath(new URL('./bin.mjs', import.meta.url)));
