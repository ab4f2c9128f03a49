/** The effort that is left for a proof, in comparisons of a name or of a step of a pattern. */
export interface Effort {
  left: number;
}

/** Ends a proof when no effort is left. */
class Exhausted extends Error {}

/** Spends effort. If not enough is left, the proof ends here: see `attempt`. */
export function spend(effort: Effort, looks = 1): void {
  effort.left -= looks;
  if (effort.left < 0) throw new Exhausted('Too large to be proven.');
}

/** The result of a proof; undefined if it would take more effort than is left. */
export function attempt<T>(proof: () => T): T | undefined {
  try {
    return proof();
  } catch (error) {
    if (error instanceof Exhausted) return undefined;
    throw error;
  }
}

/** Proofs that took at least this effort are cached; smaller ones are repeated as fast. */
const worthRemembering = 20;

/** The proof with a cache, for as long as both sides are in memory. */
export function remembering<A extends object, B extends object>(
  proof: (one: A, other: B, effort: Effort) => boolean,
): (one: A, other: B, effort: Effort) => boolean {
  const known = new WeakMap<A, WeakMap<B, boolean>>();
  return (one, other, effort) => {
    const told = known.get(one)?.get(other);
    if (told !== undefined) {
      spend(effort);
      return told;
    }
    const before = effort.left;
    const holds = proof(one, other, effort);
    if (before - effort.left < worthRemembering) return holds;
    const of = known.get(one) ?? new WeakMap<B, boolean>();
    known.set(one, of.set(other, holds));
    return holds;
  };
}

/** The effort to compare a text: more for long texts. */
export function looksAt(text: string): number {
  return 1 + text.length / 64;
}
