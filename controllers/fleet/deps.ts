import type { Main } from '../../shared/aws/main-clients.ts';
import type { Organization } from '../../shared/aws/organization.ts';
import type { Config } from '../../shared/deployment/config.ts';

/** What intake works with: the deployment, its own things in Main, and the organization. */
export interface IntakeDeps {
  readonly config: Config;
  readonly main: Main;
  readonly organization: Organization;
}
