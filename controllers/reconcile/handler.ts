import { setTimeout as pause } from 'node:timers/promises';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { createAccess } from '../../shared/aws/access.ts';
import { functionLogger } from '../../shared/aws/function-logger.ts';
import { mainClients } from '../../shared/aws/main-clients.ts';
import { rememberOutages } from '../../shared/aws/outages.ts';
import { configFromEnvironment } from '../../shared/deployment/config.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { rememberBaselines } from '../engine/desired-state.ts';
import { kinds } from '../kinds/index.ts';
import { reconcileHandler } from './reconcile.ts';

const config = configFromEnvironment();
const main = mainClients(config);

/** The entry point of the Lambda function. */
export const handler = reconcileHandler({
  config,
  main,
  access: createAccess({ config, organizationRole: 'entering' }),
  outages: rememberOutages(),
  kinds,
  loadBaseline: rememberBaselines(({ name, version }) => getBaseline(main.table, name, version)),
  logger: functionLogger('reconcile'),
  metrics: new Metrics({ namespace: 'Orgkeeper', serviceName: 'reconcile' }),
  now: () => new Date(),
  pause,
});
