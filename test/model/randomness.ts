import { chance } from '../../local/gateway/seeded.ts';

/** Numbers from 0 to 1 that look random and are the same for the same seed, in this order. */
export function randomness(seed: number): () => number {
  let drawn = 0;
  return () => {
    drawn += 1;
    return chance(seed, drawn);
  };
}
