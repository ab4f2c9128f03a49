import { fileURLToPath } from 'node:url';
import pc from 'picocolors';
import type { AccountState } from '../shared/domain/account-view.ts';
import type { PassResult } from '../shared/domain/status.ts';
import { shellWord, visible } from '../shared/domain/visible.ts';
import { Failure } from './failure.ts';
import { pagedTable } from './table.ts';

/** Colours for what goes to stdout: none unless it is a terminal, and none with NO_COLOR. */
export function colours(): ReturnType<typeof pc.createColors> {
  return pc.createColors(!!process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb');
}

/** Prints a line of the answer itself. Of what steers a terminal only our own colours reach it. */
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

/** Says something to the person, beside the answer: on stderr. Nothing in it can steer a terminal. */
export function say(text: string): void {
  process.stderr.write(`${visible(text)}\n`);
}

/** A table without lines, for people: as wide as it needs to be, and on a terminal no wider than that. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  startTable(head)(rows);
}

/** Begins a table that is printed a page at a time. */
export function startTable(head: readonly string[]): (rows: readonly (readonly string[])[]) => void {
  const { isTTY, columns } = process.stdout;
  const titles = head.map((title) => colours().dim(title));
  const page = pagedTable(titles, isTTY && columns ? columns : Number.POSITIVE_INFINITY);
  return (rows) => print(page(rows));
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
export function paintState(state: AccountState): string {
  const c = colours();
  if (state === 'active') return c.green(state);
  if (state === 'failed') return c.red(state);
  return state === 'pending' || state === 'paused' ? c.yellow(state) : c.dim(state);
}

/** Whether it is ready, in a word, coloured on a terminal. */
export function paintReady(ready: boolean): string {
  return ready ? colours().green('yes') : colours().yellow('no');
}

/** The result of a pass, coloured on a terminal; a dash when there was none. */
export function paintResult(result: PassResult | undefined): string {
  const c = colours();
  if (!result) return '–';
  if (result === 'failed') return c.red(result);
  return result === 'unchanged' ? c.green(result) : c.yellow(result);
}

/** Asks a person; no is the answer to Enter. @throws Failure where nobody can answer */
export async function agreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new Failure(`${question} stdin is not a terminal; pass --yes to confirm.`);
  }
  const { default: confirm } = await import('@inquirer/confirm');
  return confirm({ message: visible(question), default: false }, { output: process.stderr });
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
