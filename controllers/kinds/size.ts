import type { AnyKind } from './kind.ts';

/**
 * The most outputs of an account, in all its regions together. Its status names each of them and is one item of the table, of at most
 * 400 KB: compressed, 10,000 with names of any form take less than half of it. Ten such accounts also fit into the memory of one invocation.
 */
export const MOST_OUTPUTS = 10_000;

/** A section, and what says how many outputs it has. */
interface Sized {
  readonly kind: Pick<AnyKind, 'name' | 'scope' | 'outputNames' | 'unnamedOutputs'>;
  readonly section: unknown;
}

/**
 * Why sections are too large for an account in so many regions, and the largest of them; undefined if they are not. Pure.
 */
export function sizeProblem(
  sections: readonly Sized[],
  regions: number,
): { readonly kind: string; readonly message: string } | undefined {
  const counts = sections.map(({ kind, section }) => ({
    name: kind.name,
    count:
      (kind.outputNames(section).length + (kind.unnamedOutputs?.(section) ?? 0)) *
      (kind.scope === 'regional' ? regions : 1),
  }));
  const all = counts.reduce((sum, { count }) => sum + count, 0);
  const [largest] = counts.toSorted((one, other) => other.count - one.count);
  if (!largest || all <= MOST_OUTPUTS) return undefined;
  const where = regions === 1 ? 'in one region' : `in ${regions} regions`;
  const message =
    `an account would have ${all} parameters and other outputs ${where}, and may have ${MOST_OUTPUTS}: ` +
    'name fewer, or list fewer regions';
  return { kind: largest.name, message };
}
