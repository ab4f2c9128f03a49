import { createAccess } from '../../shared/aws/access.ts';
import { functionLogger } from '../../shared/aws/function-logger.ts';
import { mainClients } from '../../shared/aws/main-clients.ts';
import { reviewBucket } from '../../shared/aws/review-bucket.ts';
import { configFromEnvironment } from '../../shared/deployment/config.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { rememberBaselines } from '../engine/desired-state.ts';
import { kinds } from '../kinds/index.ts';
import { reviewHandler } from './review.ts';

const config = configFromEnvironment();
const main = mainClients(config);

/** The entry point of the Lambda function. */
export const handler = reviewHandler({
  config,
  main,
  bucket: reviewBucket(config),
  access: createAccess({ config, organizationRole: 'entering' }),
  kinds,
  loadBaseline: rememberBaselines(({ name, version }) => getBaseline(main.table, name, version)),
  logger: functionLogger('review'),
  now: () => new Date(),
});
