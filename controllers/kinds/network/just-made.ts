import { isMadeAt, madeAt, unanswered } from '../../../shared/domain/made-at.ts';
import type { KindContext } from '../kind.ts';
import type { Thing } from './model.ts';
import type { Named } from './resource.ts';

/** EC2 lists a new resource within seconds. A resource that EC2 does not list after this time does not exist any more. */
const SHOWS_WITHIN_MS = 60_000;

/** EC2 lists within minutes what an unanswered create call made. A resource that appears after a day is unowned. */
const SHOWS_AFTER_ALL_WITHIN_MS = 24 * 3_600_000;

type Memory = Pick<KindContext, 'recorded' | 'record' | 'now'>;

/** The outputs that record a new resource: its id and the time, so that the resource is not made twice. */
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
 * The outputs that record a create call that AWS may have carried out without an answer: the time, and the ids of the resources
 * that had these tags before the call.
 */
export function notAnswered(
  { output }: Named,
  before: readonly string[],
  { now }: Pick<KindContext, 'now'>,
): Record<string, string> {
  return { [unanswered(output)]: [now().toISOString(), ...before].join(' ') };
}

/** True of a resource that appeared after a create call without an answer: that call may have made it. */
export function isYoungerThanUnanswered(
  { output }: Named,
  id: string,
  memory: Omit<Memory, 'record'>,
): boolean {
  const [at = '', ...before] = (memory.recorded[unanswered(output)] ?? '').split(' ');
  return memory.now().getTime() - Date.parse(at) < SHOWS_AFTER_ALL_WITHIN_MS && !before.includes(id);
}

/** Removes the recorded times that are more than a minute ago. */
export function forgetOld(memory: Memory): void {
  const old = Object.entries(memory.recorded).filter(
    ([name, value]) => isMadeAt(name) && !isFresh(value, memory),
  );
  if (old.length > 0) memory.record(Object.fromEntries(old.map(([name]) => [name, undefined])));
}

function isFresh(made: string | undefined, { now }: Pick<KindContext, 'now'>): boolean {
  return now().getTime() - Date.parse(made ?? '') < SHOWS_WITHIN_MS;
}
