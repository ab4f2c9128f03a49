import type { FleetDeps } from '../fleet/outcome.ts';
import type { Creator } from './creator.ts';

/** What the creation of accounts works with. */
export interface CreationDeps extends FleetDeps {
  readonly creator: Creator;
  readonly now: () => Date;
  /** When this run of the function ends: after that, nothing it began is still under way. */
  readonly until: Date;
}
