import type { Main } from '../../shared/aws/main-clients.ts';
import type { Organization } from '../../shared/aws/organization.ts';
import type { Config } from '../../shared/deployment/config.ts';

/** What a task of the sweep function works with. */
export interface SweepDeps {
  readonly config: Config;
  readonly main: Main;
  readonly organization: Organization;
  /** True while there is time for another page; a task that runs out of it sends itself the rest. */
  readonly timeLeft: () => boolean;
  /** When this function is stopped at the latest. */
  readonly until: Date;
}
