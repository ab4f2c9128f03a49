import type { AnyKind } from './kind.ts';

/**
 * What is recorded when a setting is taken over: what it was, as the outputs that say so. None of a kind that makes things,
 * and of a setting that was taken over before. Pure.
 *
 * What it was must be saved before it is changed, or a crash would lose it: where something differs, the run that takes the
 * setting over writes nothing, and the next one does.
 */
export function takenOver(
  { setting }: AnyKind,
  actual: unknown,
  recorded: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | undefined {
  if (!setting || actual === undefined || recorded[setting.output] !== undefined) return undefined;
  return { [setting.output]: setting.textOf(actual) };
}
