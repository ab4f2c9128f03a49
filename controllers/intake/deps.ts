import type { Main } from '../../shared/aws/main-clients.ts';
import type { Config } from '../../shared/config.ts';
import type { Organization } from '../../shared/organization.ts';

/** What intake works with: the deployment, its own things in Main, and the organization. */
export interface IntakeDeps {
  readonly config: Config;
  readonly main: Main;
  readonly organization: Organization;
}
