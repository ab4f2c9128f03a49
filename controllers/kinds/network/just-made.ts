import { isMadeAt, madeAt, unanswered } from '../../../shared/domain/made-at.ts';
import type { KindContext } from '../kind.ts';
import type { Thing } from './model.ts';
import type { Named } from './resource.ts';

/** EC2 lists a new resource within seconds, but not everywhere at once. What it does not list after this time is gone. */
const SHOWS_WITHIN_MS = 60_000;

/** What an unanswered create made shows within minutes. A resource that turns up after a day is somebody else's. */
const SHOWS_AFTER_ALL_WITHIN_MS = 24 * 3_600_000;

type Memory = Pick<KindContext, 'recorded' | 'record' | 'now'>;

/** What is recorded of a resource that was just made: its id, and when, so that it is not made twice. */
export function justMade(
  { output }: Named,
  id: string,
  { now }: Pick<KindContext, 'now'>,
): Record<string, string> {
  return { [output]: id, [madeAt(output)]: now().toISOString() };
}

/** The id that was recorded within the last minute, if EC2 does not list it yet; else undefined. */
export function notShownYet({ output }: Named, shown: readonly Thing[], memory: Memory): string | undefined {
  const id = memory.recorded[output];
  if (id === undefined || !isFresh(memory.recorded[madeAt(output)], memory)) return undefined;
  return shown.some((one) => one.id === id) ? undefined : id;
}

/**
 * Of a create that AWS may have carried out without an answer: when it was sent, and the ids of those that carried
 * these tags before.
 */
export function notAnswered(
  { output }: Named,
  before: readonly string[],
  { now }: Pick<KindContext, 'now'>,
): Record<string, string> {
  return { [unanswered(output)]: [now().toISOString(), ...before].join(' ') };
}

/** True of a resource that turned up after a create that nobody answered: we may have made it. */
export function isYoungerThanUnanswered(
  { output }: Named,
  id: string,
  memory: Omit<Memory, 'record'>,
): boolean {
  const [at = '', ...before] = (memory.recorded[unanswered(output)] ?? '').split(' ');
  return memory.now().getTime() - Date.parse(at) < SHOWS_AFTER_ALL_WITHIN_MS && !before.includes(id);
}

/** Forgets when resources were made, once that is a minute ago. */
export function forgetOld(memory: Memory): void {
  const old = Object.entries(memory.recorded).filter(
    ([name, value]) => isMadeAt(name) && !isFresh(value, memory),
  );
  if (old.length > 0) memory.record(Object.fromEntries(old.map(([name]) => [name, undefined])));
}

function isFresh(made: string | undefined, { now }: Pick<KindContext, 'now'>): boolean {
  return now().getTime() - Date.parse(made ?? '') < SHOWS_WITHIN_MS;
}
