import { type Command, InvalidArgumentError } from 'commander';
import type { UnreadableItem } from '../shared/domain/errors.ts';
import type { Page } from '../shared/store/item.ts';
import type { Span } from '../shared/store/table.ts';
import { timeOf, wholeNumber } from './arguments.ts';
import { say } from './terminal.ts';
import { sayUnreadable } from './unreadable.ts';

/** The options of a list that is shown newest first. */
export interface LatestOptions extends Span {
  readonly limit: number;
}

/** Adds the options of a list that is shown newest first. */
export function withLatestOptions(command: Command, what: string, limit: number): Command {
  return command
    .option('--since <time>', 'not before: 24h, 7d, 2027-01-31 or 2027-01-31T12:00:00Z', timeBack)
    .option('--before <time>', 'older than this time, or than the line that the last call ended with', cursor)
    .option('--limit <n>', `maximum number of ${what}`, wholeNumber, limit);
}

const UNITS: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** Parser of a time that is over: how long ago (`24h`), a day or a time; an ISO time. */
export function timeBack(text: string, _before?: unknown, now = Date.now()): string {
  const [, number, unit = ''] = /^(\d{1,6})([mhdw])$/.exec(text) ?? [];
  const seconds = Number(number) * (UNITS[unit] ?? Number.NaN);
  const time = new Date(Number.isNaN(seconds) ? timeOf(text) : now - seconds * 1000);
  // A key compares as text, and years of more digits or below zero do not.
  if (!(time.getTime() >= 0)) throw new InvalidArgumentError('It is too long ago.');
  return time.toISOString();
}

/** Parser of a time, or of the key of a line, which begins with one. */
function cursor(text: string): string {
  const at = text.indexOf('#');
  if (at < 0) return timeBack(text);
  timeOf(text.slice(0, at));
  return text;
}

/** The newest of a list, and whether older ones are left; says which cannot be read. */
export async function takeLatest<T>(
  pages: AsyncGenerator<Page<T>>,
  limit: number,
): Promise<{ readonly items: readonly T[]; readonly isMore: boolean }> {
  const items: T[] = [];
  const unreadable: UnreadableItem[] = [];
  for await (const page of pages) {
    items.push(...page.items);
    unreadable.push(...page.unreadable);
    if (items.length > limit) break;
  }
  sayUnreadable(unreadable);
  return { items: items.slice(0, limit), isMore: items.length > limit };
}

/** Says how older lines are shown, if there are any. */
export function sayMore(isMore: boolean, cursor: string | undefined): void {
  if (isMore && cursor !== undefined) say(`Older ones: add --before '${cursor}'.`);
}
