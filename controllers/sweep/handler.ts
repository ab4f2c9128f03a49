import { createAccess } from '../../shared/aws/access.ts';
import { functionLogger } from '../../shared/aws/function-logger.ts';
import { mainClients } from '../../shared/aws/main-clients.ts';
import { createOrganization } from '../../shared/aws/organization.ts';
import { configFromEnvironment } from '../../shared/deployment/config.ts';
import { sweepHandler } from './sweep.ts';

const config = configFromEnvironment();

/** The entry point of the Lambda function. */
export const handler = sweepHandler({
  config,
  main: mainClients(config),
  organization: createOrganization(config, createAccess({ config, organizationRole: 'reading' })),
  bucket: async () => (await import('../../shared/aws/review-bucket.ts')).reviewBucket(config),
  logger: functionLogger('sweep'),
  loadMetrics: async () => {
    const { Metrics } = await import('@aws-lambda-powertools/metrics');
    return new Metrics({ namespace: 'Orgkeeper', serviceName: 'sweep' });
  },
  now: () => new Date(),
});
