import { createAccess } from '../../shared/aws/access.ts';
import { functionLogger } from '../../shared/aws/function-logger.ts';
import { mainClients } from '../../shared/aws/main-clients.ts';
import { createOrganization } from '../../shared/aws/organization.ts';
import { configFromEnvironment } from '../../shared/deployment/config.ts';
import { createAccountHandler } from './create-account.ts';
import { createCreator } from './creator.ts';

const config = configFromEnvironment();
const access = createAccess({ config, organizationRole: 'creating' });

/** The entry point of the Lambda function. */
export const handler = createAccountHandler({
  config,
  main: mainClients(config),
  organization: createOrganization(config, access),
  creator: createCreator(config, access),
  logger: functionLogger('create-account'),
  now: () => new Date(),
});
