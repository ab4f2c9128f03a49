import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pc from 'picocolors';
import type { AccountState } from '../shared/domain/account-view.ts';
import { cell, shellWord, visible } from '../shared/domain/escape.ts';
import type { PassResult } from '../shared/domain/status.ts';
import { pagedTable } from './table.ts';

/** Colours for stdout: none if it is not a terminal, or with NO_COLOR. */
export function colours(): ReturnType<typeof pc.createColors> {
  return pc.createColors(!!process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb');
}

/** Prints a line of the result on stdout. Only our own colours are not escaped: pass text from outside through `cell` first. */
export function print(text: string): void {
  process.stdout.write(`${forTerminal(text)}\n`);
}

/** Resolves once the reader of stdout has taken enough of what was printed for more to be printed: nothing piles up in memory. */
export async function flushed(): Promise<void> {
  if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
}

/** Prints a text unchanged, as a file with its last line ended; on a terminal, with invisible characters escaped. */
export function printText(text: string): void {
  const shown = process.stdout.isTTY ? visible(text) : text;
  process.stdout.write(shown.endsWith('\n') ? shown : `${shown}\n`);
}

/** The codes of `colours`. */
const COLOUR = new RegExp(`(${String.fromCharCode(27)}\\[(?:2|22|31|32|33|39)m)`);

/** Escapes everything but our own colours. */
function forTerminal(text: string): string {
  if (!colours().isColorSupported) return visible(text);
  return text
    .split(COLOUR)
    .map((part, at) => (at % 2 === 0 ? visible(part) : part))
    .join('');
}

/** Prints the result as JSON. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

/** A message for people: one sentence, or a sentence with lines below it. */
export type Told = string | { readonly sentence: string; readonly lines: readonly string[] };

/**
 * A message as printed: the sentence and each line below it stay on one line, with terminal escape sequences escaped, so that text
 * from outside cannot imitate a message of ours.
 */
export function inLines(told: Told): string {
  if (typeof told === 'string') return cell(told);
  return [cell(told.sentence), ...told.lines.map((line) => `  ${cell(line)}`)].join('\n');
}

/** Prints a message for people on stderr. */
export function say(told: Told): void {
  process.stderr.write(`${inLines(told)}\n`);
}

/** A text that contains our colours. Text from outside in it must be escaped already. */
export class Painted {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** A row of a table. Strings are printed as `cell` returns them. */
export type Row = readonly (string | Painted)[];

/** Prints a table without lines; on a terminal, no wider than it. */
export function printTable(head: readonly string[], rows: readonly Row[]): void {
  startTable(head)(rows);
}

/** Starts a table that is printed one page at a time. */
export function startTable(head: readonly string[]): (rows: readonly Row[]) => void {
  const { isTTY, columns } = process.stdout;
  const titles = head.map((title) => colours().dim(title));
  const page = pagedTable(titles, isTTY && columns ? columns : Number.POSITIVE_INFINITY);
  const shown = (content: string | Painted) => (typeof content === 'string' ? cell(content) : content.text);
  return (rows) => print(page(rows.map((row) => row.map(shown))));
}

/** Starts a JSON list that is printed one page at a time, with the format of `printJson`. */
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

/** How long ago a time is, in its largest unit: `5m`, `3h`, `12d`; a dash if there is none. Pure. */
export function age(iso: string | undefined, now: Date): string {
  if (iso === undefined) return '–';
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(iso)) / 1000));
  if (Number.isNaN(seconds)) return cell(iso);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

/** The text with at most so many characters, the last of them `…` if it is cut; whole if stdout is not a terminal. */
export function cut(text: string, most: number): string {
  const characters = [...text];
  if (!process.stdout.isTTY || characters.length <= most) return text;
  return `${characters.slice(0, most - 1).join('')}…`;
}

/** The state of an account, coloured on a terminal. */
export function paintState(state: AccountState): Painted {
  const c = colours();
  if (state === 'active') return new Painted(c.green(state));
  if (state === 'failed') return new Painted(c.red(state));
  return new Painted(state === 'pending' || state === 'paused' ? c.yellow(state) : c.dim(state));
}

/** `yes` or `no`, coloured on a terminal. */
export function paintReady(ready: boolean): Painted {
  return new Painted(ready ? colours().green('yes') : colours().yellow('no'));
}

/** The result of a run, coloured on a terminal; a dash if there was none. */
export function paintResult(result: PassResult | undefined): Painted {
  const c = colours();
  if (!result) return new Painted('–');
  if (result === 'failed') return new Painted(c.red(result));
  return new Painted(result === 'unchanged' ? c.green(result) : c.yellow(result));
}

/**
 * The command line as one shell word that works from any directory, for commands that are printed to be pasted. Not `npx`: the
 * name on the registry is not ours, so npx would run whatever somebody publishes under it.
 */
export const COMMAND = shellWord(fileURLToPath(new URL('./bin.mjs', import.meta.url)));
