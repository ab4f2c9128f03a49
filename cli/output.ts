import Table from 'cli-table3';
import pc from 'picocolors';
import type { AccountState } from '../shared/account-view.ts';
import type { Difference, PassResult } from '../shared/status.ts';

/** Colours for what goes to stdout: none unless it is a terminal, and none with NO_COLOR. */
export function colours(): ReturnType<typeof pc.createColors> {
  return pc.createColors(!!process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb');
}

/** Prints a line of the answer itself. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints the answer for scripts. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

/** Says something to the person, beside the answer: on stderr. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A table without lines, for people. Long cells are cut, and nothing in them can steer a terminal. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const bare = { top: '', bottom: '', left: '', right: '', mid: '', middle: '  ' };
  const corners = { 'top-mid': '', 'top-left': '', 'top-right': '', 'bottom-mid': '', 'bottom-left': '' };
  const joints = { 'bottom-right': '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
  const table = new Table({
    head: head.map((title) => colours().dim(title)),
    chars: { ...bare, ...corners, ...joints },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((row) => [...row]));
  print(
    table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n'),
  );
}

/** Text for a cell: on one line, without control characters, at most `width` long. */
export function cell(text: string, width = 48): string {
  const plain = text.replaceAll(/\p{Cc}+/gu, ' ');
  return plain.length <= width ? plain : `${plain.slice(0, width - 1)}…`;
}

/** `2026-03-04 05:06:07Z`: a time to the second. */
export function time(iso: string | undefined): string {
  return iso ? iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z') : '–';
}

/** A JSON value in a cell; what is not there is a dash. */
function value(of: unknown): string {
  if (of === undefined) return '–';
  return cell(typeof of === 'string' ? of : JSON.stringify(of));
}

export function paintState(state: AccountState): string {
  const c = colours();
  if (state === 'active') return c.green(state);
  if (state === 'failed') return c.red(state);
  return state === 'pending' || state === 'paused' ? c.yellow(state) : c.dim(state);
}

export function paintReady(ready: boolean): string {
  return ready ? colours().green('yes') : colours().yellow('no');
}

export function paintResult(result: PassResult | undefined): string {
  const c = colours();
  if (!result) return '–';
  if (result === 'failed') return c.red(result);
  return result === 'unchanged' ? c.green(result) : c.yellow(result);
}

/** Differences for people: where, from what to what, and what was done about it. */
export function printDifferences(differences: readonly Difference[]): void {
  const rows = differences.map(({ kind, resource, path, desired, actual, action }) => [
    cell(kind, 16),
    cell(resource, 56),
    cell(path, 40),
    `${value(actual)} → ${value(desired)}`,
    action,
  ]);
  printTable(['KIND', 'RESOURCE', 'PATH', 'ACTUAL → DESIRED', 'ACTION'], rows);
}
