/** A check cannot look, since what it looks through is missing; another check says so. */
export class Unseen extends Error {
  override readonly name = 'Unseen';
}
