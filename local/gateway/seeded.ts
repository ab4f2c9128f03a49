import { createHash } from 'node:crypto';

/**
 * A number from 0 to 1 (without 1) that looks random. The same seed and subject give the same number, in whatever order subjects come,
 * so that a failure by chance can be repeated.
 */
export function chance(seed: number, ...subject: readonly (string | number)[]): number {
  const hash = createHash('sha256').update(JSON.stringify([seed, ...subject]));
  return hash.digest().readUInt32BE(0) / 2 ** 32;
}

/** A function that returns how often it was called with a subject before: 0, 1, 2 … */
export function counting(): (subject: string) => number {
  const counts = new Map<string, number>();
  return (subject) => {
    const count = counts.get(subject) ?? 0;
    counts.set(subject, count + 1);
    return count;
  };
}
