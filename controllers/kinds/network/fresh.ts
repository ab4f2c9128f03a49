import { isMadeAt, madeAt } from '../../../shared/made-at.ts';
import type { KindContext } from '../kind.ts';
import type { Tagged } from './actual.ts';
import type { Named } from './names.ts';

/** EC2 shows what was made within seconds, and not at once everywhere; what it does not show by then is gone. */
const SHOWS_WITHIN_MS = 60_000;

type Memory = Pick<KindContext, 'recorded' | 'record' | 'now'>;

/** Of what has just been made: its id, and for a minute when that was, so that it is not made twice. */
export function justMade(
  { output }: Named,
  id: string,
  { now }: Pick<KindContext, 'now'>,
): Record<string, string> {
  return { [output]: id, [madeAt(output)]: now().toISOString() };
}

/** The id of what was recorded as made within the last minute, where it is not among what EC2 shows. */
export function notShownYet({ output }: Named, shown: readonly Tagged[], memory: Memory): string | undefined {
  const id = memory.recorded[output];
  if (id === undefined || !isFresh(memory.recorded[madeAt(output)], memory)) return undefined;
  return shown.some((one) => one.id === id) ? undefined : id;
}

/** Forgets when things were made that had their minute. */
export function forgetOld(memory: Memory): void {
  const old = Object.entries(memory.recorded).filter(
    ([name, value]) => isMadeAt(name) && !isFresh(value, memory),
  );
  if (old.length > 0) memory.record(Object.fromEntries(old.map(([name]) => [name, undefined])));
}

function isFresh(made: string | undefined, { now }: Pick<KindContext, 'now'>): boolean {
  return now().getTime() - Date.parse(made ?? '') < SHOWS_WITHIN_MS;
}
