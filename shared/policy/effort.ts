/** How much may still be done for a proof, in looks at a name or a step of a pattern. */
export interface Effort {
  left: number;
}

/** Ends a proof, wherever it is, when there is no effort left for it. */
class Exhausted extends Error {}

/** Takes so many looks off what is left. When that is not enough, the proof ends here: see `attempt`. */
export function spend(effort: Effort, looks = 1): void {
  effort.left -= looks;
  if (effort.left < 0) throw new Exhausted('Too large to be proven.');
}

/** What a proof comes to; undefined when it would take more effort than there is. */
export function attempt<T>(proof: () => T): T | undefined {
  try {
    return proof();
  } catch (error) {
    if (error instanceof Exhausted) return undefined;
    throw error;
  }
}

/** A proof that took so many looks is remembered; one that took fewer is told anew as fast. */
const worthRemembering = 20;

/** The same proof, which tells what it has told before, for as long as both sides are there. */
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

/** How many looks it takes to compare a text: long ones take more. */
export function looksAt(text: string): number {
  return 1 + text.length / 64;
}
