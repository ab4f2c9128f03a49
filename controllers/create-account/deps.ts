import type { IntakeDeps } from '../fleet/deps.ts';
import type { Creator } from './creator.ts';

/** What the creation of accounts works with. */
export interface CreationDeps extends IntakeDeps {
  readonly creator: Creator;
  readonly now: () => Date;
  /** When this run of the function ends: after that, nothing it began is still under way. */
  readonly until: Date;
}
